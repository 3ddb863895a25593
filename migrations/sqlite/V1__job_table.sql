-- The job table. Times are UTC milliseconds; the views show them as ISO 8601.
-- Words (statuses, details, classes) are those of DESIGN.md and of src/job/. The checks are chains of OR:
-- for a list of more than two words SQLite makes a table, each time that a row is written.

-- The mappings that rows were staged and sent under: one row each time that it changes.
CREATE TABLE mapping (
    id       INTEGER NOT NULL PRIMARY KEY,
    text     TEXT    NOT NULL,                    -- JSON
    digest   TEXT    NOT NULL,                    -- SHA-256 of the text, in hexadecimal digits
    since_ms INTEGER NOT NULL
) STRICT;

-- What the table is bound to: one row, from the first staging on.
CREATE TABLE binding (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    provider   TEXT    NOT NULL,                  -- whose fields and passwords the rows were checked against
    mapping_id INTEGER NOT NULL REFERENCES mapping (id),
    passwords  TEXT,                              -- JSON: the setting that the passwords were judged for
    target     TEXT                               -- JSON: the directory of the first run; null before
) STRICT;

-- A new mapping on its way: one row while the rows are being mapped again.
CREATE TABLE remap (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    mapping    TEXT    NOT NULL,                  -- JSON
    passwords  TEXT    NOT NULL,                  -- JSON: as in binding
    accepted   INTEGER NOT NULL,                  -- 1: passwords that do not suit it were accepted
    after      INTEGER NOT NULL                   -- up to this job it is done
) STRICT;

-- One input, and how far it has been read.
CREATE TABLE source (
    id             INTEGER NOT NULL PRIMARY KEY,
    path           TEXT    NOT NULL,              -- canonical; '-' is standard input
    checkpoint     TEXT    NOT NULL,              -- JSON: where staging goes on, and the digest of all before it
    fingerprint    TEXT    NOT NULL,              -- SHA-256 of all that was read
    bytes          INTEGER,                       -- size, where it is known
    replaces       INTEGER NOT NULL DEFAULT 0,    -- 1: these are corrected records (stage --replace)
    given_up       INTEGER NOT NULL DEFAULT 0,    -- 1: a person has let go of all of it (waive --source)
    records        INTEGER NOT NULL DEFAULT 0,    -- records read = rows + replaced + unchanged + left_alone
    rows           INTEGER NOT NULL DEFAULT 0,    -- new jobs
    replaced       INTEGER NOT NULL DEFAULT 0,    -- jobs whose record was replaced (stage --replace)
    unchanged      INTEGER NOT NULL DEFAULT 0,    -- records that are in the table already
    kept_out       INTEGER NOT NULL DEFAULT 0,    -- of left_alone: records whose user a person waived by key
    left_alone     INTEGER NOT NULL DEFAULT 0,    -- replacements of jobs that are done, or not settled yet
    started_at_ms  INTEGER NOT NULL,
    finished_at_ms INTEGER                        -- null while staging is unfinished
) STRICT;

