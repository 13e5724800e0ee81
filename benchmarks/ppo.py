"""PPO side by side: Plumbline's, and that of TRL 1.12, which was TRL's last release with a PPO trainer.

    python benchmarks/ppo.py [--shape demo|32k ...] [--taste NAME] [--seeds N ...] [--rollouts N] [--clock cpu|wall]
        [--contenders trl|head|full ...] [--tune CONTENDER.KEY=VALUE ...] [--target SCORE] [--work DIR]

Both start from the same policy and reward model and see the same prompts, lengths, epochs and optimizer steps, in turn,
on one thread each, in float32, without gradient checkpointing. Between rollouts each writes its weights, with the clock
stopped; afterwards both are judged by the same code: mean score and KL of answers to held-out prompts. Printed for each
run: samples a second, the seconds to a score and the KL it had there, first and last score, and peak memory. The score
to reach, unless one is given, is nine tenths of the way that TRL's run of the same seed came, so nobody chooses it. TRL
1.12 goes into an environment of its own under build/.
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
TASTES = Path(__file__).with_name("tastes.py")
PEER = ("trl==1.12.*", "transformers==5.23.*", "torch==2.13.0", "datasets==5.2.0", "accelerate==1.15.0")
VOCABULARY = 32_000
HELDOUT = 128  # prompts
EVERY = 2  # of so many snapshots one is judged
OF_THE_WAY = 0.9  # of what TRL's run gained; to the whole of it a run that learned as much would come by luck
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


def prepare(work: Path, taste: str) -> Path:
    """A home with a reward model of 300 votes, and the prompts to train on and to judge by."""
    home = work / "home"
    if not (home / "jobs").exists():
        command(home, "simulate", "--utility", f"{TASTES}:{taste}", "--labels", "300", "--noise", "1", "--seed", "0")
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
    """Mean score and KL, in nats an answer, on the held-out prompts: of the start, and of every `EVERY`th snapshot."""
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
    for snapshot in [None, *sorted(folder.glob("snapshot-*.safetensors"))[EVERY - 1 :: EVERY]]:
        if snapshot is not None:
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
                return 0.0, kl
            before, kl_before = judged[place - 1]
            share = (target - before) / (score - before)
            return seconds[place - 1] + share * (seconds[place] - seconds[place - 1]), kl_before + share * (
                kl - kl_before
            )
    return math.inf, math.inf


def compare(options: argparse.Namespace, name: str, shape: Path, seed: int) -> dict[str, tuple[float, float]]:
    """Run what is compared with one seed and print its rows; returns each contender's seconds to the score, and KL."""
    runs: dict[str, tuple[dict[str, Any], list[tuple[float, float]]]] = {}
    for who in options.contenders:
        tuned = {key: value for one, key, value in options.tune if one == who}
        settings = {
            "policy": str(shape / "policy"),
            "reward": str(shape / "reward"),
            "prompts": str(options.work / "train.parquet"),
            "seed": seed,
            "rollouts": options.rollouts,
            "rollout_size": 64,
            "batch_size": 16,
            "epochs": 4,
            "max_new_tokens": 96,
            "temperature": 0.9,
            "critic": who,
            "tuned": tuned,
        }
        label = "-".join([name, who, str(seed), str(options.rollouts), *(f"{k}={v}" for k, v in tuned.items())])
        python, script = (
            (peer_python(options.work.parent), "ppo_peer.py") if who == "trl" else (sys.executable, "ppo_ours.py")
        )
        times = run(python, script, settings, options.work / label)
        runs[who] = times, judge(shape, options.work / "heldout.parquet", options.work / label, 0.9, 96)
    target = options.target if options.target is not None else _most_of_the_way(runs["trl"][1])
    found = {}
    for who, (times, judged) in runs.items():
        seconds = times[options.clock]
        found[who] = time_to(target, [0.0, *seconds[EVERY - 1 :: EVERY]], judged)
        start, (last, kl), (reached, kl_there) = judged[0][0], judged[-1], found[who]
        print(
            f"{name:<5} {seed:>4} {who:<7} {64 * options.rollouts / seconds[-1]:>10.2f} {target:>7.2f}"
            f"{reached:>12.0f} ({kl_there:.1f}){start:>8.2f} {last:>6.2f} {kl:>5.1f} {times['peak_mib']:>9.0f}",
            flush=True,
        )
    return found


def _most_of_the_way(judged: list[tuple[float, float]]) -> float:
    start, last = judged[0][0], judged[-1][0]
    return start + OF_THE_WAY * (last - start)


def tuned(text: str) -> tuple[str, str, float]:
    """Read CONTENDER.KEY=VALUE."""
    place, _, value = text.partition("=")
    who, _, key = place.partition(".")
    return who, key, float(value)


def main() -> None:
    """Print the rows of each seed as they come, then the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", nargs="+", default=["demo", "32k"], choices=["demo", "32k"])
    parser.add_argument("--taste", default="kind")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rollouts", type=int, default=12)
    parser.add_argument("--target", type=float, help="The held-out score to reach; by default most of TRL's way.")
    parser.add_argument("--clock", default="wall", choices=["wall", "cpu"], help="cpu for a machine that is not idle.")
    parser.add_argument("--tune", nargs="+", type=tuned, default=[], help="Such as trl.learning_rate=2e-4.")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "ppo")
    parser.add_argument("--contenders", nargs="+", default=["trl", "head", "full"], choices=["trl", "head", "full"])
    options = parser.parse_args()
    if options.target is None and "trl" not in options.contenders:
        parser.error("without trl among the contenders there is no score to reach: give one with --target")
    options.work = options.work.resolve() / options.taste
    options.work.mkdir(parents=True, exist_ok=True)
    demo = prepare(options.work, options.taste)
    print("shape seed trainer  samples/s   score   seconds to it (KL)   start   last    KL  peak MiB", flush=True)
    for name in options.shape:
        shape = demo if name == "demo" else widen(demo, options.work / "32k")
        reached = [compare(options, name, shape, seed) for seed in options.seeds]
        for who in options.contenders:
            if who != "trl" and "trl" in options.contenders:
                ratios = [one["trl"][0] / one[who][0] for one in reached]
                print(f"{name}: TRL's time / ours with a {who} critic: {', '.join(f'{one:.2f}' for one in ratios)}")


if __name__ == "__main__":
    main()
