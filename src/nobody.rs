//! Records that stand for nobody, as their system documents: Drupal keeps a row for all visitors. Each would
//! become a user.

use crate::mapping::for_each_field;
use crate::user::{IdKind, Identifiers};
use crate::vocabulary::systems;
use crate::words::agree;

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
        if !systems::may_be_nobody(id) || !who.is_external_id_alone() {
            return;
        }
        let mut names: Vec<String> = Vec::new();
        for_each_field(raw, |name, _, _| names.push(name.to_owned()));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(whom) = systems::of_columns(&names).and_then(|system| system.nobody(id)) {
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
            agree(n, "it", "them"),
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
}