-- The hot row: slim, so that a run touches few pages.
CREATE TABLE job (
    id             INTEGER NOT NULL PRIMARY KEY,
    source_id      INTEGER NOT NULL REFERENCES source (id),
    record_no      INTEGER NOT NULL,              -- from 1
    line           INTEGER,                       -- from 1, where the source has lines
    key            TEXT,                          -- external id, else e-mail, phone, user name; normalised
    status         TEXT    NOT NULL CHECK (status = 'pending' OR status = 'sending' OR status = 'unknown' OR status = 'done'
                           OR status = 'failed' OR status = 'invalid'),
    detail         TEXT    CHECK (detail IS NULL OR detail = 'created' OR detail = 'existed' OR detail = 'skipped' OR detail = 'waived'
                           OR detail = 'adopted' OR detail = 'updated' OR detail = 'undone' OR detail = 'rejected' OR detail = 'conflict' OR detail = 'exhausted'),
    sends          INTEGER NOT NULL DEFAULT 0,    -- claims so far: attempt number and fence, never reset
    spent          INTEGER NOT NULL DEFAULT 0,    -- attempts that count; retry-failed sets it to 0
    first_sent_ms  INTEGER,                       -- first send that may have arrived (until its outcome is known: its claim), on the server's clock
    not_before_ms  INTEGER NOT NULL DEFAULT 0,
    claimed_by_run INTEGER,                       -- set while sending or unknown
    remote_id      TEXT,                          -- id in the directory
    evidence       TEXT    CHECK (evidence IS NULL OR evidence = 'reply' OR evidence = 'lookup'),
    code           TEXT,                          -- the provider's code, for failed and unknown
    reason         TEXT,                          -- for people: why it failed or is in doubt
    updated_at_ms  INTEGER NOT NULL,
    -- A detail where it is settled, and only there; a run where it is in a run's hands. In a form that
    -- ends at the first word for nearly every row.
    CHECK (detail IS NULL OR status = 'done' OR status = 'failed'),
    CHECK (detail IS NOT NULL OR status = 'pending' OR status = 'sending' OR status = 'unknown' OR status = 'invalid'),
    CHECK (claimed_by_run IS NULL OR status = 'sending' OR status = 'unknown'),
    CHECK (claimed_by_run IS NOT NULL OR status = 'pending' OR status = 'done' OR status = 'failed' OR status = 'invalid')
) STRICT;

-- A job that was never sent is due at once, so staging keeps one index, of ids that grow.
CREATE INDEX job_new ON job (id) WHERE status = 'pending' AND sends = 0;
CREATE INDEX job_again ON job (not_before_ms, id) WHERE status = 'pending' AND sends > 0;
CREATE INDEX job_in_doubt ON job (id) WHERE status IN ('sending', 'unknown');
CREATE INDEX job_not_sent ON job (id) WHERE status IN ('failed', 'invalid');

-- How many jobs there are of each kind: kept in the same transactions as the jobs.
CREATE TABLE tally (
    source_id INTEGER NOT NULL REFERENCES source (id),
    status    TEXT    NOT NULL,
    detail    TEXT    NOT NULL,                   -- '' for none
    code      TEXT    NOT NULL,                   -- '' for none
    n         INTEGER NOT NULL,
    PRIMARY KEY (source_id, status, detail, code)
) STRICT, WITHOUT ROWID;

-- The record as it stands in the source. Holds password hashes.
CREATE TABLE record (
    job_id    INTEGER NOT NULL PRIMARY KEY REFERENCES job (id),
    raw       BLOB    NOT NULL,
    source_id INTEGER NOT NULL REFERENCES source (id)  -- where it came from; the job's own, unless it was replaced
) STRICT;

-- Where the record of a job stands that took the place of the first one (stage --replace). No id of a
-- job is given twice, so a line whose job is gone does no harm.
CREATE TABLE origin (
    job_id    INTEGER NOT NULL PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES source (id),
    record_no INTEGER NOT NULL,                   -- from 1
    line      INTEGER                             -- from 1, where the source has lines
) STRICT;

-- Finds jobs by identifier: blocks of hashes, the first 6 bytes of a SipHash over kind and normalised
-- value, each with its job. In 16 shares by the first bits, so that a search for a hash reads one of them.
-- What is found is checked against the record, so that a hash of a record that is gone does no harm.
CREATE TABLE identifier (
    id      INTEGER NOT NULL PRIMARY KEY,         -- share * 2^40 + number of the block
    base    INTEGER NOT NULL,                     -- the job that the entries count from
    entries BLOB    NOT NULL                      -- 8 bytes each, big endian: hash (6), job - base (2)
) STRICT;

-- How far new records were compared with all others. One row.
CREATE TABLE comparison (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    blocks   INTEGER NOT NULL DEFAULT 0,          -- blocks of identifiers so far
    compared INTEGER NOT NULL DEFAULT 0,          -- up to this one they are compared
    upto     INTEGER,                             -- up to this one they are being compared
    cursor   INTEGER NOT NULL DEFAULT 0,          -- up to this job it is done
    anew     INTEGER NOT NULL DEFAULT 0,          -- 1: rows of before, after another mapping
    last_job INTEGER NOT NULL DEFAULT 0           -- highest id of a job so far: none is given twice
) STRICT;
INSERT INTO comparison (id) VALUES (1);

