-- The better answer that a labeler wrote in view of a pair, or of a single answer in a chat. It belongs to the vote it came
-- with, and stands as long as that does. `origin_id` is the answer that it was made from, NULL where it was begun anew.
CREATE TABLE edits (
    preference_id INTEGER PRIMARY KEY REFERENCES preferences (preference_id),
    completion_id INTEGER NOT NULL UNIQUE REFERENCES completions (completion_id),
    origin_id INTEGER REFERENCES completions (completion_id),
    demonstration_id INTEGER NOT NULL UNIQUE REFERENCES demonstrations (demonstration_id)
) STRICT;

CREATE TRIGGER edits_are_kept BEFORE UPDATE ON edits
BEGIN SELECT RAISE(ABORT, 'edits are append-only'); END;
CREATE TRIGGER edits_are_never_deleted BEFORE DELETE ON edits
BEGIN SELECT RAISE(ABORT, 'edits are append-only'); END;
