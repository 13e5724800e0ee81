"""Held-out demonstrations: what a policy was tuned on the like of, but has never seen. Imports no torch.

An sft job leaves them beside its model, and whatever policy descends from that model is measured on them: a capability
that is lost shows there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from alignment.demo.seed import DEMO, is_demo
from storage import registry
from storage.database import Store
from storage.exchange.demonstrations import Demonstration
from storage.records import Model

HELDOUT = "heldout.jsonl"  # in the directory of an sft job; chats, as `read_demonstrations` reads them


def write_heldout(path: Path, demonstrations: Sequence[Demonstration]) -> None:
    """Write demonstrations to a file that is there whole or not at all."""
    lines = [json.dumps({"messages": list(one.messages)}, ensure_ascii=False) + "\n" for one in demonstrations]
    partial = path.with_name(f"partial-{path.name}")
    partial.write_text("".join(lines), encoding="utf-8")
    partial.replace(path)


def heldout_of(store: Store, policy: Model) -> Path | None:
    """The held-out demonstrations of the last supervised fine-tuning in a policy's line, or None.

    There are none for a model that was brought, nor where the directory of its fine-tuning is gone.
    """
    for model in line_of(store, policy):
        if model.card.get("kind") == "sft":
            folder = DEMO / "data" if is_demo(model) else Path(model.path).parent
            return folder / HELDOUT if (folder / HELDOUT).is_file() else None
    return None


def line_of(store: Store, model: Model) -> list[Model]:
    """A model, its parent, that one's parent, and so on to the first."""
    line = [model]
    while line[-1].parent_id is not None:
        line.append(registry.get(store, line[-1].parent_id))
    return line