-- What is being compared: hashes that several jobs have.
CREATE TABLE collision (
    hash   INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    is_new INTEGER NOT NULL,
    PRIMARY KEY (hash, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX collision_new ON collision (job_id) WHERE is_new;

CREATE TABLE problem (
    job_id  INTEGER NOT NULL REFERENCES job (id),
    n       INTEGER NOT NULL,
    field   TEXT    NOT NULL,
    rule    TEXT    NOT NULL,
    message TEXT    NOT NULL,
    PRIMARY KEY (job_id, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX problem_duplicate_key ON problem (job_id) WHERE rule = 'duplicate-key';

-- Values that are not sent because they do not fit and the rule of their field says on_error = "omit".
CREATE TABLE omitted (
    job_id  INTEGER NOT NULL REFERENCES job (id),
    field   TEXT    NOT NULL,                     -- the provider's
    rule    TEXT    NOT NULL,
    message TEXT    NOT NULL,
    PRIMARY KEY (job_id, field)
) STRICT, WITHOUT ROWID;

-- How many rows leave a field out: kept in the same transactions as the rows.
CREATE TABLE omitted_tally (
    field TEXT    NOT NULL PRIMARY KEY,
    n     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a record says of a job that it was not applied to: written as it is compared, whatever becomes of the job
-- later. Of several sources the latest counts; whether its line is told is decided when it is read. A source that
-- has the job's own record has a line only where there is an earlier one, which counts no more.
-- No id of a job is given twice, so a line whose job is gone does no harm.
CREATE TABLE newer (
    job_id      INTEGER NOT NULL,
    source_id   INTEGER NOT NULL REFERENCES source (id),  -- where the newer record stands
    record_no   INTEGER NOT NULL,                 -- from 1
    what        TEXT    NOT NULL CHECK (what IN ('blocked','state-unknown','unblocked','differs','as-sent')),
    kept_out    INTEGER NOT NULL,                 -- 1: a person had let go of the job
    held_by     INTEGER,                          -- the job that has this record for its own, if one has
    fields      TEXT    NOT NULL,                 -- JSON: names of the fields that differ, no values
    PRIMARY KEY (job_id, source_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX newer_held_by ON newer (held_by) WHERE held_by IS NOT NULL;

-- Every attempt, kept for ever. n is the job's `sends` at the time.
CREATE TABLE attempt (
    job_id      INTEGER NOT NULL REFERENCES job (id),
    n           INTEGER NOT NULL,
    run_id      INTEGER NOT NULL REFERENCES run (id),
    mapping_id  INTEGER REFERENCES mapping (id),  -- the mapping that it was sent under
    op          TEXT    NOT NULL CHECK (op = 'create' OR op = 'update' OR op = 'delete'),
    request     INTEGER,                          -- attempts of one run with the same number were one request; null: alone, or ended by a crash
    at_ms       INTEGER NOT NULL,
    took_ms     INTEGER,
    read_ms     INTEGER,                          -- how long the read took that explained its refusal
    outcome     TEXT    NOT NULL CHECK (outcome = 'created' OR outcome = 'duplicate' OR outcome = 'rejected' OR outcome = 'throttled'
                           OR outcome = 'stale' OR outcome = 'not-sent' OR outcome = 'unknown' OR outcome = 'halt'
                           OR outcome = 'unsendable' OR outcome = 'entangled'),
    http_status INTEGER,
    code        TEXT,
    message     TEXT,
    request_id  TEXT,
    PRIMARY KEY (job_id, n)
) STRICT, WITHOUT ROWID;

-- What a person settled or waived, so that it can be undone.
CREATE TABLE decision (
    id          INTEGER NOT NULL PRIMARY KEY,
    job_id      INTEGER NOT NULL REFERENCES job (id),
    at_ms       INTEGER NOT NULL,
    decision    TEXT    NOT NULL CHECK (decision IN ('settle','waive')),
    from_status TEXT    NOT NULL,
    from_detail TEXT,
    from_code   TEXT,
    from_reason TEXT,
    from_remote_id TEXT,
    from_evidence  TEXT,
    from_updated_at_ms INTEGER NOT NULL,
    to_status   TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    chosen      TEXT    NOT NULL CHECK (chosen IN ('row','status','source')),  -- by what: itself, or with all of these
    beside      INTEGER NOT NULL DEFAULT 0,       -- 1: named by an identifier that stands beside its key
    undone_at_ms INTEGER
) STRICT;

CREATE INDEX decision_job ON decision (job_id);

CREATE TABLE run (
    id            INTEGER NOT NULL PRIMARY KEY,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms   INTEGER,
    machine       TEXT    NOT NULL,
    pid           INTEGER NOT NULL,
    settings      TEXT    NOT NULL,               -- JSON, no secrets
    seen_at_ms    INTEGER NOT NULL,               -- last sign of life
    rate_per_s    REAL    NOT NULL DEFAULT 0,
    end           TEXT,                           -- done, incomplete, halted, stopped, killed
    reason        TEXT,
    done          INTEGER NOT NULL DEFAULT 0,     -- settled by this run
    failed        INTEGER NOT NULL DEFAULT 0,
    invalid       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The interface for people: these three views stay as they are.

CREATE VIEW progress AS
SELECT coalesce(sum(n), 0)                                            AS total,
       coalesce(sum(n) FILTER (WHERE status = 'pending'), 0)          AS pending,
       coalesce(sum(n) FILTER (WHERE status = 'sending'), 0)          AS sending,
       coalesce(sum(n) FILTER (WHERE status = 'unknown'), 0)          AS unknown,
       coalesce(sum(n) FILTER (WHERE status = 'done'), 0)             AS done,
       coalesce(sum(n) FILTER (WHERE status = 'failed'), 0)           AS failed,
       coalesce(sum(n) FILTER (WHERE status = 'invalid'), 0)          AS invalid,
       coalesce(sum(n) FILTER (WHERE detail = 'created'), 0)          AS created,
       coalesce(sum(n) FILTER (WHERE detail = 'existed'), 0)          AS existed,
       coalesce(sum(n) FILTER (WHERE detail = 'skipped'), 0)          AS skipped,
       coalesce(sum(n) FILTER (WHERE detail = 'waived'), 0)           AS waived
FROM tally;

CREATE VIEW failures AS
SELECT s.path AS source, coalesce(o.record_no, j.record_no) AS record,
       iif(o.job_id IS NULL, j.line, o.line) AS line, j.key, j.status, j.detail, j.code,
       coalesce(j.reason,
                (SELECT group_concat(iif(p.field = '', '', p.field || ': ') || p.message, '; ')
                 FROM (SELECT field, message FROM problem WHERE job_id = j.id ORDER BY n) p)) AS message,
       (SELECT count(*) FROM attempt a WHERE a.job_id = j.id) AS attempts,
       strftime('%Y-%m-%dT%H:%M:%SZ', j.updated_at_ms / 1000, 'unixepoch') AS updated_at
FROM job j LEFT JOIN origin o ON o.job_id = j.id
     JOIN source s ON s.id = coalesce(o.source_id, j.source_id)
WHERE j.status IN ('failed', 'invalid')
ORDER BY j.id;

CREATE VIEW errors_by_class AS
SELECT status, detail, nullif(code, '') AS code, sum(n) AS n
FROM (SELECT status, nullif(detail, '') AS detail, code, n FROM tally
      WHERE status IN ('failed', 'invalid', 'unknown') AND n > 0)
GROUP BY status, detail, code
ORDER BY sum(n) DESC, status, detail, code;

-- In the same transaction as the schema.
PRAGMA user_version = 1;
