//! Whether an address is verified, where it is said deeper than in columns: Okta's `credentials.emails`.

use super::candidate::{Candidate, permille};
use super::nested::{KEYCLOAK, Nested};
use super::rule::jq_rule;
use super::survey::{FieldStats, Place};

/// Okta's word on whether the address of the profile is verified, which stands beside a copy of the address.
/// Source: <https://developer.okta.com/docs/reference/api/users>, "Email object": VERIFIED or UNVERIFIED.
pub(super) fn settle(
    found: &mut Vec<Candidate>,
    nested: &Nested,
    fields: &[(Place, FieldStats)],
    records: u64,
) {
    let is_emails = |place: &Place| matches!(place, Place::FirstValue(path) if path[..] == [KEYCLOAK, "emails"]);
    let Some(at) = fields.iter().position(|(place, _)| is_emails(place)) else { return };
    if nested.okta_emails == 0 {
        return;
    }
    found.push(Candidate {
        at,
        field: "emailVerified",
        rule: jq_rule(
            ".profile.email as $email | any(.credentials.emails[]?; .value == $email and .status == \"VERIFIED\")",
        ),
        note: Some("verified where Okta says so of this address".to_owned()),
        points: Some(permille(nested.okta_emails, records)),
        is_part: false,
    });
}
