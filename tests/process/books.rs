//! The books held against the sandbox's log.

use super::{Rig, user};
use serde_json::Value;
use std::collections::HashMap;

/// What the sandbox saw, by key.
#[derive(Default)]
struct Seen {
    creates: usize,
    stored: usize,
    answered_stored: usize,
    id: String,
    password: Option<String>,
}

/// Figures of a story, for its tally.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) creates: usize,
    pub(crate) stored: usize,
    /// Creates for a key that the directory held already.
    pub(crate) doubles: usize,
    /// Rows that are done and not in the directory, and the other way round.
    pub(crate) misreported: usize,
}

/// What holds at any time when no process is running, whatever was killed or refused:
///
/// - no key was stored twice, and no create came for a key that was there already;
/// - each create that arrived is explained by an attempt (one row of the ledger or more a create),
///   and the ledger claims no create that was not stored;
/// - each row that is done by our making names the id of its user, with the password it had;
/// - the tally is what the rows say, and the file is sound.
#[track_caller]
pub(crate) fn check(rig: &Rig) -> Figures {
    let mut keys: HashMap<String, Seen> = HashMap::new();
    let mut figures = Figures::default();
    for line in rig.creates() {
        let key = line["external_id"].as_str().unwrap().to_owned();
        let seen = keys.entry(key.clone()).or_default();
        figures.creates += 1;
        seen.creates += 1;
        if line["held"] == true {
            figures.doubles += 1;
        }
        if let Value::Object(stored) = &line["stored"] {
            figures.stored += 1;
            seen.stored += 1;
            seen.answered_stored += usize::from(line["outcome"] == "stored");
            stored["id"].as_str().unwrap().clone_into(&mut seen.id);
            seen.password = stored.get("password").and_then(Value::as_str).map(str::to_owned);
        }
        assert!(seen.stored <= 1, "{key} was stored twice");
    }
    let table = rig.table();
    let query = "SELECT j.key, j.status, j.detail, j.remote_id, j.sends,
            (SELECT count(*) FROM attempt a WHERE a.job_id = j.id),
            (SELECT count(*) FROM attempt a WHERE a.job_id = j.id AND a.outcome = 'created'),
            (SELECT count(*) FROM attempt a WHERE a.job_id = j.id AND a.outcome IN ('created', 'unknown'))
        FROM job j";
    let mut statement = table.prepare(query).unwrap();
    let mut rows = statement.query([]).unwrap();
    let nothing = Seen::default();
    while let Some(row) = rows.next().unwrap() {
        let key: String = row.get(0).unwrap();
        let status: String = row.get(1).unwrap();
        let detail: Option<String> = row.get(2).unwrap();
        let remote_id: Option<String> = row.get(3).unwrap();
        let number = |column| row.get::<_, usize>(column).unwrap();
        let (sends, attempts, created, maybe) = (number(4), number(5), number(6), number(7));
        let seen = keys.get(&key).unwrap_or(&nothing);
        let in_hand = usize::from(status == "sending");
        assert!(attempts <= sends, "{key}: {attempts} attempts, {sends} sends");
        assert!(
            seen.creates <= attempts + in_hand,
            "{key}: {} creates arrived, the ledger has {attempts}",
            seen.creates
        );
        assert!(created <= seen.answered_stored, "{key}: an attempt claims what was not stored");
        assert!(
            seen.stored <= maybe + in_hand,
            "{key}: stored, and no attempt says that it may be"
        );
        if detail.as_deref() == Some("created") {
            let sound = seen.stored == 1 && remote_id.as_deref() == Some(seen.id.as_str());
            figures.misreported += usize::from(!sound);
            if let Some(number) = key.strip_prefix('u').and_then(|n| n.parse().ok()) {
                let wanted = user(number)["password"].as_str().map(str::to_owned);
                assert_eq!(seen.password, wanted, "{key}: its password");
            }
        }
        let is_settled = matches!(status.as_str(), "failed" | "invalid" | "pending");
        figures.misreported += usize::from(is_settled && seen.stored > 0);
    }
    assert_eq!(figures.misreported, 0, "rows say other than the directory");
    assert_eq!(figures.doubles, 0, "creates for a key that was there already");
    let differing = "SELECT count(*) FROM (
        SELECT source_id, status, coalesce(detail, '') d, coalesce(code, '') c, count(*) n FROM job
            GROUP BY 1, 2, 3, 4
        EXCEPT SELECT source_id, status, detail, code, n FROM tally)";
    assert_eq!(rig.number(differing), 0, "the tally is not what the rows say");
    assert_eq!(
        rig.number("SELECT (SELECT count(*) FROM job) - (SELECT sum(n) FROM tally)"),
        0,
        "the tally counts other than the rows"
    );
    let sound: String = table.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    figures
}

/// As [`check`], and: users `u1` to `un` are all in the directory, exactly once, and nobody else;
/// all rows are done, created.
#[track_caller]
pub(crate) fn check_all_there(rig: &Rig, n: usize) -> Figures {
    let figures = check(rig);
    let directory = rig.sandbox.users();
    assert_eq!(directory.len(), n, "users in the directory");
    let mut there: HashMap<String, usize> = HashMap::new();
    for line in &directory {
        let user: Value = serde_json::from_str(line).unwrap();
        *there.entry(user["externalId"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let wrong: Vec<String> =
        (1..=n).map(|n| format!("u{n}")).filter(|key| there.get(key) != Some(&1)).collect();
    assert!(wrong.is_empty(), "not exactly once in the directory: {wrong:?}");
    let n = i64::try_from(n).unwrap();
    rig.expect(&[("done", n), ("done/created", n)]);
    assert_eq!(figures.stored, directory.len());
    figures
}
