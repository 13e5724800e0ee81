-- How people log in. Of a password there is its argon2 hash, of the token in an invitation's link, a browser's cookie or
-- a program's header only the sha256. Somebody without a password can log in nowhere.
CREATE TABLE passwords (
    name TEXT PRIMARY KEY REFERENCES users (name),
    hash TEXT NOT NULL,
    set_at TEXT NOT NULL
) STRICT;

CREATE TABLE invitations (
    token_sha256 TEXT PRIMARY KEY CHECK (length(token_sha256) = 64),
    name TEXT NOT NULL REFERENCES users (name),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    revoked_at TEXT
) STRICT;
CREATE INDEX invitations_by_name ON invitations (name);

CREATE TABLE sessions (
    token_sha256 TEXT PRIMARY KEY CHECK (length(token_sha256) = 64),
    name TEXT NOT NULL REFERENCES users (name),
    kind TEXT NOT NULL CHECK (kind IN ('browser', 'program')),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;
CREATE INDEX sessions_by_name ON sessions (name);
