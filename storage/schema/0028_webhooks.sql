-- Webhooks, and the outbox of what they are told. A trigger puts a delivery there in the very transaction of what it tells
-- of, so that neither is there without the other; while nobody asked for an event, its trigger does nothing.
-- `failures` in a row make the pauses longer, until `next_at`. Payloads are as https://www.standardwebhooks.com has them.
CREATE TABLE webhooks (
    webhook_id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    on_vote INTEGER NOT NULL CHECK (on_vote IN (0, 1)),
    on_round INTEGER NOT NULL CHECK (on_round IN (0, 1)),
    on_promotion INTEGER NOT NULL CHECK (on_promotion IN (0, 1)),
    failures INTEGER NOT NULL DEFAULT 0,
    next_at TEXT NOT NULL DEFAULT '',
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    removed_at TEXT
) STRICT;

CREATE TABLE deliveries (
    delivery_id INTEGER PRIMARY KEY,
    webhook_id INTEGER NOT NULL REFERENCES webhooks (webhook_id),
    message_id TEXT NOT NULL UNIQUE,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    delivered_at TEXT,
    given_up_at TEXT,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_waiting ON deliveries (webhook_id, delivery_id) WHERE delivered_at IS NULL AND given_up_at IS NULL;
CREATE INDEX deliveries_ended ON deliveries (delivered_at) WHERE delivered_at IS NOT NULL;

-- Votes that came in a file are told by nobody: whoever imported them knows.
CREATE TRIGGER votes_are_told AFTER INSERT ON preferences
WHEN EXISTS (SELECT 1 FROM webhooks WHERE on_vote AND removed_at IS NULL)
BEGIN
    INSERT INTO deliveries (webhook_id, message_id, payload, created_at)
    SELECT w.webhook_id, 'msg_' || lower(hex(randomblob(16))),
        json_object('type', 'vote', 'timestamp', NEW.created_at, 'data', json_object(
            'preference_id', NEW.preference_id, 'supersedes', NEW.supersedes, 'pair_id', s.pair_id,
            'prompt_id', r.prompt_id, 'source', r.source, 'labeler', s.labeler, 'verdict', NEW.verdict,
            'strength', NEW.strength, 'seconds', NEW.seconds)),
        NEW.created_at
    FROM showings s JOIN pairs r USING (pair_id) CROSS JOIN webhooks w
    WHERE s.showing_id = NEW.showing_id AND r.source <> 'imported' AND w.on_vote AND w.removed_at IS NULL;
END;

CREATE TRIGGER rounds_are_told AFTER UPDATE OF status ON rounds
WHEN NEW.status IN ('done', 'failed') AND OLD.status <> NEW.status
    AND EXISTS (SELECT 1 FROM webhooks WHERE on_round AND removed_at IS NULL)
BEGIN
    INSERT INTO deliveries (webhook_id, message_id, payload, created_at)
    SELECT w.webhook_id, 'msg_' || lower(hex(randomblob(16))),
        json_object('type', 'round', 'timestamp', NEW.finished_at, 'data', json_object(
            'round_id', NEW.round_id, 'method', NEW.method, 'status', NEW.status, 'error', NEW.error,
            'candidate', (SELECT name FROM models WHERE model_id = NEW.candidate_id),
            'replay_of', NEW.replay_of, 'requested_by', NEW.requested_by)),
        NEW.finished_at
    FROM webhooks w WHERE w.on_round AND w.removed_at IS NULL;
END;

CREATE TRIGGER promotions_are_told AFTER INSERT ON promotions
WHEN EXISTS (SELECT 1 FROM webhooks WHERE on_promotion AND removed_at IS NULL)
BEGIN
    INSERT INTO deliveries (webhook_id, message_id, payload, created_at)
    SELECT w.webhook_id, 'msg_' || lower(hex(randomblob(16))),
        json_object('type', 'promotion', 'timestamp', NEW.created_at, 'data', json_object(
            'promotion_id', NEW.promotion_id, 'model', (SELECT name FROM models WHERE model_id = NEW.model_id),
            'actor', NEW.actor, 'reason', NEW.reason)),
        NEW.created_at
    FROM webhooks w WHERE w.on_promotion AND w.removed_at IS NULL;
END;
