-- Pairs whose verdict is known, to see how labelers do. A row is never changed: the newest one of a pair stands. Those for
-- calibration are what a new labeler does first, and is told about.
CREATE TABLE gold (
    gold_id INTEGER PRIMARY KEY,
    pair_id INTEGER NOT NULL REFERENCES pairs (pair_id),
    verdict TEXT NOT NULL CHECK (verdict IN ('a', 'b', 'tie', 'both_bad')),
    why TEXT NOT NULL CHECK (length(why) BETWEEN 1 AND 2000),
    calibration INTEGER NOT NULL CHECK (calibration IN (0, 1)),
    retired INTEGER NOT NULL CHECK (retired IN (0, 1)),
    set_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX gold_by_pair ON gold (pair_id, gold_id);
CREATE VIEW current_gold AS
SELECT g.* FROM gold g
WHERE NOT g.retired AND g.gold_id = (SELECT max(later.gold_id) FROM gold later WHERE later.pair_id = g.pair_id);

CREATE TRIGGER gold_is_kept BEFORE UPDATE ON gold
BEGIN SELECT RAISE(ABORT, 'gold is append-only'); END;
CREATE TRIGGER gold_is_never_deleted BEFORE DELETE ON gold
BEGIN SELECT RAISE(ABORT, 'gold is append-only'); END;

-- What became of labelers who failed at known verdicts or voted faster than anybody reads. The newest row stands.
CREATE TABLE attention (
    attention_id INTEGER PRIMARY KEY,
    labeler TEXT NOT NULL REFERENCES users (name),
    state TEXT NOT NULL CHECK (state IN ('warned', 'paused', 'resumed')),
    why TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX attention_by_labeler ON attention (labeler, attention_id);

CREATE TRIGGER attention_is_kept BEFORE UPDATE ON attention
BEGIN SELECT RAISE(ABORT, 'attention is append-only'); END;
CREATE TRIGGER attention_is_never_deleted BEFORE DELETE ON attention
BEGIN SELECT RAISE(ABORT, 'attention is append-only'); END;
