-- How to judge, as a researcher writes it, in Markdown. The newest version holds; who confirmed having read which is kept.
CREATE TABLE guidelines (
    version INTEGER PRIMARY KEY,
    text TEXT NOT NULL CHECK (trim(text) <> ''),
    set_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE TABLE guideline_confirmations (
    version INTEGER NOT NULL REFERENCES guidelines (version),
    labeler TEXT NOT NULL REFERENCES users (name),
    created_at TEXT NOT NULL,
    PRIMARY KEY (labeler, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER guidelines_are_kept BEFORE UPDATE ON guidelines
BEGIN SELECT RAISE(ABORT, 'guidelines are append-only'); END;
CREATE TRIGGER guidelines_are_never_deleted BEFORE DELETE ON guidelines
BEGIN SELECT RAISE(ABORT, 'guidelines are append-only'); END;
