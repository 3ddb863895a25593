//! Providers: what a directory is, as data, and how to reach it. Mapping, checks, settings, commands and help ask
//! the descriptor; none of them knows a provider by name. To add one, add its folder and its line in [`ALL`].

pub mod authing;
mod batching;
mod own;

pub use batching::{BatchKey, Batching};
pub use own::{Flag, Form, Own, Setting, Value};

use crate::clock::Clock;
use crate::error::Result;
use crate::password::guard::Each;
use crate::schema::Schema;
use crate::target::{Target, http};
use crate::user::IdKind;
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;

/// The providers that Userferry knows.
pub static ALL: &[&Provider] = &[DEFAULT];

/// The one that is meant where nothing names another.
pub static DEFAULT: &Provider = &authing::V2;

/// What a directory is.
///
/// Its names live as long as the program: those of a provider that is described while the program runs
/// are leaked once (`Box::leak`), for a run has one provider.
pub struct Provider {
    /// The word in the settings (`kind`), in the job table and on the command line.
    pub name: &'static str,
    /// For people, e.g. `Authing's V2 API`.
    pub title: &'static str,
    /// The fields of a user.
    pub schema: Schema,
    pub passwords: Passwords,
    /// What it takes in one request, by its own settings.
    pub limits: fn(&Own) -> Limits,
    pub abilities: &'static [Ability],
    pub host: Host,
    pub secret: Secret,
    /// The headers in which a reply may say the id of the request, in lower case.
    pub request_id: &'static [&'static str],
    /// The lines of `[target]` that `init` writes, each with a line of explanation.
    pub template: &'static str,
    /// What stands in `[mapping]` where nothing else is written, and `init` writes: comments with examples of its
    /// fields, then rules; no rule where no columns are usual.
    pub mapping: &'static str,
    /// The settings under `[target]` that only this provider has.
    pub settings: &'static [Setting],
    /// Makes a target; nothing is sent yet.
    pub connect: &'static (dyn Fn(Connection) -> Result<Arc<dyn Target>> + Sync),
}

/// Where a provider is reached.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// An address such as `https://core.authing.cn`, for messages.
    pub example: &'static str,
    /// The host where none is set, if the provider's own settings say which.
    pub default: fn(&Own) -> Option<&'static str>,
    /// The variable of the environment that the vendor's own tools use.
    pub env: &'static str,
}

/// What a provider lets us in with.
#[derive(Clone, Copy, Debug)]
pub struct Secret {
    /// The variable of the environment that holds it.
    pub env: &'static str,
    /// Whose it is, for people: `the user pool`.
    pub of: &'static str,
}

/// What a provider takes in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Users in one create.
    pub batch: usize,
    /// Users in one lookup.
    pub lookup: usize,
    /// Bytes of the users of one create, about.
    pub bytes: usize,
    /// Its limits, and a stated rate, count users and not requests.
    pub counts_users: bool,
    /// The hashes of one create are of one scheme.
    pub one_scheme: bool,
}

impl Limits {
    /// Requests in flight, unless it is set: not more than 4,000 users are on their way at once.
    pub fn width(self) -> usize {
        const WIDTH: usize = 32;
        const IN_HAND: usize = 4_000;
        (IN_HAND / (2 * self.batch.max(1))).clamp(1, WIDTH)
    }
}

/// What Userferry can ask of a provider besides creating users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Finding users by an identifier of this kind.
    FindBy(IdKind),
    /// Changing fields of a user.
    Update,
    /// Deleting users.
    Delete,
}

impl Ability {
    /// The word of `provider list`.
    pub fn word(self) -> &'static str {
        match self {
            Self::FindBy(IdKind::ExternalId) => "find-by-external-id",
            Self::FindBy(IdKind::Email) => "find-by-email",
            Self::FindBy(IdKind::Phone) => "find-by-phone",
            Self::FindBy(IdKind::Username) => "find-by-username",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// The passwords that a provider takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// Those of a table are all hashes, of any scheme, which it stores as they are, or all plain text, which it
    /// hashes: the setting `keep_password` says which.
    AllAlike,
    /// Each for itself: hashes of these schemes, and plain text, which it hashes.
    Each(Each),
}

impl Passwords {
    /// The words of `provider list`.
    pub fn forms(self) -> Vec<&'static str> {
        match self {
            Self::AllAlike => vec!["any-hash", "plain-text"],
            Self::Each(Each { schemes, plain }) => {
                let plain = plain.then_some("plain-text");
                schemes.iter().map(|scheme| scheme.as_str()).chain(plain).collect()
            }
        }
    }
}

/// How a run reaches its target.
#[derive(Debug)]
pub struct Connection {
    pub http: http::Settings,
    /// The provider's own settings, each of the form that its descriptor asks for.
    pub own: Own,
    pub secret: SecretString,
    /// Passwords are hashes, to be stored as they are; of a provider whose passwords are [`Passwords::AllAlike`].
    pub keep_password: bool,
    pub clock: Clock,
}

impl Provider {
    /// One of its own settings.
    pub fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// The setting that a flag sets.
    pub fn flagged(&self, flag: &str) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| setting.flag.is_some_and(|it| it.name == flag))
    }

    /// What a run cannot do without and `init` cannot know: the names of settings.
    pub fn required(&self) -> Vec<&'static str> {
        let default = (self.host.default)(&Own::defaults(self.settings));
        let host = default.is_none().then_some("host");
        let own = self.settings.iter().filter(|setting| setting.is_required);
        host.into_iter().chain(own.map(|setting| setting.name)).collect()
    }

    /// The words of `provider list` for what can be asked of it besides creating one user.
    pub fn can(&self) -> Vec<&'static str> {
        let batch = (self.usual_limits().batch > 1).then_some("batch");
        batch.into_iter().chain(self.abilities.iter().map(|it| it.word())).collect()
    }

    /// What it takes in one request where nothing is set.
    pub fn usual_limits(&self) -> Limits {
        (self.limits)(&Own::defaults(self.settings))
    }

    /// What goes into one request where nothing is set.
    pub fn batching(&'static self) -> Batching {
        self.batching_within(self.usual_limits())
    }

    /// What goes into one request.
    pub fn batching_within(&'static self, limits: Limits) -> Batching {
        Batching::new(limits, &self.schema)
    }
}

/// The provider of this name among some.
pub fn named(among: &[&'static Provider], name: &str) -> Option<&'static Provider> {
    among.iter().find(|provider| provider.name == name).copied()
}

/// Which names are known, for the hint of an error.
pub fn known(among: &[&'static Provider]) -> String {
    let names: Vec<String> = among.iter().map(|it| format!("\"{}\"", it.name)).collect();
    format!("known: {}; 'userferry provider list' describes them", names.join(", "))
}

impl Eq for Provider {}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What a word of the vocabulary means would be two fields otherwise, or a field and the password.
    #[test]
    fn the_fields_of_a_provider_have_names_and_meanings_of_their_own() {
        for provider in ALL {
            let schema = &provider.schema;
            let names = schema.fields.iter().map(|field| field.name).chain([schema.password_field]);
            let means = schema.fields.iter().map(|field| field.means).chain(["password"]);
            let means: Vec<&str> = means.filter(|word| !word.is_empty()).collect();
            assert_eq!(names.clone().collect::<BTreeSet<_>>().len(), names.count());
            assert_eq!(means.iter().collect::<BTreeSet<_>>().len(), means.len());
        }
    }
}
