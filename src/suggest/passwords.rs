//! Passwords whose parts lie deeper than in columns: Keycloak's `credentials`, Auth0's
//! `custom_password_hash`, a directory's `userPassword` with several values. Each becomes one whole rule.

use super::candidate::{Candidate, permille};
use super::nested::{AUTH0, KEYCLOAK, Nested};
use super::rule::{self, jq_rule};
use super::shape::Shape;
use super::survey::{FieldStats, Place};
use super::trial::Trial;
use crate::password::cost::named;
use crate::schema::Schema;
use crate::words::{grouped, quoted};
/// Puts the whole rules among the candidates. Gives the field whose parts are taken, if one is.
pub(super) fn settle(
    found: &mut Vec<Candidate>,
    nested: &Nested,
    fields: &[(Place, FieldStats)],
    records: u64,
    schema: &Schema,
) -> Option<&'static str> {
    several_values(found, fields, records, schema);
    let (root, rule, seen, whose) = if nested.keycloak.records > 0 {
        (KEYCLOAK, keycloak(nested), &nested.keycloak, "Keycloak's credentials")
    } else if nested.auth0.records > 0 {
        (AUTH0, auth0(fields), &nested.auth0, "Auth0's custom_password_hash")
    } else {
        return None;
    };
    let field = schema.password_field;
    let at = fields.iter().position(|(place, _)| is_inside(place, root))?;
    found.retain(|other| other.field != field || !is_inside(&fields[other.at].0, root));
    // Before all others: no column of its own tells as much.
    let points = Some(2_000);
    found.push(Candidate { at, field, rule, note: Some(seen.note(whose)), points, is_part: false });
    Some(root)
}

/// Has hashes cut that are longer than the smaller of the provider's keys carries.
pub(super) fn shorten(found: &mut [Candidate], trial: &Trial<'_>, schema: &Schema) {
    let field = schema.password_field;
    for candidate in found.iter_mut().filter(|other| other.field == field && other.points.is_some())
    {
        let n = trial.shortenable(field, &candidate.rule);
        let short = match candidate.rule.strip_suffix(" }") {
            _ if n == 0 => continue,
            Some(rule) => format!("{rule}, short = true }}"),
            None => format!("{{ hash = {}, short = true }}", candidate.rule),
        };
        candidate.rule = short;
        let cut = format!("{} cut: the smaller of the provider's keys carries no more", grouped(n));
        let notes: Vec<String> = candidate.note.take().into_iter().chain([cut]).collect();
        candidate.note = Some(notes.join("; "));
    }
}

/// Whether a place lies in a field of the record.
pub(super) fn is_inside(place: &Place, root: &str) -> bool {
    let (Place::Column(path) | Place::First(path) | Place::FirstValue(path)) = place else {
        return false;
    };
    path.first().is_some_and(|name| name == root)
}

/// Source: `PasswordCredentialModel` and `Argon2PasswordHashProvider` of Keycloak.
fn keycloak(nested: &Nested) -> String {
    let is_older = nested.older * 2 > nested.keycloak.records;
    let (secret, data) = if is_older { ("", "") } else { ("secretData.", "credentialData.") };
    let hash = if is_older { "hashedSaltedValue" } else { "value" };
    let path = |inside: &str| quoted(&format!("{KEYCLOAK}[type=password].{inside}"));
    // Its `pbkdf2` is the one with SHA-1.
    let is_bare = nested.keycloak.schemes.contains_key("pbkdf2");
    let scheme = if is_bare {
        let algorithm =
            if is_older { ".algorithm" } else { ".credentialData | fromjson.algorithm" };
        jq_rule(&format!(
            "[.{KEYCLOAK}[]? | select(.type == \"password\") | {algorithm}][0] | {{pbkdf2: \"pbkdf2-sha1\"}}[.] // ."
        ))
    } else {
        path(&format!("{data}algorithm"))
    };
    let parts = format!(
        "scheme_from = {scheme}, hash = {}, hash_encoding = \"base64\", salt = {}, salt_encoding = \"base64\", iterations = {}",
        path(&format!("{secret}{hash}")),
        path(&format!("{secret}salt")),
        path(&format!("{data}hashIterations")),
    );
    if is_older {
        return format!("{{ {parts}, short = true }}");
    }
    let more = |name: &str| path(&format!("{data}additionalParameters.{name}[0]"));
    // Whole its digests have 64 bytes, more than the smaller key carries.
    format!(
        "{{ {parts}, m = {}, p = {}, variant = {{ from = {} }}, version = {{ from = {} }}, short = true }}",
        more("memory"),
        more("parallelism"),
        more("type"),
        more("version")
    )
}

