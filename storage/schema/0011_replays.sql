-- A round that does again what another one did, on the same inputs, to see whether the same comes of it.
ALTER TABLE rounds ADD COLUMN replay_of INTEGER REFERENCES rounds (round_id);
