"""Lineage: whose votes, thumbs and demonstrations are behind a model, and which models somebody has shaped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignment.lineage_commands import lineage_command, shaped_by_command, tree
from labeling import session
from labeling.accounts import ensure_user
from labeling.rating import rate
from storage import demonstrations, jobs, ratings, registry, rounds, snapshots
from storage.database import Store
from storage.errors import UserError
from storage.lineage import influence, labelers_behind, lineage, who
from storage.prompts import fold_of, prompt_hash
from storage.records import Message
from tests.conftest import add_pairs


def vote(store: Store, labeler: str, votes: dict[str, str]) -> None:
    """Let somebody vote on a new pair for each of these: a prompt of this fold, and the verdict as shown."""
    ensure_user(store, labeler, "labeler")
    for name, shown in votes.items():
        fold = name.rstrip("0123456789")
        tag = next(
            tag for tag in (f"{labeler.strip('<>')}{name}{n}x" for n in range(99)) if _fold(f"Question {tag}0?") == fold
        )
        add_pairs(store, 1, tag=tag)
        (showing,) = session.serve(store, labeler, 1)
        session.vote(store, labeler, showing.showing_id, shown, 2 if shown in ("left", "right") else 0, f"key-{name}")


def _fold(question: str) -> str:
    return fold_of(prompt_hash([{"role": "user", "content": question}]))


def trained(store: Store, name: str, kind: str, parent: str | None = None, **card: Any) -> int:
    """Register a model as the job that made it would; returns the job."""
    spec = {"recipe": {"made": name}, "files": {}}
    with store.write() as db:
        job_id = jobs.enqueue(db, kind, spec, "test")
        parent_id = registry.by_name(store, parent).model_id if parent else None
        card = {"kind": kind, **card}
        whole = "reward" if kind == "reward" else "policy"
        registry.register(db, name, whole, f"models/{name}", "test", parent_id, job_id, card)
    return job_id


def of_votes(store: Store) -> dict[str, Any]:
    return {"preferences.parquet": {"snapshot": snapshots.take(store).sha256}}


def start(store: Store) -> dict[str, int]:
    """A fine-tuned model without votes behind it, as a recipe refers to it."""
    trained(store, "tuned", "sft")
    return {"model_id": registry.by_name(store, "tuned").model_id}


def behind(store: Store, name: str) -> dict[str, tuple[int, int, int]]:
    """Votes, thumbs and demonstrations by labeler."""
    rows = who(lineage(store, name).behind)
    return {row["labeler"]: (row["votes"], row["thumbs"], row["demonstrations"]) for row in rows}


def test_a_model_was_shaped_by_the_votes_of_its_fold_that_its_method_learns_from(store: Store) -> None:
    tuned = start(store)
    vote(store, "ann", {"train1": "left", "train2": "tie", "judge1": "right"})
    vote(store, "bob", {"train1": "right", "train2": "both_bad", "train3": "left"})
    inputs = of_votes(store)
    for name, kind, fold in (("r", "reward", "train"), ("j", "reward", "judge"), ("d", "dpo", "train")):
        trained(store, name, kind, "tuned", inputs=inputs, recipe={"policy": tuned, "fold": fold})
    trained(store, "k", "kto", "tuned", inputs=inputs, recipe={"policy": tuned, "fold": "train", "pairs": False})
    assert behind(store, "r") == {"ann": (2, 0, 0), "bob": (3, 0, 0)}
    assert behind(store, "j") == {"ann": (1, 0, 0)}
    assert behind(store, "d") == {"ann": (1, 0, 0), "bob": (2, 0, 0)}
    assert behind(store, "k") == {"bob": (1, 0, 0)}
    assert behind(store, "tuned") == {}


def test_votes_come_through_the_parent_and_the_reward_model_and_each_counts_once(store: Store) -> None:
    tuned = start(store)
    vote(store, "ann", {"train1": "left", "train2": "right"})
    first = of_votes(store)
    trained(store, "round-1", "dpo", "tuned", inputs=first, recipe={"policy": tuned, "reference": tuned})
    one = {"model_id": registry.by_name(store, "round-1").model_id}
    vote(store, "bob", {"train1": "left"})
    reward = trained(store, "reward", "reward", "round-1", inputs=of_votes(store), recipe={"policy": one})
    recipe = {"policy": one, "reference": tuned, "reward_model": {"job_id": reward}}
    trained(store, "round-2", "ppo", "round-1", inputs={"prompts.parquet": {"prompt_ids": [1]}}, recipe=recipe)
    assert behind(store, "round-2") == {"ann": (2, 0, 0), "bob": (1, 0, 0)}
    found = lineage(store, "round-2")
    assert [one.model.name for one in found.ancestors] == ["round-2", "round-1", "tuned", "reward"]
    names = {one.model.model_id: one.model.name for one in found.ancestors}
    assert {names[origin]: roles for origin, roles in found.ancestors[0].origins} == {
        "round-1": ("parent",),
        "tuned": ("reference",),
        "reward": ("reward model",),
    }
    assert labelers_behind(store, registry.by_name(store, "round-2")) == ["ann", "bob"]


def test_a_labeler_shaped_the_models_that_learned_from_them_and_those_that_came_from_these(store: Store) -> None:
    tuned = start(store)
    vote(store, "ann", {"train1": "left"})
    trained(store, "round-1", "dpo", "tuned", inputs=of_votes(store), recipe={"policy": tuned})
    one = {"model_id": registry.by_name(store, "round-1").model_id}
    without = {"preferences.parquet": {"snapshot": "0" * 64}}
    vote(store, "bob", {"train1": "left"})
    trained(store, "round-2", "dpo", "round-1", inputs=of_votes(store), recipe={"policy": one})
    trained(store, "lost", "dpo", "tuned", inputs=without, recipe={"policy": tuned})
    found = influence(store, "bob")
    assert [(one.model.name, one.itself, one.votes) for one in found.shaped] == [("round-2", True, 1)]
    assert found.untold == ("lost",)
    session.undo(store, "ann", "undo")
    by_ann = [(one.model.name, one.itself, one.votes) for one in influence(store, "ann").shaped]
    assert by_ann == [("round-1", True, 1), ("round-2", True, 1)]


def test_thumbs_and_demonstrations_count_apart(store: Store) -> None:
    ensure_user(store, "ann", "labeler")
    add_pairs(store, 1)
    (showing,) = session.serve(store, "ann", 1)
    demonstrations.write(store, "ann", showing.showing_id, "As I would say it.")
    written = demonstrations.freeze(store)
    copied = {"demonstrations.jsonl": {"copy": str(written), "sha256": written.stem.removeprefix("demonstrations-")}}
    trained(store, "tuned", "sft", inputs=copied)
    tuned = registry.by_name(store, "tuned").model_id
    for fold in ("train", "judge"):
        asked = next(f"Why {n}?" for n in range(99) if _fold(f"Why {n}?") == fold)
        prompt: list[Message] = [{"role": "user", "content": asked}]
        rate(store, "ann", prompt, tuned, "So.", "up", "key")
    thumbs = {"ratings.jsonl": {"ratings": ratings.freeze(store)}}
    trained(store, "round-1", "kto", "tuned", inputs=thumbs, recipe={"policy": {"model_id": tuned}})
    assert behind(store, "round-1") == {"ann": (0, 1, 1)}
    assert behind(store, "tuned") == {"ann": (0, 0, 1)}


def test_the_commands_say_the_same_as_the_records(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    tuned = start(store)
    vote(store, "ann", {"train1": "left"})
    recipe = {"policy": tuned, "reference": tuned, "beta": 0.1, "seed": 3}
    trained(store, "round-1", "dpo", "tuned", inputs=of_votes(store), recipe=recipe, figures={"loss": 0.51239})
    lineage_command("round-1", store.home, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["labelers"] == [{"labeler": "ann", "votes": 1, "thumbs": 0, "demonstrations": 0}]
    assert [model["name"] for model in told["models"]] == ["round-1", "tuned"]
    assert told["models"][0]["from"] == [{"model": "tuned", "as": ["parent", "reference"]}]
    assert told["models"][0]["learned_from"][0]["labelers"] == {"ann": 1}
    sha256 = told["models"][0]["learned_from"][0]["sha256"]
    (policy,) = (one["model"] for one in told["models"][0]["learned_from"][0]["writers"])
    assert tree(lineage(store, "round-1")) == [
        "round-1 (policy, registered): made by dpo",
        f"  - learned from 1 vote by ann, on answers of {policy} (file {sha256[:12]})",
        "  - recipe: seed 3, beta 0.1",
        "  - figures: loss 0.512",
        "  parent and reference: tuned (policy, registered): made by sft",
    ]
    shaped_by_command("ann", store.home, as_json=True)
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["models"]] == ["round-1"]


def test_a_comparison_says_what_it_rests_on_and_steps_stand_in_for_epochs(store: Store) -> None:
    tuned = start(store)
    recipe = {"policy": tuned, "epochs": 3, "max_steps": 200}
    vote(store, "ann", {"train1": "left"})
    trained(store, "round-1", "dpo", "tuned", inputs=of_votes(store), recipe=recipe)
    new = registry.by_name(store, "round-1").model_id
    with store.write() as db:
        for number, best_of in enumerate((1, 4)):
            job_id = jobs.enqueue(db, "evaluate", {"of": number}, "test")
            result = {"win_rate": 0.62, "low": 0.25, "high": 0.88, "prompts": 24, "best_of": best_of}
            found = result if best_of > 1 else {key: value for key, value in result.items() if key != "best_of"}
            rounds.insert_evaluation(db, new, tuned["model_id"], "votes", job_id, found)
    lines = tree(lineage(store, "round-1"))
    assert "  - recipe: max_steps 200" in lines
    assert "  - wins 62% against tuned (25% to 88%), on 24 prompts, by votes" in lines
    assert "  - wins 62% against tuned (25% to 88%), with the best of 4 answers, on 24 prompts, by votes" in lines


def test_unknown_names_are_refused(store: Store) -> None:
    vote(store, "annabel", {"train1": "left"})
    with pytest.raises(UserError, match=r"demonstration of 'anabel'\. Did you mean 'annabel'\?"):
        influence(store, "anabel")
    with pytest.raises(UserError, match="There is no model named 'round-9'"):
        lineage(store, "round-9")


def test_a_file_that_is_gone_is_said(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    tuned = start(store)
    vote(store, "ann", {"train1": "left"})
    trained(store, "round-1", "dpo", "tuned", inputs=of_votes(store), recipe={"policy": tuned})
    for file in store.snapshots.iterdir():
        Path(file).unlink()
    lineage_command("round-1", store.home)
    said = capsys.readouterr().out
    assert "learned from votes in a file that is gone or damaged" in said
    assert "What round-1 learned from is gone or damaged, so of that nothing can be said." in said
