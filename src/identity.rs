//! Whether a user found in the directory is the one that we sent.

use crate::job::Finding;
use crate::user::{IdKind, Identifiers, same};

/// A user as a lookup returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryUser {
    /// Its id in the directory.
    pub id: String,
    /// What it is known by, normalised.
    pub identifiers: Identifiers,
    /// When it was created, UTC milliseconds on the directory's clock.
    pub created_at_ms: Option<i64>,
}

/// What the users found by the identifiers of one job mean, and, when they are not ours, why.
///
/// A user is *ours* if its external id equals ours and, where we sent an e-mail address, a phone
/// number or a user name, at least one of those equals too; without an external id, if all
/// identifiers that we sent match and an earlier attempt of ours may have made it (DESIGN.md,
/// Words): `may_be_ours`.
/// With nobody found this answers [`Finding::NobodyYet`]; whether that is final depends on time.
pub fn finding(
    sent: &Identifiers,
    found: &[DirectoryUser],
    may_be_ours: impl Fn(&DirectoryUser) -> bool,
) -> (Finding, Option<String>) {
    let mut distinct: Vec<&DirectoryUser> = Vec::new();
    for user in found {
        if !distinct.iter().any(|other| other.id == user.id) {
            distinct.push(user);
        }
    }
    match distinct.as_slice() {
        [] => (Finding::NobodyYet, None),
        [user] if is_ours(sent, user, &may_be_ours) => {
            let finding =
                Finding::Ours { remote_id: user.id.clone(), created_at_ms: user.created_at_ms };
            (finding, None)
        }
        [user] => {
            let why = Some(explain(sent, user));
            if user.identifiers.external_id.is_none() {
                (Finding::Bystander { remote_id: user.id.clone() }, why)
            } else {
                (Finding::Other, why)
            }
        }
        several => {
            let why: Vec<String> = several.iter().map(|user| describe(sent, user)).collect();
            let why = format!("several users stand in the way: {}", why.join("; "));
            (Finding::Other, Some(why))
        }
    }
}

fn is_ours(
    sent: &Identifiers,
    user: &DirectoryUser,
    may_be_ours: &impl Fn(&DirectoryUser) -> bool,
) -> bool {
    let equal = |kind| match (sent.get(kind), user.identifiers.get(kind)) {
        (Some(ours), Some(theirs)) => same(kind, ours, theirs),
        _ => false,
    };
    let personal = [IdKind::Email, IdKind::Phone, IdKind::Username];
    if sent.external_id.is_some() {
        let sent_any = personal.iter().any(|kind| sent.get(*kind).is_some());
        return equal(IdKind::ExternalId)
            && (!sent_any || personal.iter().any(|kind| equal(*kind)));
    }
    may_be_ours(user)
        && user.identifiers.external_id.is_none()
        && sent.iter().all(|(kind, _)| equal(kind))
}

fn explain(sent: &Identifiers, user: &DirectoryUser) -> String {
    format!("another user stands in the way: {}", describe(sent, user))
}

/// What is said of a user that has our external id and nothing else of ours: so it is where two systems count
/// their users from 1.
pub const ONLY_OUR_ID: &str = "our external id, and nothing else of ours";

/// Names the user by its id in the directory and says what is shared, without any value.
fn describe(sent: &Identifiers, user: &DirectoryUser) -> String {
    let is_ours = sent.external_id.is_some() && sent.external_id == user.identifiers.external_id;
    let shared: Vec<&str> = sent
        .iter()
        .filter(|(kind, value)| {
            user.identifiers.get(*kind).is_some_and(|theirs| same(*kind, value, theirs))
        })
        // That is told first.
        .filter(|(kind, _)| *kind != IdKind::ExternalId)
        .map(|(kind, _)| kind.noun())
        .collect();
    let external = match &user.identifiers.external_id {
        Some(_) if is_ours && shared.is_empty() => {
            return format!("{} (has {ONLY_OUR_ID})", user.id);
        }
        Some(_) if is_ours => "our external id",
        Some(_) => "another external id",
        None => "no external id",
    };
    let shared = if shared.is_empty() { "nothing".to_owned() } else { shared.join(", ") };
    format!("{} (has {external}; shares {shared})", user.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(external: &str, email: &str, phone: &str) -> Identifiers {
        let mut ids = Identifiers::default();
        ids.set(IdKind::ExternalId, external);
        ids.set(IdKind::Email, email);
        ids.set(IdKind::Phone, phone);
        ids
    }

    fn user(id: &str, identifiers: Identifiers) -> DirectoryUser {
        DirectoryUser { id: id.into(), identifiers, created_at_ms: Some(5) }
    }

    fn ours(id: &str) -> Finding {
        Finding::Ours { remote_id: id.into(), created_at_ms: Some(5) }
    }

    #[test]
    fn our_external_id_and_one_more_identifier_make_it_ours() {
        let sent = ids("1", "a@x.io", "13");
        assert_eq!(finding(&sent, &[user("u", ids("1", "a@x.io", "99"))], |_| false).0, ours("u"));
        assert_eq!(
            finding(&sent, &[user("u", ids("1", "b@x.io", "99"))], |_| false).0,
            Finding::Other
        );
        assert_eq!(
            finding(&ids("1", "", ""), &[user("u", ids("1", "b@x.io", ""))], |_| false).0,
            ours("u")
        );
    }

    #[test]
    fn without_an_external_id_all_must_match_and_an_attempt_must_have_ended_unknown() {
        let sent = ids("", "a@x.io", "13");
        let same = [user("u", ids("", "a@x.io", "13"))];
        assert_eq!(finding(&sent, &same, |_| true).0, ours("u"));
        assert_eq!(
            finding(&sent, &same, |_| false).0,
            Finding::Bystander { remote_id: "u".into() }
        );
        let half = [user("u", ids("", "a@x.io", "14"))];
        assert_eq!(finding(&sent, &half, |_| true).0, Finding::Bystander { remote_id: "u".into() });
    }

    #[test]
    fn another_external_id_or_several_users_are_others() {
        let sent = ids("1", "a@x.io", "13");
        assert_eq!(
            finding(&sent, &[user("u", ids("2", "a@x.io", "13"))], |_| true).0,
            Finding::Other
        );
        let two = [user("u", ids("", "a@x.io", "")), user("v", ids("", "", "13"))];
        assert_eq!(finding(&sent, &two, |_| true).0, Finding::Other);
    }

    #[test]
    fn the_same_user_found_twice_is_one() {
        let sent = ids("1", "a@x.io", "13");
        let u = user("u", sent.clone());
        assert_eq!(finding(&sent, &[u.clone(), u], |_| false).0, ours("u"));
    }

    #[test]
    fn the_reason_holds_no_value() {
        let sent = ids("secret-1", "a@x.io", "13");
        let why = finding(&sent, &[user("u9", ids("2", "a@x.io", ""))], |_| false).1.unwrap();
        assert_eq!(
            why,
            "another user stands in the way: u9 (has another external id; shares e-mail address)"
        );
        let why = finding(&sent, &[user("u9", ids("secret-1", "b@x.io", ""))], |_| false).1;
        let told =
            "another user stands in the way: u9 (has our external id, and nothing else of ours)";
        assert_eq!(why.as_deref(), Some(told));
        let two =
            [user("u8", ids("secret-1", "a@x.io", "14")), user("u9", ids("2", "b@x.io", "13"))];
        let told = "several users stand in the way: u8 (has our external id; shares e-mail address); \
                    u9 (has another external id; shares phone number)";
        assert_eq!(finding(&sent, &two, |_| false).1.as_deref(), Some(told));
    }
}
