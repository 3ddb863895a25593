//! What a provider takes in one request.

use super::Limits;
use crate::password::detect;
use crate::schema::{Fold, Schema};
use crate::user::User;
use secrecy::ExposeSecret as _;
use std::fmt;
use std::sync::Arc;

/// Only users of one key go into one request; none where the provider takes any together.
pub type BatchKey = Option<String>;

/// What a provider makes of a user.
type OfUser<T> = Arc<dyn Fn(&User) -> T + Send + Sync>;

/// What a provider takes in one request, and how it counts.
#[derive(Clone)]
pub struct Batching {
    /// Users in one request, at most; at least 1.
    pub most: usize,
    /// Users in one lookup, at most; at least 1.
    pub lookup: usize,
    /// Bytes of the users in one request, at most, as [`User::bytes`] counts them. One user is always sent.
    pub max_bytes: usize,
    /// Its limits, and a stated rate, count users and not requests.
    pub counts_users: bool,
    /// Which users it takes in one request.
    pub key: OfUser<BatchKey>,
    /// What it tells users by, each in the form in which equal ones are the same user to it.
    pub folded: OfUser<Vec<String>>,
}

impl Batching {
    pub(super) fn new(limits: Limits, schema: &'static Schema) -> Self {
        let by_scheme = |user: &User| {
            user.password.as_ref().map(|it| detect(it.expose_secret()).as_str().to_owned())
        };
        let folded = |user: &User| -> Vec<String> {
            let fold = |(kind, id): (_, &str)| {
                let folds = schema.identifier(kind).is_some_and(|field| field.folds == Fold::Case);
                format!("{kind:?}:{}", if folds { id.to_lowercase() } else { id.to_owned() })
            };
            user.identifiers.iter().map(fold).collect()
        };
        Self {
            most: limits.batch.max(1),
            lookup: limits.lookup.max(1),
            max_bytes: limits.bytes,
            counts_users: limits.counts_users,
            key: if limits.one_scheme { Arc::new(by_scheme) } else { Arc::new(|_| None) },
            folded: Arc::new(folded),
        }
    }

    /// Up to so many users of any kind in one request, whose identifiers are told apart without regard to case.
    pub fn of(most: usize, lookup: usize) -> Self {
        let folded = |user: &User| -> Vec<String> {
            let fold = |(kind, id): (_, &str)| format!("{kind:?}:{}", id.to_lowercase());
            user.identifiers.iter().map(fold).collect()
        };
        Self {
            most: most.max(1),
            lookup: lookup.max(1),
            max_bytes: usize::MAX,
            counts_users: false,
            key: Arc::new(|_| None),
            folded: Arc::new(folded),
        }
    }
}

impl fmt::Debug for Batching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batching")
            .field("most", &self.most)
            .field("lookup", &self.lookup)
            .field("max_bytes", &self.max_bytes)
            .field("counts_users", &self.counts_users)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::authing::V2;
    use crate::user::{IdKind, Identifiers};

    fn user(email: &str, name: &str, password: &str) -> User {
        let mut identifiers = Identifiers::default();
        identifiers.set(IdKind::Email, email);
        identifiers.set(IdKind::Username, name);
        let password = (!password.is_empty()).then(|| password.to_owned().into());
        User { password, identifiers, ..User::default() }
    }

    fn batching(one_scheme: bool) -> Batching {
        Batching::new(Limits { one_scheme, ..V2.usual_limits() }, &V2.schema)
    }

    #[test]
    fn users_are_the_same_where_the_provider_takes_a_name_of_both_for_the_same() {
        let folded = batching(false).folded;
        let is_same = |one: &User, other: &User| {
            let names = folded(other);
            folded(one).iter().any(|name| names.contains(name))
        };
        let one = user("Li@example.com", "li", "");
        assert!(is_same(&one, &user("li@EXAMPLE.com", "wang", "")), "e-mail is folded");
        assert!(is_same(&one, &user("wang@example.com", "li", "")));
        assert!(!is_same(&one, &user("wang@example.com", "LI", "")), "user names are not");
        assert!(!is_same(&one, &user("li", "li@example.com", "")), "of another kind");
    }

    #[test]
    fn only_where_hashes_must_be_alike_do_their_schemes_tell_users_apart() {
        let bcrypt = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        let (hashed, plain) = (user("a@b.cd", "a", bcrypt), user("b@b.cd", "b", "correct horse"));
        let (any, alike) = (batching(false).key, batching(true).key);
        assert_eq!(any(&hashed), any(&plain));
        assert_ne!(alike(&hashed), alike(&plain));
        assert_eq!(alike(&hashed), alike(&user("c@b.cd", "c", bcrypt)));
    }
}
