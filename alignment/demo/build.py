"""Rebuilds the demo model with the product's own commands: `make demo-model`, under an hour on two cores.

    data -> pretrain (demo-base) -> sft (demo) -> the first pairs, and twenty unselected ones for docs/demo-model.md

Everything happens in a home of its own, through the same queue and worker as anybody's training.
"""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from alignment import queue
from alignment.demo import build_data
from alignment.demo.seed import BASE, DEMO, TUNED
from alignment.heldout_demonstrations import HELDOUT, write_heldout
from alignment.materialise import directory_of
from alignment.waiting import wait_for_job
from alignment.worker import Worker
from storage import registry
from storage.database import Store
from storage.exchange.demonstrations import read_demonstrations
from storage.prompts import NewPrompt, add_prompts, prompts_of
from storage.records import Model, Prompt, Split, prompt_text

HOME = Path("build/demo-home")
REPORT = Path("docs/demo-model.md")
PRETRAIN: dict[str, Any] = {
    "vocab_size": 4096,
    "hidden_size": 160,
    "heads": 5,
    "layers": 6,
    "epochs": 3.5,
    "threads": 2,
    "save_dtype": "bfloat16",
}
SFT: dict[str, Any] = {"tuning": "full", "epochs": 3, "threads": 2, "save_dtype": "bfloat16"}
FIRST_PAIRS = 60
SHOWN_PAIRS = 20
MEASURED_PAIRS = 256
KEPT_DEMONSTRATIONS = 256
ACTOR = "demo"


def main() -> None:
    """Build the data, both models, the first pairs and the report."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    build_data.main()
    shutil.rmtree(HOME, ignore_errors=True)
    store = Store.open(HOME)
    rows = [json.loads(line) for line in build_data.PROMPTS.read_text().splitlines()]
    add_prompts(store, [NewPrompt(({"role": "user", "content": row["prompt"]},), ACTOR, row["split"]) for row in rows])
    with Worker(store) as worker:
        wait_for_job(store, worker, queue.pretrain(store, build_data.PRETRAIN_TEXT, BASE, PRETRAIN, ACTOR))
        base = registry.by_name(store, BASE)
        wait_for_job(store, worker, queue.sft(store, build_data.INSTRUCTIONS, base, TUNED, SFT, ACTOR))
        tuned = registry.by_name(store, TUNED)
        for model in (base, tuned):
            keep(model)
        keep_demonstrations(tuned)
        first = answers(store, worker, tuned, "train", FIRST_PAIRS)
        measured = answers(store, worker, tuned, "heldout", MEASURED_PAIRS)
    lines = [json.dumps(pair, ensure_ascii=False) + "\n" for pair in first if differ(pair)]
    (DEMO / "data" / "first_pairs.jsonl").write_text("".join(lines))
    REPORT.write_text(report(base, tuned, first, measured))


def keep(model: Model) -> None:
    """Put a model where a fresh home finds it, with its figures beside it."""
    target = DEMO / "models" / model.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(model.path, target)
    card = {"kind": model.card["kind"], "recipe": model.card["recipe"], "figures": model.card["figures"]}
    (target / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def keep_demonstrations(tuned: Model) -> None:
    """Put some of the demonstrations that it was measured on where every policy that descends from it finds them."""
    held_out = read_demonstrations(Path(tuned.path).parent / HELDOUT)
    write_heldout(DEMO / "data" / HELDOUT, held_out[:KEPT_DEMONSTRATIONS])


def answers(store: Store, worker: Worker, model: Model, split: Split, count: int) -> list[dict[str, Any]]:
    """Two answers to each of `count` prompts of a split, at the product's own sampling settings."""
    prompts: dict[int, Prompt] = {prompt.prompt_id: prompt for prompt in prompts_of(store, split, limit=count)}
    spec = {
        "recipe": {"kind": "generate", "seed": 0, "policy": {"model_id": model.model_id}},
        "files": {"prompts.parquet": {"prompt_ids": list(prompts)}},
        "publish": {"model_id": model.model_id},
    }
    job = wait_for_job(store, worker, queue.submit(store, "generate", spec, ACTOR))
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in pq.read_table(directory_of(store, job.job_id) / "completions.parquet").to_pylist():
        groups.setdefault(row["prompt_id"], []).append(row)
    return [
        {
            "prompt": prompt_text(prompts[prompt_id].messages),
            "seed": pair[0]["seed"],
            "sampling": {"temperature": 0.9, "max_new_tokens": 96},
            "answers": [{name: row[name] for name in ("text", "tokens", "ended")} for row in pair],
        }
        for prompt_id, pair in groups.items()
    ]


def differ(pair: dict[str, Any]) -> bool:
    """Whether a pair has something to choose between."""
    a, b = (answer["text"].strip() for answer in pair["answers"])
    return bool(a) and bool(b) and a != b


def report(base: Model, tuned: Model, first: list[dict[str, Any]], measured: list[dict[str, Any]]) -> str:
    """The page docs/demo-model.md: figures, then twenty pairs of each side of the split as they came."""
    every = [answer for pair in measured for answer in pair["answers"]]
    ended = sum(answer["ended"] for answer in every) / len(every)
    differing = sum(map(differ, measured)) / len(measured)
    figures = tuned.card["figures"]
    lines = [
        "# The demo model",
        "",
        "A small Llama-type model that a fresh machine can rank, train and chat with, without any hub. It writes short",
        "answers about everyday things, in manners from terse to rambling, so that there is something to prefer. It is",
        "no source of facts. `make demo-model` rebuilds it from the text in `alignment/demo/` with the commands",
        "`pretrain` and `sft`; this page is written by the same run.",
        "",
        "| | |",
        "| --- | --- |",
        f"| parameters | {figures['parameters']:,} |",
        f"| base: held-out perplexity a token | {base.card['figures']['perplexity']:.2f} |",
        f"| instructions: held-out loss before tuning | {figures['loss_before']:.3f} |",
        f"| instructions: held-out loss after tuning | {figures['loss_after']:.3f} |",
        f"| time to train the base | {base.card['figures']['seconds'] / 60:.0f} minutes |",
        f"| time to tune | {figures['seconds'] / 60:.0f} minutes |",
        f"| answers that end by themselves within 96 tokens, temperature 0.9 | {ended:.1%} of {len(every)} |",
        f"| pairs whose answers differ | {differing:.1%} of {len(measured)} |",
        "",
        "The prompts behind the last two lines are held out: no training had them, nor their topics in such a task.",
        f"All pairs below are the first {SHOWN_PAIRS} of their run, in its order; none was left out. People rank pairs",
        "of the first kind, and there most answers are fluent and about the prompt. On topics that it never met, it",
        "keeps the manner and often misses the matter.",
    ]
    for title, pairs in (("Prompts to rank", first), ("Held-out prompts", measured)):
        lines += ["", f"## {title}"]
        for number, pair in enumerate(pairs[:SHOWN_PAIRS], 1):
            lines += ["", f"### {number}", "", *quoted(pair["prompt"]), ""]
            for side, answer in zip("AB", pair["answers"], strict=True):
                lines += [f"**{side}**", "", "```text", answer["text"], "```", ""]
            lines.pop()
    return "\n".join(lines) + "\n"


def quoted(text: str) -> list[str]:
    """A text as a Markdown quotation."""
    return [f"> {line}".rstrip() for line in text.splitlines()]


if __name__ == "__main__":
    main()
