"""A round: from the votes as they stand to a candidate policy with a verdict.

    snapshot -> reward (fold train) -> judge (fold judge) -> policy -> evaluation

Each stage is a job; when one is published, the next is queued in the same transaction, so a round goes on after a
crash from where it stood. The judge is a second reward model, trained on the prompts that neither the first one nor
the policy learned from, and the evaluation asks about held-out prompts that none of them has seen.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from alignment import queue, replay
from alignment.config import ONLINE, RoundRecipe, load_round_recipe
from alignment.estimate import as_it_took, estimate_round
from alignment.evaluations import evaluation_spec, reward_judge
from alignment.materialise import discard
from alignment.readiness import check_ready
from storage import continuous, jobs, prompts, ratings, registry, rounds, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.records import Model, Round, Snapshot
from storage.reports import newest_reward_model

# A round's own evaluation; `evaluate` takes more prompts and time, and no baseline.
EVALUATED = {"max_prompts": 128, "baseline_best_of": 8}


def start(store: Store, method: str, overrides: dict[str, Any], actor: str, continuous_id: int | None = None) -> int:
    """Freeze the votes and start a round on the promoted model; returns the round's id.

    With a `continuous_id` it is continuous mode that starts it. Raises UserError, and changes nothing, when
    `check_start` does, or that mode is off by then or its round not due.
    """
    recipe, parent = check_start(store, {"method": method, **overrides})
    estimate = estimate_round(store, recipe, EVALUATED, parent)
    snapshot = snapshots.take(store, recipe.exclude_labelers)
    thumbs = ratings.freeze(store, recipe.exclude_labelers) if recipe.method == "kto" else None
    with store.write() as db:
        _check_none_at_work(store)  # again, for nobody else starts one while the write lock is held
        if continuous_id is not None:
            continuous.check_due(store, continuous_id)
        round_id = rounds.insert_round(
            db,
            recipe.method,
            snapshot.snapshot_id,
            parent.model_id,
            recipe.model_dump(exclude_none=True),
            actor,
            estimate,
            thumbs,
            continuous_id,
        )
        advance(store, db, round_id)
        if not recipe.exclude_labelers:  # else the report would be on some of the votes only
            _score_the_last_reward_model(store, db, snapshot, actor)
    return round_id


def check_start(store: Store, settings: dict[str, Any]) -> tuple[RoundRecipe, Model]:
    """The recipe that these settings make, and the model that a round by it would start on now.

    Raises UserError when a round is at work, a setting is wrong, no model is promoted, or the labels or held-out
    prompts are too few; the sentence says how many are missing.
    """
    recipe = load_round_recipe(settings)
    _check_none_at_work(store)
    parent = registry.require_promoted(store)
    check_ready(store, recipe)
    return recipe, parent


def start_replay(store: Store, round_id: int, actor: str) -> int:
    """Run a finished round again on the inputs that it had, to see whether the same comes of it; returns the new id.

    Raises UserError, and changes nothing, when a round is at work, this one is not done, or an input is not as it was.
    """
    original = rounds.get(store, round_id)
    replay.check(store, original)
    with store.write() as db:
        _check_none_at_work(store)
        again = rounds.insert_replay(db, original, actor, as_it_took(jobs.of_round(store, round_id)))
        advance(store, db, again)
    return again


def advance(store: Store, db: Database, round_id: int) -> None:
    """Queue the round's next stage inside the caller's transaction, or close the round after the last one.

    A round that was cancelled while its stage was being finished goes no further.
    """
    this = rounds.to_round(next(iter(db.query("SELECT * FROM rounds WHERE round_id = ?", [round_id]))))
    if this.status != "running":
        return
    done = {
        row["stage"]: row["job_id"]
        for row in db.query("SELECT stage, job_id FROM jobs WHERE round_id = ? AND status = 'done'", [round_id])
    }
    for stage in ("reward", "judge", "policy", "evaluation"):
        if stage not in done:
            kind, spec = (_stage if this.replay_of is None else replay.stage)(store, this, stage, done)
            spec["recipe"] = queue.whole_recipe(spec["recipe"])
            jobs.enqueue(db, kind, spec, this.requested_by, round_id, stage)
            return
    rounds.close_round(db, round_id, "done")


def cancel(store: Store, round_id: int, actor: str) -> None:
    """Stop a round: its running job is told to end, and nothing further is queued."""
    with store.write() as db:
        this = rounds.get(store, round_id)
        if this.status != "running":
            raise UserError(f"Round {round_id} is {this.status} already, so there is nothing to cancel.")
        for job in jobs.of_round(store, round_id):
            if job.status in ("queued", "running"):
                jobs.request_cancel(db, job.job_id, actor)
        rounds.close_round(db, round_id, "cancelled", f"Cancelled by {actor}.")


def resume(store: Store, round_id: int, actor: str, anew: bool = False) -> None:
    """Take up a failed or cancelled round where it stood, from its newest checkpoint.

    `anew`: the stage that was stopped begins from its beginning.
    """
    with store.write() as db:
        this = rounds.get(store, round_id)
        if this.status not in ("failed", "cancelled"):
            raise UserError(f"Round {round_id} is {this.status}: only a failed or cancelled round can be resumed.")
        _check_none_at_work(store)
        stopped = [job for job in jobs.of_round(store, round_id) if job.status != "done"]
        if any(job.status == "running" for job in stopped):
            raise UserError(f"Round {round_id} is still being stopped: try again in a few seconds.")
        rounds.reopen_round(db, round_id, actor)
        if stopped:
            if anew:
                discard(store, stopped[-1].job_id)
            jobs.requeue(db, stopped[-1].job_id, actor, anew)
        else:
            advance(store, db, round_id)


def _check_none_at_work(store: Store) -> None:
    at_work = rounds.running(store)
    if at_work is not None:
        raise UserError(
            f"Round {at_work.round_id} is at work: wait for it, or cancel it with `cancel {at_work.round_id}`."
        )


def _stage(store: Store, this: Round, stage: str, done: dict[str, int]) -> tuple[str, dict[str, Any]]:
    """The kind and spec of one stage, from the round's own rows alone, so that it is the same on every try."""
    recipe = RoundRecipe.model_validate(this.recipe)
    parent = registry.get(store, this.parent_id)
    snapshot = snapshots.get(store, this.snapshot_id)
    votes = {"preferences.parquet": {"snapshot": snapshot.sha256}}
    name = f"round-{this.round_id}"
    policy = {"model_id": parent.model_id}
    if stage in ("reward", "judge"):
        settings = {**recipe.reward, "seed": recipe.seed, "fold": "train" if stage == "reward" else "judge"}
        spec_recipe = {"kind": "reward", **settings, "policy": policy, "preferences": "preferences.parquet"}
        return "reward", _spec(this, spec_recipe, votes, f"{name}-{stage}", parent.model_id)
    if stage == "policy":
        return recipe.method, _policy_spec(store, this, recipe, parent, done["reward"])
    candidate = registry.made_by(store, done["policy"])
    assert candidate is not None
    judge = jobs.get(store, done["judge"]).result or {}
    spec = evaluation_spec(
        store,
        candidate,
        parent,
        reward_judge({"job_id": done["judge"]}, judge),
        {
            **_evaluation_settings(recipe),
            "reward_model": {"job_id": done["reward"]},
            "run_snapshots": {"snapshots_of": done["policy"]},
        },
    )
    spec["publish"]["round_id"] = this.round_id
    return "evaluate", spec


