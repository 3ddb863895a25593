//! What a record is known by, in place of the record itself: a check keeps nobody's data but the
//! identifiers that it compares.

use crate::json;
use crate::user::Identifiers;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Stands for a record.
#[derive(Serialize, Deserialize)]
pub(super) struct Known {
    identifiers: Identifiers,
    /// SHA-256 of the record, however it is written: staging compares what it says. One without a key
    /// is known by its bytes, but for white space.
    content: Vec<u8>,
}

impl Known {
    pub(super) fn new(identifiers: &Identifiers, raw: &[u8]) -> Self {
        let written = match identifiers.key() {
            Some(_) => canonical(raw),
            None => json::compact(raw),
        };
        let content = digest(&SHA256, &written).as_ref().to_vec();
        Self { identifiers: identifiers.clone(), content }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // A structure of texts and numbers can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn identifiers_of(bytes: &[u8]) -> Identifiers {
        serde_json::from_slice::<Self>(bytes).map(|known| known.identifiers).unwrap_or_default()
    }
}

/// One form for all ways to write a record: fields sorted by name, no white space, the least escapes.
fn canonical(raw: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(raw) else { return raw.to_vec() };
    value.sort_all_objects();
    serde_json::to_vec(&value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::IdKind;

    #[test]
    fn a_record_is_the_same_however_it_is_written_and_one_without_a_key_by_its_bytes() {
        let mut key = Identifiers::default();
        key.set(IdKind::ExternalId, "1");
        let content = |ids: &Identifiers, raw: &str| Known::new(ids, raw.as_bytes()).content;
        let (a, b) =
            (r#"{"a":1.0,"b":{"d":"é","c":2}}"#, r#"{ "b": {"c":2,"d":"\u00e9"}, "a":1.0 }"#);
        assert_eq!(content(&key, a), content(&key, b));
        assert_ne!(content(&key, a), content(&key, &a.replace("1.0", "1")));
        let none = Identifiers::default();
        assert_ne!(content(&none, a), content(&none, b));
        let (close, wide) = ("[\"a b\",1]", " [ \"a b\",\n\t1 ] ");
        assert_eq!(content(&none, close), content(&none, wide));
    }
}
