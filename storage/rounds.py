"""Rounds and evaluations: the rows that say what was tried and what came of it."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from storage import jobs, registry
from storage.database import MOST_ID, Store, now
from storage.errors import UserError
from storage.estimates import judged, told, took
from storage.gate import to_evaluation
from storage.journal import record
from storage.records import Evaluation, Model, Round


def insert_round(
    db: Database,
    method: str,
    snapshot_id: int,
    parent_id: int,
    recipe: dict[str, Any],
    requested_by: str,
    estimate: dict[str, Any] | None = None,
    ratings_sha256: str | None = None,
    continuous_id: int | None = None,
) -> int:
    """Open a round inside the caller's transaction; `estimate` is what it is likely to take.

    `ratings_sha256` names the frozen thumbs that its policy learns from, where it does and there are any.
    `continuous_id` says that continuous mode starts it.
    """
    cursor = db.execute(
        "INSERT INTO rounds (method, status, snapshot_id, parent_id, recipe, requested_by, created_at, estimate,"
        " ratings_sha256, continuous_id) VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            method,
            snapshot_id,
            parent_id,
            json.dumps(recipe),
            requested_by,
            now(),
            json.dumps(estimate) if estimate else None,
            ratings_sha256,
            continuous_id,
        ],
    )
    round_id = int(cursor.lastrowid or 0)
    record(db, requested_by, "start", f"round {round_id}", method=method, snapshot_id=snapshot_id)
    return round_id


def insert_replay(db: Database, original: Round, requested_by: str, estimate: dict[str, Any] | None = None) -> int:
    """Open a round that does again what another one did, inside the caller's transaction."""
    cursor = db.execute(
        "INSERT INTO rounds (method, status, snapshot_id, parent_id, recipe, requested_by, created_at, estimate,"
        " ratings_sha256, replay_of) SELECT method, 'running', snapshot_id, parent_id, recipe, ?, ?, ?,"
        " ratings_sha256, round_id FROM rounds WHERE round_id = ?",
        [requested_by, now(), json.dumps(estimate) if estimate else None, original.round_id],
    )
    round_id = int(cursor.lastrowid or 0)
    record(db, requested_by, "replay", f"round {original.round_id}", as_round=round_id)
    return round_id


def stages_as_replayed(store: Store, this: Round) -> dict[str, bool]:
    """Stage of a replay that is done to whether it gave the same as the stage that it replays."""
    results = [(job.stage, job.result or {}) for job in jobs.of_round(store, this.round_id)]
    return {stage: result["same"] for stage, result in results if "same" in result}


def replayed(store: Store, this: Round) -> str:
    """What a replay has shown so far, in a sentence; empty for another round, and before its first stage is done."""
    same = stages_as_replayed(store, this)
    if not same:
        return ""
    other = [stage for stage, equal in same.items() if not equal]
    if not other:
        so_far = "" if this.status == "done" else " so far"
        return f"The same as round {this.replay_of} to the last bit{so_far}: {', '.join(same)}."
    why = _differences(store, this) or [
        "the inputs are the same, so look for another kind of machine, or files of the first model besides its weights"
    ]
    return f"Not the same as round {this.replay_of}: {', '.join(other)}. What may be why: {'; '.join(why)}."


def _differences(store: Store, this: Round) -> list[str]:
    """What a replay could not have as the original had it, a phrase each."""
    first = {job.stage: job for job in jobs.of_round(store, this.replay_of or 0)}
    found: dict[str, None] = {}  # in order, and each once
    for job in jobs.of_round(store, this.round_id):
        had, has = ((one.result or {}).get("machine", {}) for one in (first[job.stage], job))
        for name in had:
            if name in has and had[name] != has[name]:
                found[f"{name} was {had[name]} and is {has[name]}"] = None
        if first[job.stage].shrunk:
            found[f"{job.stage} began with a larger batch, before it ran out of memory"] = None
    return list(found)


def set_candidate(db: Database, round_id: int, model_id: int) -> None:
    """Name the model that a round made."""
    db.execute("UPDATE rounds SET candidate_id = ? WHERE round_id = ?", [model_id, round_id])


