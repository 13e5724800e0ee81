"""What the app adds to TRL: a DPO job against a bare script, and how soon a job trains that is asked of a warm worker.

    python benchmarks/overhead.py [--runs N] [--labels K] [--starts N] [--home DIR]

The two train the demo model on the same votes with the same TRL config, in turn, each in a process of its own with one
thread. Timed from when the libraries are imported (as they are in a warm worker) until the model is on disk, so the
job's time has its checkpoints, its metrics and its measuring on unseen votes in it, of which the bare script does
nothing. The second table is the time from the moment a job is asked for to the beginning of its training. CPU time
stands beside wall time, for on a machine that others use too only it can be compared.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import yaml
from steering import ROOT, TASTES, command

sys.path.insert(0, str(ROOT))

from alignment.jobdir import job_environment
from alignment.queue import submit
from alignment.worker import Worker
from storage import jobs, registry, snapshots
from storage.database import Store

# Student's t, two-sided 95 %, by degrees of freedom.
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
STARTED = ("reward", "dpo", "kto")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=4, help="Of either, from 2 to 10.")
    parser.add_argument("--labels", type=int, default=300)
    parser.add_argument("--starts", type=int, default=3, help="Of each kind of job.")
    parser.add_argument(
        "--home", type=Path, help="A home with votes in it, in place of a new one with simulated votes."
    )
    parser.add_argument("--child", nargs=2, metavar=("WHICH", "DIR"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder, "home")
        if options.home is None:
            command(home, "simulate", "--utility", f"{TASTES}:kind", "--labels", str(options.labels), "--seed", "0")
        store = Store.open(home)
        compare(store, Path(folder), options.runs)
        measure_starts(store, options.starts)


def compare(store: Store, folder: Path, runs: int) -> None:
    """Job and bare script in turn; prints each pair of runs, and the ratio with its interval."""
    template = folder / "template"
    write_job(store, template)
    ratios: dict[str, list[float]] = {"wall": [], "cpu": []}
    print(f"{'run':>3} {'job wall':>9} {'cpu':>7} {'bare wall':>10} {'cpu':>7}   wall ratio, cpu ratio", flush=True)
    for run in range(runs):
        took = {}
        for which in ("job", "bare") if run % 2 else ("bare", "job"):
            directory = folder / f"{which}-{run}"
            shutil.copytree(template, directory)
            took[which] = timed_process(which, directory)
        for clock, found in ratios.items():
            found.append(took["job"][clock] / took["bare"][clock])
        job, bare = took["job"], took["bare"]
        print(
            f"{run:>3} {job['wall']:>8.1f}s {job['cpu']:>6.1f}s {bare['wall']:>9.1f}s {bare['cpu']:>6.1f}s"
            f"   {ratios['wall'][-1]:.3f}, {ratios['cpu'][-1]:.3f}",
            flush=True,
        )
    for clock, found in ratios.items():
        middle, low, high = geometric_mean(found)
        print(f"{clock}: the job takes {middle:.3f} [{low:.3f}, {high:.3f}] times as long")


def geometric_mean(ratios: list[float]) -> tuple[float, float, float]:
    """The geometric mean of ratios, with its 95 % interval by Student's t on their logarithms."""
    logs = [math.log(ratio) for ratio in ratios]
    middle = statistics.mean(logs)
    half = T[len(logs) - 1] * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(middle), math.exp(middle - half), math.exp(middle + half)


def write_job(store: Store, directory: Path) -> None:
    """A dpo job's directory, as a round makes it."""
    directory.mkdir()
    shutil.copyfile(snapshots.take(store).path, directory / "preferences.parquet")
    policy = registry.require_promoted(store).path
    recipe = {"kind": "dpo", "policy": policy, "reference": policy, "threads": 1}
    (directory / "recipe.yaml").write_text(yaml.safe_dump(recipe))


