//! The hot statements. Each says which index serves it; a test holds the query planner to it.

/// Jobs that were never sent, which are due at once. Index `job_new`.
pub(super) const DUE_NEW: &str = "\
SELECT j.id, j.source_id, j.sends, j.spent, j.first_sent_ms, r.raw, 0, 0
FROM job j JOIN record r ON r.job_id = j.id
WHERE j.status = 'pending' AND j.sends = 0
ORDER BY j.id LIMIT ?1";

/// Jobs that are due again. Index `job_again`.
pub(super) const DUE_AGAIN: &str = "\
SELECT j.id, j.source_id, j.sends, j.spent, j.first_sent_ms, r.raw,
       EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.id AND a.outcome = 'unknown'), j.not_before_ms
FROM job j JOIN record r ON r.job_id = j.id
WHERE j.status = 'pending' AND j.sends > 0 AND j.not_before_ms <= ?2
ORDER BY j.not_before_ms, j.id LIMIT ?1";

/// A job that was chosen, if it is due. Primary keys.
pub(super) const DUE_ONE: &str = "\
SELECT j.id, j.source_id, j.sends, j.spent, j.first_sent_ms, r.raw,
       EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.id AND a.outcome = 'unknown')
FROM job j JOIN record r ON r.job_id = j.id
WHERE j.id = ?1 AND j.status = 'pending' AND (j.sends = 0 OR j.not_before_ms <= ?2)";

/// Where a job that was chosen stands, if it is not settled: pending, never sent, no attempt spent, when
/// it is due. Primary key.
pub(super) const OPEN_ONE: &str = "\
SELECT status = 'pending', sends = 0, spent = 0, not_before_ms FROM job
WHERE id = ?1 AND (status = 'pending' OR status = 'sending' OR status = 'unknown')";

/// Takes one of them. Primary key.
pub(super) const CLAIM: &str = "\
UPDATE job SET status = 'sending', sends = sends + 1, claimed_by_run = ?2, code = NULL, reason = NULL,
       first_sent_ms = coalesce(first_sent_ms, ?3), updated_at_ms = ?4
WHERE id = ?1";

/// The columns of `job` that `standing::standing` reads, in its order.
macro_rules! standing_columns {
    () => {
        "status, detail, spent, not_before_ms, first_sent_ms, claimed_by_run, remote_id, evidence, code, reason, updated_at_ms"
    };
}
pub(super) use standing_columns;

/// A job as the laws see it: its source, and its standing. Primary key.
pub(super) const STANDING: &str =
    concat!("SELECT source_id, ", standing_columns!(), " FROM job WHERE id = ?1");

/// The same of a job in a run's hands, under its fence. Primary key.
pub(super) const HELD: &str = concat!(
    "SELECT source_id, ",
    standing_columns!(),
    " FROM job WHERE id = ?1 AND sends = ?2 AND claimed_by_run = ?3 AND status IN ('sending', 'unknown')"
);

/// Writes what a law has made of a row. Primary key.
pub(super) const WRITE: &str = "\
UPDATE job SET status = ?2, detail = ?3, spent = ?4, not_before_ms = ?5, first_sent_ms = ?6,
       claimed_by_run = ?7, remote_id = ?8, evidence = ?9, code = ?10, reason = ?11, updated_at_ms = ?12
WHERE id = ?1";

/// The attempts whose run ended before their outcome was recorded. Index `job_in_doubt`.
pub(super) const LOST_ATTEMPTS: &str = "\
INSERT INTO attempt (job_id, n, run_id, mapping_id, op, at_ms, outcome, message)
SELECT id, sends, claimed_by_run, ?4, ?1, updated_at_ms, ?2, ?3 FROM job
WHERE status IN ('sending', 'unknown') AND status = 'sending'";

/// What was being sent is in doubt. Index `job_in_doubt`.
pub(super) const RECOVER: &str = "\
UPDATE job SET status = 'unknown', reason = ?1, updated_at_ms = ?2
WHERE status IN ('sending', 'unknown') AND status = 'sending'";

/// Doubts pass into the hands of a run. Index `job_in_doubt`.
pub(super) const INHERIT: &str =
    "UPDATE job SET claimed_by_run = ?1 WHERE status IN ('sending', 'unknown')";

/// Rows that would wait longer than any backoff wait no more. Index `job_again`.
pub(super) const HASTEN: &str = "\
UPDATE job SET not_before_ms = 0 WHERE status = 'pending' AND sends > 0 AND not_before_ms > ?1";

/// Appends to the ledger. Primary key.
pub(super) const ATTEMPT: &str = "\
INSERT INTO attempt (job_id, n, run_id, mapping_id, op, at_ms, took_ms, read_ms, outcome, http_status, code,
                     message, request_id, request)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// Adds to the tally. Primary key.
pub(super) const TALLY: &str = "\
INSERT INTO tally (source_id, status, detail, code, n) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (source_id, status, detail, code) DO UPDATE SET n = n + excluded.n";

/// Jobs in doubt. Index `job_in_doubt`.
pub(super) const DOUBTS: &str = "\
SELECT j.id, j.source_id, j.sends, j.spent, j.first_sent_ms, r.raw,
       EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.id AND a.outcome = 'unknown'),
       (SELECT a.outcome FROM attempt a WHERE a.job_id = j.id ORDER BY a.n DESC LIMIT 1), j.code
FROM job j JOIN record r ON r.job_id = j.id
WHERE j.status IN ('sending', 'unknown') AND j.status = 'unknown' AND j.id > ?1
ORDER BY j.id LIMIT ?2";

