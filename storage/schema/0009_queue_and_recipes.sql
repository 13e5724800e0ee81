-- The order that people give the queue, why a job ended, the batch that one which ran out of memory was cut down to,
-- what a round was estimated to take, and recipes under a name: the newest row of a name is that recipe.
ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN failure TEXT CHECK (failure IN ('out_of_memory', 'bad_data', 'crash', 'cancelled'));
ALTER TABLE jobs ADD COLUMN shrunk TEXT CHECK (shrunk IS NULL OR json_valid(shrunk));
ALTER TABLE rounds ADD COLUMN estimate TEXT CHECK (estimate IS NULL OR json_valid(estimate));
CREATE TABLE recipes (
    recipe_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL CHECK (name <> ''),
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    saved_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX recipes_by_name ON recipes (name, recipe_id);