/// Source: <https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>.
fn auth0(fields: &[(Place, FieldStats)]) -> String {
    let path = |inside: &str| quoted(&format!("{AUTH0}.{inside}"));
    let of = |inside: &str| format!("{{ from = {} }}", path(inside));
    let or =
        |inside: &str, default: &str| format!("{{ from = {}, default = {default} }}", path(inside));
    // A user has one or the other.
    let whole = ["password_hash", "passwordHash"].into_iter().find(|name| {
        let is_it = |place: &Place| matches!(place, Place::Column(path) if path == &[*name]);
        fields.iter().any(|(place, stats)| is_it(place) && stats.filled() > 0)
    });
    let hash = match whole {
        Some(name) => jq_rule(&format!(".{name} // .{AUTH0}.hash.value")),
        None => path("hash.value"),
    };
    let scheme = jq_rule(&format!(
        ".{AUTH0} | if .algorithm == \"hmac\" then \"hmac-\" + .hash.digest else .algorithm end"
    ));
    format!(
        "{{ scheme_from = {scheme}, hash = {hash}, hash_encoding = {}, salt = {}, salt_encoding = {}, order = {}, \
         password_encoding = {}, key = {}, key_encoding = {}, iterations = 100000, n = {}, r = {}, p = {} }}",
        of("hash.encoding"),
        path("salt.value"),
        of("salt.encoding"),
        or("salt.position", "\"salt+password\""),
        of("password.encoding"),
        path("hash.key.value"),
        of("hash.key.encoding"),
        or("cost", "16384"),
        or("blockSize", "8"),
        or("parallelization", "1"),
    )
}

/// A list of hashes is one password: the mapping takes the first that is usable.
fn several_values(
    found: &mut [Candidate],
    fields: &[(Place, FieldStats)],
    records: u64,
    schema: &Schema,
) {
    for candidate in found.iter_mut().filter(|other| other.field == schema.password_field) {
        let (Place::First(path), stats) = &fields[candidate.at] else { continue };
        // Only the first of each list was looked at.
        if stats.of_shape(Shape::Hash) == 0 {
            continue;
        }
        let schemes = stats.schemes.keys().filter(|scheme| **scheme != "plain");
        let schemes: Vec<String> = schemes.map(|one| named(one)).collect();
        candidate.rule = rule::written(&Place::Column(path.clone()), &rule::How::default());
        candidate.note = Some(format!("{}; of several values the first", schemes.join(", ")));
        candidate.points = Some(permille(stats.filled(), records));
    }
}

#[cfg(test)]
mod tests {
    use crate::provider::authing::fields::V2;
    use crate::suggest::{Survey, propose};
    use serde_json::{Value, json};

    /// 32 bytes and 16, in base64.
    const DIGEST: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const SALT: &str = "AAECAwQFBgcICQoLDA0ODw==";

    /// The rule that is proposed for the password, as a mapping reads it, and its note.
    fn proposed(records: &[Value]) -> (Value, String) {
        let mut survey = Survey::default();
        for record in records {
            survey.add(record.to_string().as_bytes());
        }
        let proposal = propose(&survey, false, &V2);
        let is_it = |line: &&crate::suggest::Line| line.field == "password" && line.holds;
        let lines: Vec<_> = proposal.lines.iter().filter(is_it).collect();
        assert_eq!(lines.len(), 1, "{:?}", proposal.lines);
        let parts = ["credential", "custom_password_hash"];
        let is_part = |source: &str| parts.iter().any(|part| source.starts_with(part));
        assert!(!proposal.left.iter().any(|left| is_part(&left.source)), "{:?}", proposal.left);
        let table: toml::Table = toml::from_str(&format!("rule = {}", lines[0].rule)).unwrap();
        let rule = serde_json::to_value(&table["rule"]).unwrap();
        crate::mapping::Rule::from_json(&rule).unwrap();
        (rule, lines[0].note.clone().unwrap_or_default())
    }

