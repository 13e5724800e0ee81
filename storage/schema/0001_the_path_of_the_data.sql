-- Every step of the path is an append-only row that points back to the one before it.

CREATE TABLE users (
    name TEXT PRIMARY KEY CHECK (name <> ''),
    role TEXT NOT NULL CHECK (role IN ('labeler', 'researcher', 'admin')),
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE prompts (
    prompt_id INTEGER PRIMARY KEY,
    messages TEXT NOT NULL CHECK (json_valid(messages) AND json_array_length(messages) > 0),
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    split TEXT NOT NULL CHECK (split IN ('train', 'heldout')),
    source TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX prompts_by_split ON prompts (split);

CREATE TABLE snapshots (
    snapshot_id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    row_count INTEGER NOT NULL CHECK (row_count > 0),
    counts TEXT NOT NULL CHECK (json_valid(counts)),
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE models (
    model_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    kind TEXT NOT NULL CHECK (kind IN ('base', 'policy', 'reward')),
    path TEXT NOT NULL,
    parent_id INTEGER REFERENCES models (model_id),
    job_id INTEGER REFERENCES jobs (job_id),
    card TEXT NOT NULL CHECK (json_valid(card)),
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE promotions (
    promotion_id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES models (model_id),
    previous_id INTEGER REFERENCES promotions (promotion_id),
    actor TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE rounds (
    round_id INTEGER PRIMARY KEY,
    method TEXT NOT NULL CHECK (method IN ('dpo', 'ppo', 'rloo')),
    status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'cancelled')),
    snapshot_id INTEGER NOT NULL REFERENCES snapshots (snapshot_id),
    parent_id INTEGER NOT NULL REFERENCES models (model_id),
    candidate_id INTEGER REFERENCES models (model_id),
    recipe TEXT NOT NULL CHECK (json_valid(recipe)),
    requested_by TEXT NOT NULL,
    error TEXT,
    created_at TEXT NOT NULL,
    finished_at TEXT
) STRICT;

CREATE TABLE jobs (
    job_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('pretrain', 'sft', 'generate', 'reward', 'dpo', 'ppo', 'rloo', 'evaluate')),
    round_id INTEGER REFERENCES rounds (round_id),
    stage TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    spec TEXT NOT NULL CHECK (json_valid(spec)),
    key TEXT NOT NULL CHECK (length(key) = 64),
    fence INTEGER NOT NULL DEFAULT 0 CHECK (fence >= 0),
    worker TEXT,
    lease_until REAL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    result TEXT CHECK (result IS NULL OR json_valid(result)),
    error TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    CHECK (status <> 'running' OR (worker IS NOT NULL AND lease_until IS NOT NULL))
) STRICT;
-- The same work asked for twice is one job, unless the first try failed or was cancelled.
CREATE UNIQUE INDEX jobs_once ON jobs (key) WHERE status IN ('queued', 'running', 'done');
CREATE INDEX jobs_by_status ON jobs (status, job_id);
CREATE INDEX jobs_by_round ON jobs (round_id);

CREATE TABLE metrics (
    job_id INTEGER NOT NULL REFERENCES jobs (job_id),
    name TEXT NOT NULL,
    step INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (job_id, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE completions (
    completion_id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL REFERENCES prompts (prompt_id),
    model_id INTEGER REFERENCES models (model_id),
    job_id INTEGER REFERENCES jobs (job_id),
    text TEXT NOT NULL,
    seed INTEGER,
    sampling TEXT NOT NULL CHECK (json_valid(sampling)),
    tokens INTEGER CHECK (tokens >= 0),
    ended INTEGER CHECK (ended IN (0, 1)),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX completions_by_prompt ON completions (prompt_id);

CREATE TABLE pairs (
    pair_id INTEGER PRIMARY KEY,
    prompt_id INTEGER NOT NULL REFERENCES prompts (prompt_id),
    completion_a INTEGER NOT NULL REFERENCES completions (completion_id),
    completion_b INTEGER NOT NULL REFERENCES completions (completion_id),
    model_id INTEGER REFERENCES models (model_id),
    source TEXT NOT NULL CHECK (source IN ('generated', 'chat', 'imported')),
    created_at TEXT NOT NULL,
    UNIQUE (completion_a, completion_b),
    CHECK (completion_a <> completion_b)
) STRICT;
CREATE INDEX pairs_by_model ON pairs (source, model_id, pair_id);

CREATE TABLE showings (
    showing_id INTEGER PRIMARY KEY,
    pair_id INTEGER NOT NULL REFERENCES pairs (pair_id),
    labeler TEXT NOT NULL REFERENCES users (name),
    flipped INTEGER NOT NULL CHECK (flipped IN (0, 1)),
    shown_at TEXT NOT NULL,
    UNIQUE (pair_id, labeler)
) STRICT;
CREATE INDEX showings_by_labeler ON showings (labeler, showing_id);

-- A vote is never overwritten. Changing one's mind adds a row that supersedes the one before it, in one unbroken chain.
CREATE TABLE preferences (
    preference_id INTEGER PRIMARY KEY,
    showing_id INTEGER NOT NULL REFERENCES showings (showing_id),
    client_key TEXT NOT NULL CHECK (length(client_key) BETWEEN 1 AND 200),
    verdict TEXT NOT NULL CHECK (verdict IN ('a', 'b', 'tie', 'both_bad', 'skip', 'withdrawn')),
    strength INTEGER NOT NULL CHECK (strength BETWEEN 0 AND 4),
    seconds REAL CHECK (seconds >= 0),
    supersedes INTEGER UNIQUE REFERENCES preferences (preference_id),
    created_at TEXT NOT NULL,
    UNIQUE (showing_id, client_key),
    CHECK ((verdict IN ('a', 'b')) = (strength > 0))
) STRICT;
CREATE UNIQUE INDEX preferences_once ON preferences (showing_id) WHERE supersedes IS NULL;

CREATE VIEW current_preferences AS
SELECT p.* FROM preferences p
WHERE NOT EXISTS (SELECT 1 FROM preferences later WHERE later.supersedes = p.preference_id);

CREATE TABLE evaluations (
    evaluation_id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES models (model_id),
    against_id INTEGER NOT NULL REFERENCES models (model_id),
    judge TEXT NOT NULL,
    job_id INTEGER NOT NULL UNIQUE REFERENCES jobs (job_id),
    win_rate REAL NOT NULL CHECK (win_rate BETWEEN 0 AND 1),
    low REAL NOT NULL CHECK (low BETWEEN 0 AND 1),
    high REAL NOT NULL CHECK (high BETWEEN 0 AND 1),
    prompts INTEGER NOT NULL CHECK (prompts > 0),
    result TEXT NOT NULL CHECK (json_valid(result)),
    created_at TEXT NOT NULL,
    CHECK (low <= high)
) STRICT;
CREATE INDEX evaluations_by_model ON evaluations (model_id);

CREATE TABLE journal (
    entry_id INTEGER PRIMARY KEY,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL CHECK (json_valid(detail)),
    created_at TEXT NOT NULL
) STRICT;

CREATE TRIGGER preferences_are_kept BEFORE UPDATE ON preferences
BEGIN SELECT RAISE(ABORT, 'a preference is never changed: supersede it'); END;
CREATE TRIGGER preferences_are_never_deleted BEFORE DELETE ON preferences
BEGIN SELECT RAISE(ABORT, 'a preference is never deleted: supersede it'); END;
CREATE TRIGGER preferences_stay_in_their_showing BEFORE INSERT ON preferences
WHEN NEW.supersedes IS NOT NULL
    AND NEW.showing_id IS NOT (SELECT showing_id FROM preferences WHERE preference_id = NEW.supersedes)
BEGIN SELECT RAISE(ABORT, 'a preference supersedes only one of its own showing'); END;
CREATE TRIGGER journal_is_kept BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER snapshots_are_immutable BEFORE UPDATE ON snapshots
BEGIN SELECT RAISE(ABORT, 'a snapshot is immutable'); END;
