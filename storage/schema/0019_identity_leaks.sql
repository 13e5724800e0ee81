-- Answers that say which model wrote them, as they were found when they were first shown to a labeler: what was said,
-- each phrase once. The answer and its votes stay as they are; whoever wants to leave them out can.
CREATE TABLE identity_leaks (
    completion_id INTEGER NOT NULL REFERENCES completions (completion_id),
    phrase TEXT NOT NULL CHECK (length(phrase) > 0),
    found_at TEXT NOT NULL,
    PRIMARY KEY (completion_id, phrase)
) STRICT;

CREATE TRIGGER identity_leaks_are_kept BEFORE UPDATE ON identity_leaks
BEGIN SELECT RAISE(ABORT, 'leaks of identity are append-only'); END;
CREATE TRIGGER identity_leaks_are_never_deleted BEFORE DELETE ON identity_leaks
BEGIN SELECT RAISE(ABORT, 'leaks of identity are append-only'); END;
