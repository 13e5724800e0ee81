-- A researcher's verdict on a pair that labelers disagree about. The verdict itself is a vote of the researcher's, so
-- that it is traced as any other; this says that it was given as a ruling, and why. It stands as long as the vote does.
CREATE TABLE adjudications (
    adjudication_id INTEGER PRIMARY KEY,
    preference_id INTEGER NOT NULL UNIQUE REFERENCES preferences (preference_id),
    reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    created_at TEXT NOT NULL
) STRICT;

CREATE TRIGGER adjudications_are_kept BEFORE UPDATE ON adjudications
BEGIN SELECT RAISE(ABORT, 'adjudications are append-only'); END;
CREATE TRIGGER adjudications_are_never_deleted BEFORE DELETE ON adjudications
BEGIN SELECT RAISE(ABORT, 'adjudications are append-only'); END;

-- The ruling on each pair: the newest one whose vote stands.
CREATE VIEW rulings AS
SELECT a.adjudication_id, s.pair_id, p.preference_id, p.verdict, p.strength, s.labeler AS actor, a.reason, a.created_at
FROM adjudications a
JOIN current_preferences p USING (preference_id)
JOIN showings s USING (showing_id)
WHERE NOT EXISTS (
    SELECT 1 FROM adjudications later
    JOIN current_preferences q USING (preference_id)
    JOIN showings t USING (showing_id)
    WHERE t.pair_id = s.pair_id AND later.adjudication_id > a.adjudication_id
);