def close_round(db: Database, round_id: int, status: str, error: str | None = None) -> None:
    """Close an open round as done, failed or cancelled."""
    db.execute(
        "UPDATE rounds SET status = ?, error = ?, finished_at = ? WHERE round_id = ? AND status = 'running'",
        [status, error, now(), round_id],
    )


def reopen_round(db: Database, round_id: int, actor: str) -> None:
    """Take up a failed or cancelled round again."""
    db.execute(
        "UPDATE rounds SET status = 'running', error = NULL, finished_at = NULL WHERE round_id = ?",
        [round_id],
    )
    record(db, actor, "resume", f"round {round_id}")


def get(store: Store, round_id: int) -> Round:
    """One round. Raises UserError when there is none of that number."""
    row = store.row("SELECT * FROM rounds WHERE round_id = ?", [round_id]) if abs(round_id) <= MOST_ID else None
    if row is None:
        raise UserError(f"There is no round {round_id}: `rounds` lists those there are.")
    return to_round(row)


def all_rounds(store: Store) -> list[Round]:
    """Every round, newest first."""
    return [to_round(row) for row in store.rows("SELECT * FROM rounds ORDER BY round_id DESC")]


def since(store: Store, moment: str) -> list[Round]:
    """The rounds, replays left out, that began or ended after a moment, as `now` writes it; oldest first."""
    found = store.rows(
        "SELECT * FROM rounds WHERE replay_of IS NULL AND max(created_at, coalesce(finished_at, '')) > ?"
        " ORDER BY round_id",
        [moment],
    )
    return [to_round(row) for row in found]


def running(store: Store) -> Round | None:
    """The round at work, or None."""
    row = store.row("SELECT * FROM rounds WHERE status = 'running' ORDER BY round_id LIMIT 1")
    return to_round(row) if row else None


def insert_evaluation(
    db: Database, model_id: int, against_id: int, judge: str, job_id: int, result: dict[str, Any]
) -> None:
    """Store the result of an evaluate job inside the caller's transaction."""
    db.execute(
        "INSERT INTO evaluations (model_id, against_id, judge, job_id, win_rate, low, high, prompts, result,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id) DO NOTHING",
        [
            model_id,
            against_id,
            judge,
            job_id,
            result["win_rate"],
            result["low"],
            result["high"],
            result["prompts"],
            json.dumps(result, ensure_ascii=False),
            now(),
        ],
    )


def evaluations_of(store: Store, model_id: int) -> list[Evaluation]:
    """All evaluations of a model, newest first."""
    return [
        to_evaluation(row)
        for row in store.rows("SELECT * FROM evaluations WHERE model_id = ? ORDER BY evaluation_id DESC", [model_id])
    ]


def all_evaluations(store: Store, limit: int | None = None) -> list[Evaluation]:
    """Every evaluation, or the newest so many, newest first."""
    rows = store.rows("SELECT * FROM evaluations ORDER BY evaluation_id DESC LIMIT ?", [-1 if limit is None else limit])
    return [to_evaluation(row) for row in rows]


def candidate_of(store: Store, this: Round) -> tuple[Model, Evaluation] | None:
    """A round's candidate and its evaluation by the round's own judge, once there is one."""
    own = {job.job_id for job in jobs.of_round(store, this.round_id)}
    if this.candidate_id is None:
        return None
    found = [one for one in evaluations_of(store, this.candidate_id) if one.job_id in own]
    return (registry.get(store, this.candidate_id), found[0]) if found else None


def estimated(store: Store, this: Round) -> str:
    """What a round was estimated to take and, once it is done, how wrong that was; empty where none was made."""
    if this.estimate is None:
        return ""
    if this.status != "done":
        return told(this.estimate)
    return judged(this.estimate, *took(jobs.of_round(store, this.round_id)))


def to_round(row: dict[str, Any]) -> Round:
    """A row of the rounds table as a record."""
    return Round(**{**row, "recipe": json.loads(row["recipe"]), "estimate": json.loads(row["estimate"] or "null")})
