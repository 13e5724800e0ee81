"""Fine-tuning here against a bare script with TRL's SFTTrainer: the same records, seed and config, by turns.

    python -m benchmarks.sft_overhead [--records N] [--repeats K]

The bare script loads the model, hands TRL the conversations as prompt and completion, trains and saves. Ours does that
as a job does it, checkpoints, metrics and the two measurements of the held-out loss included. Times are of the
processor (one thread), so that whatever else the machine does weighs little.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
import yaml
from datasets import Dataset
from transformers import set_seed
from trl import SFTConfig, SFTTrainer

from alignment import sft
from alignment.encoding import encode_demonstrations
from alignment.heldout import heldout_loss
from alignment.jobdir import JobDir
from alignment.models import load_policy
from alignment.recipes.supervised import SftRecipe
from storage.exchange.demonstrations import Demonstration, read_demonstrations

DEMO = Path("alignment/demo")
MODEL = DEMO / "models" / "demo-base"
RATE, BATCH = 1e-3, 16


def main() -> None:
    """Print a line for each run, and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=960)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    every = read_demonstrations(DEMO / "data" / "instructions.json.gz")
    given, unseen = every[: asked.records], every[-200:]
    found: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
    for _ in range(asked.repeats):
        for name, way in (("bare", bare), ("ours", ours)):
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(way(Path(folder), given, unseen))
            print(name, {key: round(value, 4) for key, value in found[name][-1].items()}, flush=True)
    for figure in ("training", "whole"):
        times = {name: median(run[figure] for run in runs) for name, runs in found.items()}
        print(f"{figure}: {times['ours'] / times['bare']:.3f} times the bare script's processor time")


def bare(folder: Path, given: list[Demonstration], unseen: list[Demonstration]) -> dict[str, float]:
    """The script that a reader of TRL's manual would write."""
    began = time.process_time()
    set_seed(0)
    model, tokenizer = load_policy(MODEL)
    rows = [{"prompt": list(one.messages[:-1]), "completion": [one.messages[-1]]} for one in given]
    config = SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=BATCH,
        num_train_epochs=1,
        learning_rate=RATE,
        warmup_steps=0.05,
        lr_scheduler_type="linear",
        seed=0,
        data_seed=0,
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = SFTTrainer(model=model, args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
    training = timed(trainer.train)
    trainer.save_model(str(folder / "model"))
    whole = time.process_time() - began
    return {"training": training, "whole": whole, "loss": loss_of(trainer.model, tokenizer, unseen)}


def ours(folder: Path, given: list[Demonstration], unseen: list[Demonstration]) -> dict[str, float]:
    """The same as a job."""
    for name, part in (("given", given), ("unseen", unseen)):
        lines = [json.dumps({"messages": list(one.messages)}) for one in part]
        (folder / f"{name}.jsonl").write_text("\n".join(lines))
    recipe = {"model": str(MODEL.resolve()), "instructions": "given.jsonl", "heldout": "unseen.jsonl", "epochs": 1}
    settings = {"kind": "sft", **recipe, "learning_rate": RATE, "batch_size": BATCH, "threads": 1}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(settings))
    job = JobDir(folder)
    checked = job.recipe()
    assert isinstance(checked, SftRecipe)
    training: list[float] = []
    train = sft.train

    def clocked(*arguments: Any, **named: Any) -> float:
        loss: list[float] = []
        training.append(timed(lambda: loss.append(train(*arguments, **named))))
        return loss[0]

    sft.train = clocked
    try:
        whole = timed(lambda: (set_seed(0), sft.run(job, checked)))
    finally:
        sft.train = train
    return {"training": training[0], "whole": whole, "loss": loss_of(*load_policy(job.model), unseen)}


def loss_of(model: Any, tokenizer: Any, unseen: list[Demonstration]) -> float:
    """Nats an answer token on records that neither has seen."""
    examples = encode_demonstrations(tokenizer, unseen, 1024).examples
    return heldout_loss(model, examples, tokenizer.pad_token_id, BATCH).mean


def timed(work: Callable[[], Any]) -> float:
    """Seconds of processor time that it takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
