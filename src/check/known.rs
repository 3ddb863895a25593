//! What a record is known by, in place of the record itself: a check keeps nobody's data but the
//! identifiers that it compares.

use crate::mapping::compact_record;
use crate::user::Identifiers;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Stands for a record.
#[derive(Serialize, Deserialize)]
pub(super) struct Known {
    identifiers: Identifiers,
    /// SHA-256 of the record without the white space between its parts.
    content: Vec<u8>,
}

impl Known {
    pub(super) fn new(identifiers: &Identifiers, raw: &[u8]) -> Self {
        let content = digest(&SHA256, &compact_record(raw)).as_ref().to_vec();
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
