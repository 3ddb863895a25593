//! Lookups: users by identifiers of one kind, many in one request.

use super::V2;
use super::read::{Failed, Read};
use crate::identity::DirectoryUser;
use crate::job::Halt;
use crate::provider::authing::refusal::RefusalClass;
use crate::provider::authing::reply;
use crate::target::{Fault, Told, Wanted};
use crate::user::{IdKind, same};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Ids in one lookup, at most (code 2030 beyond).
pub const LOOKUP: usize = 80;

impl V2 {
    /// For each wanted one all users that share an identifier with it.
    pub(super) async fn look_up(
        &self,
        wanted: &[Wanted],
        pace: Duration,
    ) -> Result<(Told, Vec<Vec<DirectoryUser>>), Failed> {
        let mut users: Vec<DirectoryUser> = Vec::new();
        let mut latest = Told::default();
        for (i, (kind, ids)) in questions(wanted).into_iter().enumerate() {
            if i > 0 {
                tokio::time::sleep(pace).await;
            }
            let (told, found) = self.batch(kind, &ids).await?;
            users.extend(found);
            latest = told;
        }
        Ok((latest, share_out(wanted, &users)))
    }

    /// All users that have one of these identifiers of one kind.
    pub(super) async fn batch(
        &self,
        kind: IdKind,
        ids: &[&str],
    ) -> Result<(Told, Vec<DirectoryUser>), Failed> {
        let token = self.token().await?;
        let ty = match kind {
            IdKind::ExternalId => "externalId",
            IdKind::Email => "email",
            IdKind::Phone => "phone",
            IdKind::Username => "username",
        };
        let body = json!({ "ids": ids, "type": ty, "withCustomData": false });
        let endpoint = &self.endpoints.users_batch;
        let reply = self.post(endpoint, &token.value.headers, &body).await?;
        let data = match reply::rest(&reply) {
            Ok(data) => data,
            // Of many it does not say whether all are missing, or one.
            Err(refusal) if refusal.class == RefusalClass::NoSuchUser && ids.len() == 1 => {
                Value::Array(Vec::new())
            }
            Err(refusal) => {
                return Err(self.failed(refusal, Read::Users(&token), &reply));
            }
        };
        token.prove();
        let failed = |fault| Failed { fault, told: reply.told() };
        let unreadable = || Fault::Unknown("the answer to a lookup is not readable".to_owned());
        let list = data.as_array().ok_or_else(|| failed(unreadable()))?;
        let users: Option<Vec<DirectoryUser>> =
            list.iter().filter(|user| !user.is_null()).map(reply::directory_user).collect();
        let users = users.ok_or_else(|| failed(Fault::Refused(useless("users without an id"))))?;
        // A search that takes no notice of what was asked for would make nobody of everybody.
        let asked = |user: &DirectoryUser| {
            let id = user.identifiers.get(kind);
            id.is_some_and(|id| ids.iter().any(|asked| same(kind, asked, id)))
        };
        if users.is_empty() || users.iter().any(asked) {
            return Ok((reply.told(), users));
        }
        Err(failed(Fault::Refused(useless("users that were not asked for"))))
    }
}

/// The requests that a lookup takes: identifiers of one kind each.
pub(super) fn questions(wanted: &[Wanted]) -> Vec<(IdKind, Vec<&str>)> {
    let mut asked: BTreeMap<IdKind, Vec<&str>> = BTreeMap::new();
    for one in wanted {
        let count = if one.thorough { usize::MAX } else { 1 };
        for (kind, id) in one.identifiers.iter().take(count) {
            asked.entry(kind).or_default().push(id);
        }
    }
    let chunks = |(kind, ids): (IdKind, Vec<_>)| -> Vec<(IdKind, Vec<_>)> {
        ids.chunks(LOOKUP).map(|ids| (kind, ids.to_vec())).collect()
    };
    asked.into_iter().flat_map(chunks).collect()
}

/// Whom each one that was asked for has found. A phone number in another form counts only for a user
/// whom nobody has asked for in the very form that the directory has.
fn share_out(wanted: &[Wanted], users: &[DirectoryUser]) -> Vec<Vec<DirectoryUser>> {
    let shares =
        |one: &Wanted, user: &DirectoryUser, equal: &dyn Fn(IdKind, &str, &str) -> bool| {
            let count = if one.thorough { usize::MAX } else { 1 };
            let mut ids = one.identifiers.iter().take(count);
            ids.any(|(kind, id)| user.identifiers.get(kind).is_some_and(|it| equal(kind, id, it)))
        };
    let exactly = |_: IdKind, ours: &str, theirs: &str| ours == theirs;
    let same_phone = |kind, ours: &str, theirs: &str| kind == IdKind::Phone && ours == theirs;
    let is_claimed: Vec<bool> =
        users.iter().map(|user| wanted.iter().any(|one| shares(one, user, &same_phone))).collect();
    let found = |one: &Wanted| {
        let theirs = users.iter().zip(&is_claimed).filter(|(user, is_claimed)| {
            shares(one, user, &exactly) || !**is_claimed && shares(one, user, &same)
        });
        theirs.map(|(user, _)| user.clone()).collect()
    };
    wanted.iter().map(found).collect()
}

/// A lookup that answers so is no answer.
fn useless(what: &str) -> Halt {
    Halt {
        message: format!("a lookup is answered with {what}"),
        hint: "the target's search does not do what its API promises: check host and user_pool_id"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::Identifiers;

    fn wanted(phone: &str) -> Wanted {
        let mut identifiers = Identifiers::default();
        identifiers.set(IdKind::Phone, phone);
        Wanted { identifiers, thorough: true }
    }

    #[test]
    fn a_phone_in_another_form_finds_nobody_whom_another_row_asked_for() {
        let user = |id: &str, phone| DirectoryUser {
            id: id.to_owned(),
            identifiers: wanted(phone).identifiers,
            created_at_ms: None,
        };
        let users = [user("a", "12345678"), user("b", "+4912345678"), user("c", "+8613800000001")];
        let asked = [wanted("12345678"), wanted("+4912345678"), wanted("13800000001")];
        let found: Vec<Vec<String>> = share_out(&asked, &users)
            .into_iter()
            .map(|users| users.into_iter().map(|user| user.id).collect())
            .collect();
        assert_eq!(found, [["a"], ["b"], ["c"]]);
    }
}
