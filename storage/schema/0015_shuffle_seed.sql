-- What the sides and the order of every labeler are drawn from: one number of the home's own, made at the first use.
CREATE TABLE shuffle_seed (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seed TEXT NOT NULL CHECK (length(seed) = 32)
) STRICT;

CREATE TRIGGER shuffle_seed_is_kept BEFORE UPDATE ON shuffle_seed
BEGIN SELECT RAISE(ABORT, 'the seed of sides and order is never changed'); END;
CREATE TRIGGER shuffle_seed_is_never_deleted BEFORE DELETE ON shuffle_seed
BEGIN SELECT RAISE(ABORT, 'the seed of sides and order is never changed'); END;
