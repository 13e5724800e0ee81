-- What people think of single answers. A row is never changed: the newest one of a labeler on a completion stands, and a
-- withdrawn one takes back what stood before it. A round by KTO names the file of those that it learns from.
CREATE TABLE ratings (
    rating_id INTEGER PRIMARY KEY,
    completion_id INTEGER NOT NULL REFERENCES completions (completion_id),
    labeler TEXT NOT NULL REFERENCES users (name),
    thumb TEXT NOT NULL CHECK (thumb IN ('up', 'down', 'withdrawn')),
    client_key TEXT NOT NULL CHECK (length(client_key) BETWEEN 1 AND 200),
    created_at TEXT NOT NULL,
    UNIQUE (completion_id, labeler, client_key)
) STRICT;
CREATE INDEX ratings_by_labeler ON ratings (completion_id, labeler, rating_id);

CREATE VIEW current_ratings AS
SELECT r.* FROM ratings r
WHERE r.thumb <> 'withdrawn' AND r.rating_id = (
    SELECT max(later.rating_id) FROM ratings later
    WHERE later.completion_id = r.completion_id AND later.labeler = r.labeler
);

CREATE TRIGGER ratings_are_kept BEFORE UPDATE ON ratings
BEGIN SELECT RAISE(ABORT, 'ratings are append-only'); END;
CREATE TRIGGER ratings_are_never_deleted BEFORE DELETE ON ratings
BEGIN SELECT RAISE(ABORT, 'ratings are append-only'); END;

ALTER TABLE rounds ADD COLUMN ratings_sha256 TEXT CHECK (length(ratings_sha256) = 64);
