//! Records that stand for nobody, as their system documents: Drupal keeps a row for all visitors, GoTrue one for
//! each. Each would become a user.

use crate::mapping::{Seen, for_each_value};
use crate::user::{IdKind, Identifiers};
use crate::values::truth_of;
use crate::vocabulary::systems;
use crate::words::agree;
use memchr::memmem;

/// What was seen of them.
#[derive(Default)]
pub(crate) struct Nobody {
    n: u64,
    /// The external id of the last, and for whom it stands.
    last: Option<(String, &'static str)>,
}

impl Nobody {
    /// Looks at a record and at who it is. Whoever has something to sign in with is somebody.
    pub(crate) fn add(&mut self, raw: &[u8], who: &Identifiers) {
        let Some(id) = who.get(IdKind::ExternalId) else { return };
        // Few records are read for this.
        let may_be = systems::may_be_nobody(id) || memmem::find(raw, b"nonymous").is_some();
        if !may_be || !who.is_external_id_alone() {
            return;
        }
        let mut fields: Vec<(String, bool)> = Vec::new();
        for_each_value(raw, 1, &mut |_, name, seen| {
            let is_true = matches!(&seen, Seen::Plain(text, _) if truth_of(text) == Some(true));
            fields.push((name.to_owned(), is_true));
            false
        });
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        let is_true = |column: &str| fields.iter().any(|(name, is)| name == column && *is);
        let by_id = systems::may_be_nobody(id).then(|| systems::of_columns(&names)).flatten();
        let by_id = by_id.and_then(|system| system.nobody(id));
        let by_column = || systems::visitors(&names).filter(|(column, _)| is_true(column));
        if let Some(whom) = by_id.or_else(|| by_column().map(|(_, whom)| whom)) {
            self.n += 1;
            self.last = Some((id.to_owned(), whom));
        }
    }

    /// How many they are, and what a person should know.
    pub(crate) fn told(&self) -> Option<(u64, String)> {
        let (id, whom) = self.last.as_ref()?;
        let n = self.n;
        let message = format!(
            "{} {whom}, and would become {}: leave {} out of the export, or let go of {} once staged: userferry waive --key {id} \
             --reason …",
            agree(n, "1 record stands for", &format!("{n} records stand for")),
            agree(n, "a user", "users"),
            agree(n, "it", "them"),
            agree(n, "it", "each"),
        );
        Some((n, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(raw: &str, ids: &[(IdKind, &str)]) -> Option<u64> {
        let mut who = Identifiers::default();
        for (kind, value) in ids {
            who.set(*kind, value);
        }
        let mut nobody = Nobody::default();
        nobody.add(raw.as_bytes(), &who);
        nobody.told().map(|(n, _)| n)
    }

    #[test]
    fn drupals_visitor_is_nobody_and_others_of_that_id_are_somebody() {
        let raw = r#"{"uid":"0","name":"","pass":"","mail":"","access":"0","login":"0"}"#;
        assert_eq!(told(raw, &[(IdKind::ExternalId, "0")]), Some(1));
        assert_eq!(told(raw, &[(IdKind::ExternalId, "0"), (IdKind::Username, "li")]), None);
        assert_eq!(told(raw, &[(IdKind::ExternalId, "1")]), None);
        assert_eq!(told(raw, &[]), None);
        assert_eq!(told(r#"{"uid":"0","name":""}"#, &[(IdKind::ExternalId, "0")]), None);
    }

    /// supabase.com/docs/guides/auth/auth-anonymous: the claim is_anonymous; who adds an address becomes permanent.
    #[test]
    fn an_anonymous_user_of_supabase_is_nobody_until_there_is_an_address() {
        let raw =
            r#"{"id":"7","aud":"authenticated","raw_user_meta_data":"{}","is_anonymous":"t"}"#;
        let id = (IdKind::ExternalId, "7");
        for truth in ["\"t\"", "\"true\"", "true", "\"1\""] {
            assert_eq!(told(&raw.replace("\"t\"", truth), &[id]), Some(1), "{truth}");
        }
        for other in ["\"f\"", "false", "null", "\"\""] {
            assert_eq!(told(&raw.replace("\"t\"", other), &[id]), None, "{other}");
        }
        assert_eq!(told(raw, &[id, (IdKind::Email, "a@example.com")]), None);
        assert_eq!(told(r#"{"id":"7","is_anonymous":"t"}"#, &[id]), None, "a table of one's own");
    }
}
