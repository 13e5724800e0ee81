-- People who were removed. What they did stays, under a pseudonym; frozen files hold the name, and the sha256 of it tells
-- whose that was, and keeps the name from being given to somebody else.
CREATE TABLE former_people (
    pseudonym TEXT PRIMARY KEY REFERENCES users (name),
    name_sha256 TEXT NOT NULL UNIQUE CHECK (length(name_sha256) = 64),
    removed_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
