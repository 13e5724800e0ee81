"""PPO side by side: Plumbline's, and that of TRL 1.12, which was TRL's last release with a PPO trainer.

    python benchmarks/ppo.py [--shape demo|32k ...] [--seeds K] [--rollouts N] [--rate R] [--work DIR]

Both start from the same policy and reward model and see the same prompts, lengths, epochs and optimizer steps, in turn,
on one thread each, in float32, without gradient checkpointing. Between rollouts each writes its weights, with the clock
stopped; afterwards both are judged by the same code: mean score and KL of answers to held-out prompts. Printed for each
run: samples a second, the seconds to reach a score at no more KL than the other needs, and peak memory. TRL 1.12 is
installed into an environment of its own under build/.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from steering import ROOT, command

sys.path.insert(0, str(ROOT))
TASTE = f"{Path(__file__).with_name('tastes.py')}:kind"
PEER = ("trl==1.12.*", "transformers==5.23.*", "torch==2.13.0", "datasets==5.2.0", "accelerate==1.15.0")
VOCABULARY = 32_000
HELDOUT = 128  # prompts
EVERY = 2  # of so many snapshots one is judged
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "17179869184", "OMP_NUM_THREADS": "1"}
QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "TRL_EXPERIMENTAL_SILENCE": "1", "HF_HUB_OFFLINE": "1"}


def peer_python(work: Path) -> Path:
    """The interpreter of the environment with TRL 1.12, which is made on first use."""
    folder = work / "trl-1.12"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER], check=True)
        (folder / "installed").touch()
    return python


def prepare(work: Path) -> Path:
    """A home with a reward model of 300 votes, and the prompts to train on and to judge by."""
    home = work / "home"
    if not (home / "jobs").exists():
        command(home, "simulate", "--utility", TASTE, "--labels", "300", "--noise", "1", "--seed", "0")
        command(home, "reward", "--name", "rm")
    shape = work / "demo"
    if not shape.exists():
        import pyarrow as pa
        import pyarrow.parquet as pq

        from alignment.materialise import PROMPT_SCHEMA
        from storage import prompts, registry
        from storage.database import Store

        store = Store.open(home)
        made = registry.by_name(store, "rm")
        shape.mkdir()
        (shape / "policy").symlink_to(home / "models" / "demo")
        (shape / "reward").symlink_to(home / made.path)
        for split, fold in (("train", "train"), ("heldout", None)):
            asked = prompts.prompts_of(store, split, fold=fold)
            rows = [{"prompt_id": one.prompt_id, "prompt": list(one.messages)} for one in asked]
            pq.write_table(pa.Table.from_pylist(rows, PROMPT_SCHEMA), work / f"{split}.parquet")
    return shape


def widen(shape: Path, wide: Path) -> Path:
    """The same two models with 32,000 tokens: the new ones are never written, but cost what tokens cost."""
    if wide.exists():
        return wide
    import torch
    from transformers import AutoTokenizer

    from alignment.models import load_policy, load_reward_model, save_model

    tokenizer = AutoTokenizer.from_pretrained(shape / "policy")
    known = len(tokenizer)
    tokenizer.add_tokens([f"<unused{number}>" for number in range(VOCABULARY - known)])
    for name, load in (("policy", load_policy), ("reward", load_reward_model)):
        model, _ = load(shape / name)
        model.config.tie_word_embeddings = False
        if name == "policy":  # tied embeddings would make a row that never wins a row that is never read
            head = model.get_output_embeddings()
            head.weight = torch.nn.Parameter(head.weight.detach().clone())
        model.resize_token_embeddings(VOCABULARY, mean_resizing=False)
        with torch.no_grad():
            model.get_input_embeddings().weight[known:] = 0
            if name == "policy":
                rows = model.get_output_embeddings().weight
                rows[known:] = rows[tokenizer.pad_token_id]  # which training has made unlikely everywhere
        save_model(model, tokenizer, wide / name)
    return wide


def run(python: Path | str, script: str, settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Train in a process of its own; returns times and memory, with the snapshots of its weights in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "times.json").exists():
        (folder / "settings.json").write_text(json.dumps({**settings, "folder": str(folder)}))
        line = [str(python), str(Path(__file__).with_name(script)), str(folder / "settings.json")]
        with (folder / "log.txt").open("w") as log:
            subprocess.run(line, env={**os.environ, **ALLOCATOR, **QUIET}, stdout=log, stderr=log, check=True, cwd=ROOT)
    times: dict[str, Any] = json.loads((folder / "times.json").read_text())
    return times


def judge(shape: Path, prompts: Path, folder: Path, temperature: float, tokens: int) -> list[tuple[float, float]]:
    """Mean score and KL, in nats an answer, of every snapshot on the held-out prompts."""
    kept = folder / "judged.json"
    if kept.exists():
        return [tuple(one) for one in json.loads(kept.read_text())]
    import torch
    from safetensors.torch import load_model

    from alignment.critic import score
    from alignment.generate import read_prompts
    from alignment.models import load_policy, load_reward_model
    from alignment.rollouts import lay_out
    from alignment.sampling import Sampling, sample
    from alignment.token_log_probs import token_log_probs

    torch.set_num_threads(1)
    policy, tokenizer = load_policy(shape / "policy")
    reference, _ = load_policy(shape / "policy")
    reward_model, _ = load_reward_model(shape / "reward")
    asked = [messages for _, messages in read_prompts(prompts)][:HELDOUT]
    found = []
    for snapshot in sorted(folder.glob("snapshot-*.safetensors"))[EVERY - 1 :: EVERY]:
        load_model(policy, snapshot, strict=False)
        samples = sample(policy, tokenizer, asked, Sampling(temperature, 1.0, tokens, 64), seed=1)
        scores, gaps = [], []
        with torch.no_grad():
            for at in range(0, len(samples), 32):
                batch = lay_out(samples[at : at + 32], tokenizer.pad_token_id, policy.device)
                scores += score(reward_model, batch)[0].tolist()
                gap = token_log_probs(policy, batch, temperature) - token_log_probs(reference, batch, temperature)
                gaps += gap.sum(1).tolist()
        found.append((sum(scores) / len(scores), sum(gaps) / len(gaps)))
    kept.write_text(json.dumps(found))
    return found


def time_to(target: float, seconds: list[float], judged: list[tuple[float, float]]) -> tuple[float, float]:
    """When a run first reached a score, and the KL it had then, both interpolated between snapshots; inf if never."""
    for place, (score, kl) in enumerate(judged):
        if score >= target:
            if place == 0:
                return seconds[0], kl
            before, kl_before = judged[place - 1]
            share = (target - before) / (score - before)
            return seconds[place - 1] + share * (seconds[place] - seconds[place - 1]), kl_before + share * (
                kl - kl_before
            )
    return math.inf, math.inf


def main() -> None:
    """Print a row for each run as it comes, then the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", nargs="+", default=["demo", "32k"], choices=["demo", "32k"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rollouts", type=int, default=12)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--target", type=float, default=2.0, help="The held-out score to reach.")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "ppo")
    parser.add_argument("--contenders", nargs="+", default=["trl", "head", "full"], choices=["trl", "head", "full"])
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python, demo = peer_python(work), prepare(work)
    print("shape seed trainer  samples/s  seconds to score (KL there)   last score    KL  peak MiB", flush=True)
    for name in options.shape:
        shape = demo if name == "demo" else widen(demo, work / "32k")
        reached: dict[str, list[float]] = {}
        for seed in range(options.seeds):
            for who in options.contenders:
                settings = {
                    "policy": str(shape / "policy"),
                    "reward": str(shape / "reward"),
                    "prompts": str(work / "train.parquet"),
                    "seed": seed,
                    "rollouts": options.rollouts,
                    "rollout_size": 64,
                    "batch_size": 16,
                    "epochs": 4,
                    "max_new_tokens": 96,
                    "temperature": 0.9,
                    "learning_rate": options.rate,
                    "critic": who,
                }
                folder = work / f"{name}-{who}-{seed}-{options.rate:g}"
                peer = who == "trl"
                times = run(
                    python if peer else sys.executable, f"ppo_{'peer' if peer else 'ours'}.py", settings, folder
                )
                judged = judge(shape, work / "heldout.parquet", folder, 0.9, 96)
                at, kl = time_to(options.target, times["seconds"][EVERY - 1 :: EVERY], judged)
                reached.setdefault(who, []).append(at)
                speed = 64 * options.rollouts / times["seconds"][-1]
                print(
                    f"{name:<5} {seed:>4} {who:<7} {speed:>10.2f} {at:>13.0f} ({kl:.1f})"
                    f"{judged[-1][0]:>24.2f} {judged[-1][1]:>5.1f} {times['peak_mib']:>9.0f}",
                    flush=True,
                )
        for who in reached:
            if who != "trl" and "trl" in reached:
                ratios = [theirs / ours for theirs, ours in zip(reached["trl"], reached[who], strict=True)]
                print(f"{name}: TRL's time / ours with a {who} critic: {', '.join(f'{one:.2f}' for one in ratios)}")


if __name__ == "__main__":
    main()
