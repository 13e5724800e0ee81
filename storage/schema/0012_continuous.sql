-- Continuous mode. A row is one time that it was switched on: how many new votes make a round due, and by which recipe.
-- It is on while `ended_at` is NULL; without an `ended_by` it stopped by itself, for the reason. Its rounds point to it.
CREATE TABLE continuous (
    continuous_id INTEGER PRIMARY KEY,
    every INTEGER NOT NULL CHECK (every > 0),
    recipe TEXT NOT NULL CHECK (json_valid(recipe)),
    switched_on_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    ended_at TEXT,
    ended_by TEXT,
    reason TEXT,
    CHECK ((ended_at IS NULL) = (reason IS NULL)),
    CHECK (ended_by IS NULL OR ended_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX continuous_once ON continuous (ended_at IS NULL) WHERE ended_at IS NULL;
ALTER TABLE rounds ADD COLUMN continuous_id INTEGER REFERENCES continuous (continuous_id);
