-- What a labeler would have answered. A row is never changed: the newest one of a labeler on a prompt stands, and one
-- without a text takes back what stood before it. `showing_id` is the pair in view of which it was written, if any.
CREATE TABLE demonstrations (
    demonstration_id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL REFERENCES prompts (prompt_id),
    labeler TEXT NOT NULL REFERENCES users (name),
    text TEXT CHECK (text <> ''),
    showing_id INTEGER REFERENCES showings (showing_id),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX demonstrations_by_labeler ON demonstrations (prompt_id, labeler, demonstration_id);

CREATE VIEW current_demonstrations AS
SELECT d.* FROM demonstrations d
WHERE d.text IS NOT NULL AND d.demonstration_id = (
    SELECT max(later.demonstration_id) FROM demonstrations later
    WHERE later.prompt_id = d.prompt_id AND later.labeler = d.labeler
);

CREATE TRIGGER demonstrations_are_kept BEFORE UPDATE ON demonstrations
BEGIN SELECT RAISE(ABORT, 'demonstrations are append-only'); END;
CREATE TRIGGER demonstrations_are_never_deleted BEFORE DELETE ON demonstrations
BEGIN SELECT RAISE(ABORT, 'demonstrations are append-only'); END;
