"""Fills an empty home with the demo: its two models, its prompts, and some pairs that the fine-tuned one wrote."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from storage import labels, registry
from storage.database import Store
from storage.prompts import DEMO_SOURCE, NewPrompt, add_prompts
from storage.records import Model, NewCompletion
from storage.weights import weights_sha256

DEMO = Path(__file__).parent
BASE, TUNED = "demo-base", "demo"


def seed(store: Store) -> None:
    """Give a home that has no model the demo's two, and one that has no prompt the demo's prompts.

    What a home has of its own is left as it is, so that a home that begins with `model add` gets no demo model.
    """
    wants_models = not registry.models(store)
    if not store.rows("SELECT 1 FROM prompts LIMIT 1"):
        add_prompts(store, [_prompt(row) for row in _rows(DEMO / "data" / "prompts.jsonl")])
    if wants_models:
        _add_models(store)


def open_home(home: Path) -> Store:
    """The store at `home`, for work on models: what a fresh one lacks is given from the demo."""
    store = Store.open(home)
    seed(store)
    return store


def is_demo(model: Model) -> bool:
    """Whether a model is the demo's fine-tuned one, and not another that was given its name."""
    return model.name == TUNED and model.card == _card(TUNED)


def _add_models(store: Store) -> None:
    for name in (BASE, TUNED):
        _copy_whole(DEMO / "models" / name, store.models / name)
    with store.write() as db:
        if registry.models(store):  # another process, begun at the same moment, was first
            return
        base_id = registry.register(db, BASE, "base", f"models/{BASE}", DEMO_SOURCE, card=_card(BASE))
        tuned_id = registry.register(db, TUNED, "policy", f"models/{TUNED}", DEMO_SOURCE, base_id, card=_card(TUNED))
        by_text = {
            json.loads(row["messages"])[0]["content"]: row["prompt_id"]
            for row in db.query("SELECT prompt_id, messages FROM prompts WHERE source = ?", [DEMO_SOURCE])
        }
        for row in _rows(DEMO / "data" / "first_pairs.jsonl"):
            if row["prompt"] in by_text:
                _insert_pair(db, row, by_text[row["prompt"]], tuned_id)
        registry.insert_promotion(db, tuned_id, DEMO_SOURCE)


def _copy_whole(source: Path, target: Path) -> None:
    """Copy a model so that it is there whole or not at all, whoever else copies it at the same time."""
    partial = Path(tempfile.mkdtemp(prefix=".demo-", dir=target.parent))
    shutil.copytree(source, partial, dirs_exist_ok=True)
    partial.chmod(0o755)
    try:
        partial.rename(target)
    except OSError:  # it is there already
        shutil.rmtree(partial)


def _insert_pair(db: Database, row: dict[str, Any], prompt_id: int, model_id: int) -> None:
    completions = [
        NewCompletion(
            prompt_id, answer["text"], model_id, None, row["seed"], row["sampling"], answer["tokens"], answer["ended"]
        )
        for answer in row["answers"]
    ]
    a, b = labels.insert_completions(db, completions)
    labels.insert_pair(db, prompt_id, a, b, "generated", model_id)


def _prompt(row: dict[str, Any]) -> NewPrompt:
    return NewPrompt(({"role": "user", "content": row["prompt"]},), DEMO_SOURCE, row["split"])


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _card(name: str) -> dict[str, Any]:
    directory = DEMO / "models" / name
    return {**json.loads((directory / "card.json").read_text()), "weights_sha256": weights_sha256(directory)}
