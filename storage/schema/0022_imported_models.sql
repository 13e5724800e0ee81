-- What a file calls the model that wrote an imported answer. It is no model of this home: nothing else is known of it.
CREATE TABLE imported_models (
    completion_id INTEGER PRIMARY KEY REFERENCES completions (completion_id),
    name TEXT NOT NULL CHECK (name <> '')
) STRICT;

CREATE TRIGGER imported_models_are_kept BEFORE UPDATE ON imported_models
BEGIN SELECT RAISE(ABORT, 'names of imported models are append-only'); END;
CREATE TRIGGER imported_models_are_never_deleted BEFORE DELETE ON imported_models
BEGIN SELECT RAISE(ABORT, 'names of imported models are append-only'); END;
