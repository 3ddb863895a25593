//! The target of the imaginary directory: refuses what it does not take, and hands the rest to the simulated server.

use super::DIRECTORY;
use crate::sim::client::Client;
use secrecy::ExposeSecret as _;
use std::collections::BTreeSet;
use std::time::Duration;
use userferry::identity::DirectoryUser;
use userferry::password::detect;
use userferry::target::{Created, Fault, Later, Reply, Target, Wanted};
use userferry::user::{IdKind, User};

/// Users in one create.
pub(super) const MOST: usize = 7;
/// Users in one lookup.
pub(super) const LOOKUP: usize = 3;

pub(super) struct Imaginary {
    client: Client,
}

impl Imaginary {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }
}

/// What the directory would refuse, whoever it is that asks.
fn inspect(users: &[User]) {
    assert!((1..=MOST).contains(&users.len()), "{} users in one request", users.len());
    let scheme = |user: &User| {
        user.password.as_ref().map(|password| detect(password.expose_secret()).as_str())
    };
    let schemes: BTreeSet<_> = users.iter().map(scheme).collect();
    assert_eq!(schemes.len(), 1, "passwords of several schemes in one request: {schemes:?}");
    let mut logins = BTreeSet::new();
    for user in users {
        assert_eq!(user.identifiers.get(IdKind::ExternalId), None);
        for (name, _) in &user.fields {
            assert!(DIRECTORY.schema.field(name).is_some(), "{name}");
        }
        let login = user.identifiers.get(IdKind::Username).unwrap().to_lowercase();
        assert!(logins.insert(login), "two users of one login in one request");
    }
}

impl Target for Imaginary {
    fn probe(&self) -> Later<'_, Reply<Result<(), Fault>>> {
        self.client.probe()
    }

    fn create<'a>(&'a self, users: &'a [User]) -> Later<'a, Reply<Created>> {
        inspect(users);
        self.client.create(users)
    }

    fn find<'a>(
        &'a self,
        wanted: &'a [Wanted],
        pace: Duration,
    ) -> Later<'a, Reply<Result<Vec<Vec<DirectoryUser>>, Fault>>> {
        assert!(wanted.len() <= LOOKUP, "{} users in one lookup", wanted.len());
        self.client.find(wanted, pace)
    }
}
