"""A fine-tuned model by the command line alone: it answers, is ranked, and a round starts from it."""

from __future__ import annotations

import json
from pathlib import Path

from alignment.models import load_policy
from storage import registry
from storage.database import Store
from tests.conftest import add_texts
from tests.sft_jobs import records
from tests.test_commands import Call, answered, call, llama

__all__ = ["call", "llama"]  # fixtures


def test_a_fine_tuned_model_is_ranked_and_aligned_at_once(call: Call, tmp_path: Path, llama: Path) -> None:
    store = Store.open(tmp_path / "home")
    things = [f"Tell me the number {n * n * 7} of the things by the sea" for n in range(60)]
    add_texts(store, *things[:50])
    add_texts(store, *things[50:], split="heldout")
    answered(call("model", "add", str(llama), "--name", "one", "--kind", "base", "--json"))
    (tmp_path / "records.json").write_text(json.dumps(records()))
    settings = ["--set", "heldout_share=0.2", "--set", "max_steps=4", "--set", "lora_targets=q_proj,v_proj"]
    command = ["sft", "records.json", "--name", "tuned", "--base", "one", "--tuning", "lora", *settings]
    result = answered(call(*command, "--json"))
    assert result["name"] == "tuned"
    assert 0 < float(str(result["trainable_share"])) < 0.1
    assert float(str(result["loss_after"])) < float(str(result["loss_before"]))
    tuned = registry.by_name(store, "tuned")
    assert (tuned.kind, tuned.parent) == ("policy", "one")
    assert tuned.card["figures"]["heldout_records"] == result["heldout_records"]
    assert load_policy(tuned.path)[1].chat_template
    answered(call("model", "promote", "tuned", "--json"))
    (tmp_path / "taste.py").write_text("def longer(prompt, completion):\n    return len(completion)\n")
    votes = ["simulate", "--utility", "taste.py:longer", "--labels", "40", "--json"]
    assert answered(call(*votes))["votes"] == 40
    started = answered(call("round", "--json"))
    assert started["status"] == "running"
    round_row = store.row("SELECT parent_id FROM rounds")
    assert round_row == {"parent_id": tuned.model_id}
