-- What a labeler says with a decision besides its verdict. Written with its preference, and like it never changed.
-- A flag says that something is wrong with the pair itself, so it comes with a skip; ratings are of both answers, by
-- criterion, in the pair's own order.
CREATE TABLE preference_details (
    preference_id INTEGER PRIMARY KEY REFERENCES preferences (preference_id),
    flagged INTEGER NOT NULL CHECK (flagged IN (0, 1)),
    reasons TEXT NOT NULL CHECK (json_valid(reasons) AND json_type(reasons) = 'array'),
    comment TEXT NOT NULL CHECK (length(comment) <= 2000),
    ratings TEXT NOT NULL CHECK (json_valid(ratings) AND json_type(ratings) = 'object')
) STRICT;

CREATE TRIGGER preference_details_are_kept BEFORE UPDATE ON preference_details
BEGIN SELECT RAISE(ABORT, 'details of preferences are append-only'); END;
CREATE TRIGGER preference_details_are_never_deleted BEFORE DELETE ON preference_details
BEGIN SELECT RAISE(ABORT, 'details of preferences are append-only'); END;

-- What a researcher sets for all labelers. The newest value of a name stands; the older ones say what it was when.
CREATE TABLE project_settings (
    setting_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)),
    set_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TRIGGER project_settings_are_kept BEFORE UPDATE ON project_settings
BEGIN SELECT RAISE(ABORT, 'settings of the project are append-only'); END;
CREATE TRIGGER project_settings_are_never_deleted BEFORE DELETE ON project_settings
BEGIN SELECT RAISE(ABORT, 'settings of the project are append-only'); END;
