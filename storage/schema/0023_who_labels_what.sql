-- What a pair was shown for: out of the queue, to see how a labeler does (on a pair whose verdict is known, in the open
-- or silently, or on one that they had before), or decided elsewhere: in a chat, a ranking, a file.
ALTER TABLE showings ADD COLUMN purpose TEXT NOT NULL DEFAULT 'queue'
    CHECK (purpose IN ('queue', 'calibration', 'gold', 'repeat', 'elsewhere'));
DROP TRIGGER showings_are_kept;
UPDATE showings SET purpose = 'elsewhere'
WHERE pair_id IN (SELECT pair_id FROM pairs WHERE source NOT IN ('generated', 'repeat', 'battle'));
CREATE TRIGGER showings_are_kept BEFORE UPDATE ON showings
BEGIN SELECT RAISE(ABORT, 'showings are append-only'); END;
CREATE INDEX showings_by_time ON showings (labeler, shown_at);

-- The queue: of each pair that is served how many people voted what, how many more it wants, and from when on one of
-- these places is free ('' for at once). `line` is the model whose answers both are, 0 where it is not one model;
-- `place` is the pair's place in the order. Not data but what the data comes to: it can be made again at any time.
CREATE TABLE pair_queue (
    pair_id INTEGER PRIMARY KEY REFERENCES pairs (pair_id),
    line INTEGER NOT NULL,
    place INTEGER NOT NULL,
    a INTEGER NOT NULL DEFAULT 0,
    b INTEGER NOT NULL DEFAULT 0,
    tie INTEGER NOT NULL DEFAULT 0,
    both_bad INTEGER NOT NULL DEFAULT 0,
    skip INTEGER NOT NULL DEFAULT 0,
    begun INTEGER NOT NULL GENERATED ALWAYS AS (a + b + tie + both_bad > 0) STORED,
    missing INTEGER NOT NULL,
    free_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX pair_queue_open ON pair_queue (line, begun, place, free_at, skip) WHERE missing > 0;

INSERT INTO pair_queue (pair_id, line, place, a, b, tie, both_bad, skip, missing)
SELECT r.pair_id, coalesce(r.model_id, 0), (r.pair_id * 2654435761) % 4294967296, coalesce(v.a, 0), coalesce(v.b, 0),
    coalesce(v.tie, 0), coalesce(v.both_bad, 0), coalesce(v.skip, 0),
    coalesce(v.votes, 0) = 0 OR (v.votes = 2 AND 2 NOT IN (v.a, v.b, v.tie, v.both_bad))
FROM pairs r LEFT JOIN (
    SELECT s.pair_id, sum(p.verdict = 'a') AS a, sum(p.verdict = 'b') AS b, sum(p.verdict = 'tie') AS tie,
        sum(p.verdict = 'both_bad') AS both_bad, sum(p.verdict = 'skip') AS skip,
        sum(p.verdict NOT IN ('skip', 'withdrawn')) AS votes
    FROM showings s JOIN current_preferences p USING (showing_id) GROUP BY s.pair_id
) v USING (pair_id)
WHERE r.source IN ('generated', 'battle', 'chat');

-- What lies in front of whom, unanswered. Until `until` it holds the place for its labeler. `deliberate` are those that
-- come whatever the queue says: known verdicts, repeats, and pairs that are asked again.
CREATE TABLE holds (
    showing_id INTEGER PRIMARY KEY REFERENCES showings (showing_id),
    pair_id INTEGER NOT NULL,
    labeler TEXT NOT NULL,
    shown_at TEXT NOT NULL,
    until TEXT NOT NULL,
    deliberate INTEGER NOT NULL CHECK (deliberate IN (0, 1))
) STRICT;
CREATE INDEX holds_by_pair ON holds (pair_id);
CREATE INDEX holds_by_labeler ON holds (labeler, shown_at);

INSERT INTO holds
SELECT s.showing_id, s.pair_id, s.labeler, s.shown_at, s.shown_at, 0 FROM showings s
WHERE s.purpose = 'queue' AND NOT EXISTS (
    SELECT 1 FROM current_preferences p WHERE p.showing_id = s.showing_id AND p.verdict <> 'withdrawn'
);

-- Where each labeler's look through the pairs that others have begun goes on, and how many pairs they were served.
CREATE TABLE turns (
    labeler TEXT PRIMARY KEY,
    place INTEGER NOT NULL DEFAULT 0,
    served INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO turns (labeler, served) SELECT labeler, count(*) FROM showings WHERE purpose = 'queue' GROUP BY labeler;

-- Pairs that whoever voted on them before is asked about once more.
CREATE TABLE relabels (
    relabel_id INTEGER PRIMARY KEY,
    pair_id INTEGER NOT NULL REFERENCES pairs (pair_id),
    why TEXT NOT NULL CHECK (trim(why) <> ''),
    asked_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX relabels_by_pair ON relabels (pair_id, relabel_id);

CREATE TRIGGER relabels_are_kept BEFORE UPDATE ON relabels
BEGIN SELECT RAISE(ABORT, 'relabels are append-only'); END;
CREATE TRIGGER relabels_are_never_deleted BEFORE DELETE ON relabels
BEGIN SELECT RAISE(ABORT, 'relabels are append-only'); END;
