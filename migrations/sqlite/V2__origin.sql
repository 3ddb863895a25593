-- Where the record of a job stands that took the place of the first one (stage --replace). No id of a
-- job is given twice, so a line whose job is gone does no harm.
CREATE TABLE origin (
    job_id    INTEGER NOT NULL PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES source (id),
    record_no INTEGER NOT NULL,                   -- from 1
    line      INTEGER                             -- from 1, where the source has lines
) STRICT;

DROP VIEW failures;

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

-- In the same transaction as the schema.
PRAGMA user_version = 2;