def timed_process(which: str, directory: Path) -> dict[str, float]:
    """Seconds of wall and CPU time that a fresh process takes, its imports left out."""
    line = [sys.executable, __file__, "--child", which, str(directory)]
    environment = {**os.environ, **job_environment(), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(line, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{which}: {done.stderr[-800:]}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def child(which: str, directory: str) -> None:
    """Do the work of either in this process, and print what it took."""
    import alignment.dpo  # noqa: F401
    from alignment.jobdir import JobDir
    from alignment.run import run_job

    answer = os.dup(1)
    wall, cpu = time.perf_counter(), time.process_time()
    if which == "job":
        if run_job(JobDir(directory)) != 0:
            raise SystemExit(JobDir(directory).log.read_text()[-800:])
    else:
        bare(Path(directory))
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    os.write(answer, f"{json.dumps(took)}\n".encode())


def bare(directory: Path) -> None:
    """What a script without the app would be: TRL's own trainer on the same votes, and nothing else."""
    import pyarrow.parquet as pq
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    from alignment.dpo import loss_arguments
    from alignment.jobdir import JobDir
    from alignment.learning_rates import default_learning_rate
    from alignment.training import trainer_config

    torch.set_num_threads(1)
    job = JobDir(directory)
    recipe: Any = job.recipe()
    tokenizer = AutoTokenizer.from_pretrained(recipe.policy)
    model = AutoModelForCausalLM.from_pretrained(recipe.policy, dtype=torch.float32)
    rows = []
    for row in pq.read_table(directory / "preferences.parquet").to_pylist():
        if row["fold"] == "train" and row["verdict"] in ("a", "b"):
            sides = [[{"role": "assistant", "content": row[f"completion_{side}"]}] for side in "ab"]
            chosen, rejected = sides if row["verdict"] == "a" else sides[::-1]
            rows.append({"prompt": row["prompt"], "chosen": chosen, "rejected": rejected})
    rate = default_learning_rate("dpo", recipe.tuning, model.num_parameters())
    config = trainer_config(DPOConfig, job, recipe, rate, **loss_arguments(recipe))
    trainer = DPOTrainer(model, args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
    trainer.train()
    trainer.save_model(str(directory / "model"))


def measure_starts(store: Store, starts: int) -> None:
    """Ask a warm worker for jobs of each kind; prints how long each took to begin its training."""
    with Worker(store) as worker:
        over = threading.Event()
        thread = threading.Thread(target=worker.run_until, args=[over.is_set])
        thread.start()
        start(store, "reward", 0)  # the worker is warm from here on
        print(f"\n{'job':<7} {'wall':>14} {'cpu':>14}   from asking to training, median of {starts} (most)")
        for kind in STARTED:
            wall, cpu = zip(*(start(store, kind, seed) for seed in range(1, starts + 1)), strict=True)
            told = [f"{statistics.median(took):6.2f}s ({max(took):.2f})" for took in (wall, cpu)]
            print(f"{kind:<7} {told[0]:>14} {told[1]:>14}", flush=True)
        over.set()
        thread.join()


def start(store: Store, kind: str, seed: int) -> tuple[float, float]:
    """Seconds until a job's training began, and its own CPU time by then; it is let run to its end."""
    policy = {"model_id": registry.require_promoted(store).model_id}
    inputs = {} if kind == "reward" else {"reference": policy}
    spec = {
        "recipe": {
            "kind": kind,
            "policy": policy,
            "seed": seed,
            "max_steps": 1,
            "threads": 1,
            **inputs,
        },
        "files": {"preferences.parquet": {"snapshot": snapshots.take(store).sha256}},
        "publish": {"name": f"{kind}-{seed}", "parent_id": policy["model_id"]},
    }
    asked = time.time()
    job_id = submit(store, kind, spec, "benchmark")
    metrics = store.jobs / str(job_id) / "metrics.jsonl"
    cpu = 0.0
    while (job := jobs.get(store, job_id)).status in ("queued", "running"):
        if not metrics.exists():
            cpu = job_cpu() or cpu
        time.sleep(0.02)
    if job.status != "done":
        raise SystemExit(f"{kind}: {job.error}")
    first = json.loads(metrics.read_text().splitlines()[0])
    return float(first["time"]) - asked, cpu


def job_cpu() -> float:
    """CPU seconds of the process that the warm one forked for the job; 0 where there is none."""
    forked = [child for warm in psutil.Process().children() for child in warm.children()]
    try:
        return sum(child.cpu_times().user + child.cpu_times().system for child in forked)
    except psutil.NoSuchProcess:
        return 0.0


if __name__ == "__main__":
    main()