def _evaluation_settings(recipe: RoundRecipe) -> dict[str, Any]:
    """Settings of the round's own evaluation; greedy answers have no best of several."""
    settings = {**EVALUATED, **recipe.evaluate, "seed": recipe.seed}
    return settings if settings.get("temperature") != 0 else {**settings, "baseline_best_of": 1}


def _policy_spec(store: Store, this: Round, recipe: RoundRecipe, parent: Model, reward_job: int) -> dict[str, Any]:
    """The stage that trains the policy: on the votes themselves, or on the reward model's scores of new completions."""
    reference = parent if recipe.reference == "parent" else first_policy(store, parent)
    spec_recipe = {
        "kind": recipe.method,
        **recipe.policy_settings(),
        "seed": recipe.seed,
        "policy": {"model_id": parent.model_id},
        "reference": {"model_id": reference.model_id},
    }
    files: dict[str, Any]
    if recipe.method in ONLINE:
        # The judge's prompts stay unseen: its opinion is worth more where the policy was not trained.
        asked = prompts.prompts_of(store, "train", fold="train")
        files = {"prompts.parquet": {"prompt_ids": [prompt.prompt_id for prompt in asked]}}
        spec_recipe |= {"reward_model": {"job_id": reward_job}, "prompts": "prompts.parquet"}
    else:
        files = {"preferences.parquet": {"snapshot": snapshots.get(store, this.snapshot_id).sha256}}
        spec_recipe |= {"preferences": "preferences.parquet"}
        if this.ratings_sha256 is not None:
            files |= {"ratings.jsonl": {"ratings": this.ratings_sha256}}
            spec_recipe |= {"ratings": "ratings.jsonl"}
    return _spec(this, spec_recipe, files, f"round-{this.round_id}", parent.model_id)


def _score_the_last_reward_model(store: Store, db: Database, snapshot: Snapshot, actor: str) -> None:
    """Queue its report on the votes of this round, which says whether it had grown stale by them."""
    model = newest_reward_model(store)
    if model is not None:
        jobs.enqueue(db, "score", queue.score_spec(model, snapshot), actor)


def _spec(this: Round, recipe: dict[str, Any], files: dict[str, Any], name: str, parent_id: int) -> dict[str, Any]:
    return {
        "recipe": recipe,
        "files": files,
        "publish": {"name": name, "parent_id": parent_id, "round_id": this.round_id},
    }


def first_policy(store: Store, model: Model) -> Model:
    """The oldest policy in a model's line: the fine-tuned model that its alignment began with."""
    while model.parent_id is not None:
        parent = registry.get(store, model.parent_id)
        if parent.kind != "policy":
            break
        model = parent
    return model