/// The settings of runs that left jobs in doubt: of those that had such a job in hand, at any time.
/// Index `job_in_doubt`, then primary keys; `CROSS` keeps SQLite from reading all attempts instead.
pub(super) const SETTINGS_OF_DOUBTS: &str = "\
SELECT settings FROM run WHERE id IN (
    SELECT claimed_by_run FROM job WHERE status IN ('sending', 'unknown')
    UNION
    SELECT a.run_id FROM job j CROSS JOIN attempt a ON a.job_id = j.id
    WHERE j.status IN ('sending', 'unknown'))";

/// Whether a job is invalid because another has its key. Index `problem_duplicate_key`, then primary keys.
pub(super) const HAS_DUPLICATE_KEY: &str = "\
SELECT EXISTS (SELECT 1 FROM problem p CROSS JOIN job j ON j.id = p.job_id
               WHERE p.rule = 'duplicate-key' AND j.status = 'invalid')";

/// When the next one is due that was sent before. Index `job_again`.
pub(super) const NEXT_DUE: &str =
    "SELECT min(not_before_ms) FROM job WHERE status = 'pending' AND sends > 0";

/// Jobs that are not settled and have never spent an attempt, up to two of them. Indices
/// `job_new`, `job_again` and `job_in_doubt`.
pub(super) const UNSUSPECTED: &str = "\
SELECT count(*) FROM (
    SELECT 1 FROM job WHERE status = 'pending' AND sends = 0
    UNION ALL
    SELECT 1 FROM job WHERE status = 'pending' AND sends > 0 AND spent = 0
    UNION ALL
    SELECT 1 FROM job WHERE status IN ('sending', 'unknown') AND spent = 0
    LIMIT 2)";

/// Jobs that are not settled, up to two of them. Indices `job_new`, `job_again` and `job_in_doubt`.
pub(super) const OPEN: &str = "\
SELECT count(*) FROM (
    SELECT 1 FROM job WHERE status = 'pending' AND sends = 0
    UNION ALL
    SELECT 1 FROM job WHERE status = 'pending' AND sends > 0
    UNION ALL
    SELECT 1 FROM job WHERE status IN ('sending', 'unknown')
    LIMIT 2)";

/// Whether a pending job has never been sent. Index `job_new`.
pub(super) const UNSENT: &str =
    "SELECT EXISTS (SELECT 1 FROM job WHERE status = 'pending' AND sends = 0)";

/// Whether a source has not been read to its end. A handful of rows.
pub(super) const UNFINISHED: &str =
    "SELECT EXISTS (SELECT 1 FROM source WHERE finished_at_ms IS NULL)";

/// New jobs that share an identifier, by id after the given one. Index `collision_new`.
pub(super) const UNJUDGED: &str = "\
SELECT DISTINCT job_id FROM collision WHERE is_new AND job_id > ?1 ORDER BY job_id LIMIT ?2";

/// Jobs before the given one that share an identifier of this hash. Primary key of `collision`.
pub(super) const SHARING: &str = "\
SELECT job_id FROM collision WHERE hash = ?1 AND job_id < ?2 ORDER BY job_id";

/// Whether the record of job `j` is wrong as such, so that no mapping makes a user of it.
pub(super) const IS_FAULTY: &str = "\
EXISTS (SELECT 1 FROM problem p WHERE p.job_id = j.id
        AND (p.rule IN ('syntax', 'encoding') OR (p.rule = 'type' AND p.field = '')))";

/// All statements with the indices that the planner must use for them.
#[cfg(test)]
pub(super) const ALL: &[(&str, &str, &[&str])] = &[
    ("DUE_NEW", DUE_NEW, &["INDEX job_new"]),
    ("DUE_AGAIN", DUE_AGAIN, &["INDEX job_again"]),
    (
        "DUE_ONE",
        DUE_ONE,
        &["SEARCH j USING INTEGER PRIMARY KEY", "SEARCH r USING INTEGER PRIMARY KEY"],
    ),
    ("OPEN_ONE", OPEN_ONE, &["INTEGER PRIMARY KEY"]),
    ("STANDING", STANDING, &["INTEGER PRIMARY KEY"]),
    ("CLAIM", CLAIM, &["INTEGER PRIMARY KEY"]),
    ("HELD", HELD, &["INTEGER PRIMARY KEY"]),
    ("WRITE", WRITE, &["INTEGER PRIMARY KEY"]),
    ("LOST_ATTEMPTS", LOST_ATTEMPTS, &["INDEX job_in_doubt"]),
    ("RECOVER", RECOVER, &["INDEX job_in_doubt"]),
    ("INHERIT", INHERIT, &["INDEX job_in_doubt"]),
    ("HASTEN", HASTEN, &["INDEX job_again"]),
    ("DOUBTS", DOUBTS, &["INDEX job_in_doubt"]),
    (
        "SETTINGS_OF_DOUBTS",
        SETTINGS_OF_DOUBTS,
        &["SCAN j USING INDEX job_in_doubt", "SEARCH a USING PRIMARY KEY"],
    ),
    (
        "HAS_DUPLICATE_KEY",
        HAS_DUPLICATE_KEY,
        &["INDEX problem_duplicate_key", "SEARCH j USING INTEGER PRIMARY KEY"],
    ),
    ("NEXT_DUE", NEXT_DUE, &["INDEX job_again"]),
    ("UNSUSPECTED", UNSUSPECTED, &["INDEX job_new", "INDEX job_again", "INDEX job_in_doubt"]),
    ("OPEN", OPEN, &["INDEX job_new", "INDEX job_again", "INDEX job_in_doubt"]),
    ("UNSENT", UNSENT, &["INDEX job_new"]),
    ("UNJUDGED", UNJUDGED, &["INDEX collision_new"]),
    ("SHARING", SHARING, &["PRIMARY KEY"]),
];

#[cfg(test)]
mod tests;
