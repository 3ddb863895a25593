//! What a refusal says, before it is known what was asked for.

use std::fmt;

/// An answer that does not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub class: RefusalClass,
    pub code: Code,
    /// The provider's own words, or ours where it has none.
    pub message: String,
}

impl Refusal {
    pub(super) fn new(class: RefusalClass, code: Code, message: impl Into<String>) -> Self {
        Self { class, code, message: message.into() }
    }

    /// Whether there is only an HTTP status: the target itself has said nothing.
    pub(super) fn is_of_http(&self) -> bool {
        match self.code {
            Code::Http(_) => true,
            Code::Provider(_) | Code::GraphQl => false,
        }
    }
}

/// What a refusal means: the classes of the table of codes, and what the HTTP status alone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusalClass {
    /// The directory has such a user.
    Duplicate,
    /// The data must change.
    Rejected,
    /// Too often.
    Throttled,
    /// The token is out of date.
    StaleToken,
    /// The server cannot decrypt with its key.
    StaleKey,
    /// Busy; may or may not have worked.
    Busy,
    /// Nobody of that name: for lookups.
    NoSuchUser,
    /// The caller may not do this.
    Permission,
    /// The target refuses to work; the text says what to do.
    Halt(&'static str),
    /// Refused, and no known code says why.
    Unexplained,
    /// An answer that is none of this API's, and no word of a server in trouble: another program's, or
    /// a gateway's that knows no such place. The message quotes nothing of it.
    Foreign,
    /// No readable answer.
    Unreadable,
}

/// What names a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// The provider's.
    Provider(u32),
    /// Ours, for want of the provider's: the HTTP status.
    Http(u16),
    /// Ours, for GraphQL errors that are plain text.
    GraphQl,
}

impl Code {
    /// Forbidden, said by HTTP or as a code.
    pub(super) fn is_403(self) -> bool {
        match self {
            Self::Provider(code) => code == 403,
            Self::Http(status) => status == 403,
            Self::GraphQl => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(code) => write!(f, "{code}"),
            Self::Http(status) => write!(f, "http-{status}"),
            Self::GraphQl => f.write_str("graphql"),
        }
    }
}
