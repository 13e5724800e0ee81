"""A reward model on human preferences in Anthropic's HH form: all pairs come in, and how well it predicts unseen ones.

    python benchmarks/hh.py FILE [--set KEY=VALUE ...]

FILE holds `chosen` and `rejected` transcripts (JSONL, also .gz). Starts from the demo model, in a home of its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from steering import command


def main() -> None:
    """Print what came in, and the reward model's figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--set", nargs="+", default=["epochs=1", "max_length=512"], dest="settings")
    options = parser.parse_args()
    overrides = [part for setting in options.settings for part in ("--set", setting)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        began = time.monotonic()
        came = command(home, "import", str(options.file.resolve()), "--format", "hh")
        print(f"{came['imported']} imported, {came['rejected']} rejected, {time.monotonic() - began:.1f} s")
        command(home, "model", "list")  # a fresh home gets the demo model
        began = time.monotonic()
        made = command(home, "reward", "--name", "hh", *overrides)
    print(
        f"reward model: {made['train_pairs']} pairs trained on, {made['dropped']} too long;"
        f" accuracy {made['accuracy']:.3f} [{made['accuracy_low']:.3f}, {made['accuracy_high']:.3f}]"
        f" on {made['heldout_pairs']} unseen pairs, ECE {made['ece']:.3f},"
        f" length correlation {made['length_correlation']:.2f}; {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
