"""One run of TRL 1.12's PPO for `ppo.py`, in an environment that has it; imports nothing of Plumbline."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch
from datasets import Dataset
from ppo_clock import Clock
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)
from trl.experimental.ppo import PPOConfig, PPOTrainer


def centre(model: Any) -> None:
    """Take the recorded mean off the scores, as Plumbline does: by a bias, for this trainer reads the head itself."""
    head = torch.nn.Linear(model.score.in_features, 1)
    with torch.no_grad():
        head.weight.copy_(model.score.weight)
        head.bias.fill_(-model.config.reward_mean)
    model.score = head


def main() -> None:
    """Read the settings, train, write the times."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(settings["folder"])
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(settings["policy"], padding_side="left")
    policy, reference = (AutoModelForCausalLM.from_pretrained(settings["policy"], dtype=torch.float32) for _ in "ab")
    scores, critic = (
        AutoModelForSequenceClassification.from_pretrained(settings["reward"], num_labels=1, dtype=torch.float32)
        for _ in "ab"
    )
    centre(scores)
    centre(critic)
    prompts = [row["prompt"] for row in pq.read_table(settings["prompts"]).to_pylist()]
    texts = [tokenizer.apply_chat_template(one, tokenize=False, add_generation_prompt=True) for one in prompts]
    ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
    tuned = {"learning_rate": 1e-4, "cliprange_value": 0.2, "vf_coef": 0.1, **settings["tuned"]}
    config = PPOConfig(
        **tuned,
        output_dir=str(folder / "out"),
        seed=settings["seed"],
        lr_scheduler_type="linear",
        warmup_steps=0.05,
        per_device_train_batch_size=settings["rollout_size"],  # of which each mini-batch takes its part,
        gradient_accumulation_steps=1,
        num_mini_batches=settings["rollout_size"] // settings["batch_size"],
        num_ppo_epochs=settings["epochs"],
        total_episodes=settings["rollouts"] * settings["rollout_size"],
        local_rollout_forward_batch_size=settings["rollout_size"],
        response_length=settings["max_new_tokens"],
        temperature=settings["temperature"],
        stop_token="eos",
        kl_coef=0.05,
        gamma=1.0,
        lam=0.95,
        cliprange=0.2,
        whiten_rewards=False,
        adam_epsilon=1e-5,
        num_sample_generations=0,
        gradient_checkpointing=False,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
    )
    trainer = PPOTrainer(
        args=config,
        processing_class=tokenizer,
        model=policy,
        ref_model=reference,
        reward_model=scores,
        value_model=critic,
        train_dataset=Dataset.from_dict({"input_ids": ids}),
        eval_dataset=Dataset.from_dict({"input_ids": ids[:2]}),
    )
    clock = Clock(policy, folder)
    trainer.add_callback(clock)
    trainer.train()
    clock.write()


if __name__ == "__main__":
    main()