    fn keycloak(n: u32, algorithm: &str) -> Value {
        let secret = json!({"value": DIGEST, "salt": SALT}).to_string();
        let data = json!({"hashIterations": 5, "algorithm": algorithm, "additionalParameters": {
            "hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"],
        }})
        .to_string();
        json!({"id": n, "credentials": [{"type": "password", "secretData": secret, "credentialData": data}]})
    }

    #[test]
    fn keycloaks_credentials_are_one_rule() {
        let of = |name: &str| format!("credentials[type=password].{name}");
        let (rule, note) = proposed(&[
            keycloak(1, "argon2"),
            keycloak(2, "pbkdf2-sha512"),
            json!({"id": 3, "credentials": [{"type": "otp"}]}),
            json!({"id": 4, "credentials": []}),
        ]);
        assert_eq!(rule["hash"], of("secretData.value"));
        assert_eq!(rule["scheme_from"], of("credentialData.algorithm"));
        assert_eq!(note, "Keycloak's credentials: argon2, pbkdf2-sha512");
        // What it calls `pbkdf2` is the one with SHA-1.
        let (rule, _) = proposed(&[keycloak(1, "pbkdf2"), keycloak(2, "pbkdf2-sha256")]);
        assert!(rule["scheme_from"]["jq"].as_str().unwrap().contains("pbkdf2-sha1"), "{rule}");
        let older = json!({"id": 1, "credentials": [
            {"type": "password", "hashedSaltedValue": DIGEST, "salt": SALT, "hashIterations": 1, "algorithm": "pbkdf2-sha256"},
        ]});
        assert_eq!(proposed(&[older]).0["hash"], of("hashedSaltedValue"));
    }

    #[test]
    fn auth0s_custom_hashes_are_one_rule() {
        let custom = json!({"algorithm": "md5", "hash": {"value": "5f4dcc3b5aa765d61d8327deb882cf99", "encoding": "hex"}});
        let user = |n: u32| json!({"user_id": n, "custom_password_hash": custom});
        let (rule, note) = proposed(&[user(1), user(2)]);
        assert_eq!(rule["hash"], "custom_password_hash.hash.value");
        assert_eq!(note, "Auth0's custom_password_hash: md5");
        let bcrypt = format!("$2b$10${}", "x".repeat(53));
        let (rule, _) = proposed(&[user(1), json!({"user_id": 2, "password_hash": bcrypt})]);
        assert_eq!(rule["hash"]["jq"], ".password_hash // .custom_password_hash.hash.value");
    }

    #[test]
    fn a_list_of_hashes_is_one_password() {
        let hash = "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9hzYWx0";
        let user =
            |n: u32| json!({"uid": n, "userPassword": [hash, "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="]});
        let (rule, note) = proposed(&[user(1), user(2)]);
        assert_eq!(
            (rule, note.as_str()),
            (json!("userPassword"), "ldap-ssha; of several values the first")
        );
    }

    #[test]
    fn hashes_that_a_small_key_does_not_carry_are_cut() {
        let long = format!("$pbkdf2-sha512$i=100000,l=64$c2FsdHNhbHQ${}", "x".repeat(86));
        let user = |n: u32| json!({"uid": n, "pwd": long});
        let (rule, note) = proposed(&[user(1), user(2)]);
        assert_eq!(rule, json!({"hash": "pwd", "short": true}));
        assert_eq!(
            note,
            "pbkdf2-sha512; 2 cut: the smaller of the provider's keys carries no more"
        );
        let spring =
            "{argon2@SpringSecurity_v5_8}$argon2id$v=19$m=16384,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$";
        for (long, is_cut) in [
            (format!("{}:{}", "0a".repeat(16), "1b".repeat(64)), true),
            (format!("{spring}{}w", "x".repeat(42)), true),
            (format!("{{pbkdf2@SpringSecurity_v5_8}}{}", "0a".repeat(48)), true),
            (format!("{{bcrypt}}$2a$10${}", "x".repeat(53)), false),
        ] {
            let user = |n: u32| json!({"uid": n, "pwd": long});
            let (rule, _) = proposed(&[user(1), user(2)]);
            let cut = json!({"hash": "pwd", "short": true});
            assert_eq!(rule, if is_cut { cut } else { json!("pwd") }, "{long}");
        }
    }
}
