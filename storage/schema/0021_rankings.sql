-- Several answers to one prompt, to be put in order at once. `place` is an answer's place in the set's own order, from 0.
CREATE TABLE answer_sets (
    set_id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL REFERENCES prompts (prompt_id),
    model_id INTEGER REFERENCES models (model_id),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX answer_sets_by_prompt ON answer_sets (prompt_id);

CREATE TABLE set_answers (
    set_id INTEGER NOT NULL REFERENCES answer_sets (set_id),
    place INTEGER NOT NULL CHECK (place BETWEEN 0 AND 7),
    completion_id INTEGER NOT NULL REFERENCES completions (completion_id),
    PRIMARY KEY (set_id, place),
    UNIQUE (set_id, completion_id)
) STRICT, WITHOUT ROWID;

-- `arrangement` has the places of the answers in the order in which this labeler sees them.
CREATE TABLE set_showings (
    showing_id INTEGER PRIMARY KEY,
    set_id INTEGER NOT NULL REFERENCES answer_sets (set_id),
    labeler TEXT NOT NULL REFERENCES users (name),
    arrangement TEXT NOT NULL CHECK (json_type(arrangement) = 'array'),
    shown_at TEXT NOT NULL,
    UNIQUE (set_id, labeler)
) STRICT;
CREATE INDEX set_showings_by_labeler ON set_showings (labeler, showing_id);

-- A ranking is never overwritten: a change of mind is a row that supersedes the one before it, in one unbroken chain.
-- `ranks` has the rank of every answer in the set's own order, 1 for the best; answers that tie share one.
CREATE TABLE rankings (
    ranking_id INTEGER PRIMARY KEY,
    showing_id INTEGER NOT NULL REFERENCES set_showings (showing_id),
    client_key TEXT NOT NULL CHECK (length(client_key) BETWEEN 1 AND 200),
    verdict TEXT NOT NULL CHECK (verdict IN ('ranked', 'all_bad', 'skip', 'withdrawn')),
    ranks TEXT NOT NULL CHECK (json_type(ranks) = 'array'),
    seconds REAL CHECK (seconds >= 0),
    flagged INTEGER NOT NULL CHECK (flagged IN (0, 1)),
    reasons TEXT NOT NULL CHECK (json_valid(reasons) AND json_type(reasons) = 'array'),
    comment TEXT NOT NULL CHECK (length(comment) <= 2000),
    supersedes INTEGER UNIQUE REFERENCES rankings (ranking_id),
    created_at TEXT NOT NULL,
    UNIQUE (showing_id, client_key),
    CHECK ((verdict = 'ranked') = (json_array_length(ranks) > 0))
) STRICT;
CREATE UNIQUE INDEX rankings_once ON rankings (showing_id) WHERE supersedes IS NULL;

CREATE VIEW current_rankings AS
SELECT r.* FROM rankings r
WHERE NOT EXISTS (SELECT 1 FROM rankings later WHERE later.supersedes = r.ranking_id);

-- The votes that a ranking comes to, one for every two of its answers.
CREATE TABLE ranking_votes (
    preference_id INTEGER PRIMARY KEY REFERENCES preferences (preference_id),
    ranking_id INTEGER NOT NULL REFERENCES rankings (ranking_id)
) STRICT;
CREATE INDEX ranking_votes_by_ranking ON ranking_votes (ranking_id);

-- Which sets want how many more people. Not data but what the data comes to. `set_holds` is what lies unanswered in
-- front of whom: it holds a place until a moment.
CREATE TABLE set_queue (
    set_id INTEGER PRIMARY KEY REFERENCES answer_sets (set_id),
    model_id INTEGER,
    place INTEGER NOT NULL,
    missing INTEGER NOT NULL
) STRICT;
CREATE INDEX set_queue_open ON set_queue (model_id, place) WHERE missing > 0;

CREATE TABLE set_holds (
    showing_id INTEGER PRIMARY KEY REFERENCES set_showings (showing_id),
    set_id INTEGER NOT NULL,
    labeler TEXT NOT NULL,
    until TEXT NOT NULL
) STRICT;
CREATE INDEX set_holds_by_set ON set_holds (set_id);

CREATE TRIGGER answer_sets_are_kept BEFORE UPDATE ON answer_sets
BEGIN SELECT RAISE(ABORT, 'sets of answers are append-only'); END;
CREATE TRIGGER answer_sets_are_never_deleted BEFORE DELETE ON answer_sets
BEGIN SELECT RAISE(ABORT, 'sets of answers are append-only'); END;
CREATE TRIGGER set_answers_are_kept BEFORE UPDATE ON set_answers
BEGIN SELECT RAISE(ABORT, 'sets of answers are append-only'); END;
CREATE TRIGGER set_answers_are_never_deleted BEFORE DELETE ON set_answers
BEGIN SELECT RAISE(ABORT, 'sets of answers are append-only'); END;
CREATE TRIGGER set_showings_are_kept BEFORE UPDATE ON set_showings
BEGIN SELECT RAISE(ABORT, 'showings are append-only'); END;
CREATE TRIGGER set_showings_are_never_deleted BEFORE DELETE ON set_showings
BEGIN SELECT RAISE(ABORT, 'showings are append-only'); END;
CREATE TRIGGER rankings_are_kept BEFORE UPDATE ON rankings
BEGIN SELECT RAISE(ABORT, 'a ranking is never changed: supersede it'); END;
CREATE TRIGGER rankings_are_never_deleted BEFORE DELETE ON rankings
BEGIN SELECT RAISE(ABORT, 'a ranking is never deleted: supersede it'); END;
CREATE TRIGGER rankings_stay_in_their_showing BEFORE INSERT ON rankings
WHEN NEW.supersedes IS NOT NULL
    AND NEW.showing_id IS NOT (SELECT showing_id FROM rankings WHERE ranking_id = NEW.supersedes)
BEGIN SELECT RAISE(ABORT, 'a ranking supersedes only one of its own showing'); END;
CREATE TRIGGER ranking_votes_are_kept BEFORE UPDATE ON ranking_votes
BEGIN SELECT RAISE(ABORT, 'votes of rankings are append-only'); END;
CREATE TRIGGER ranking_votes_are_never_deleted BEFORE DELETE ON ranking_votes
BEGIN SELECT RAISE(ABORT, 'votes of rankings are append-only'); END;
