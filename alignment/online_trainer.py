"""What PPO and RLOO share: rollouts of our own in TRL's loop, held to a reference and stopped by a KL budget.

TRL's GRPOTrainer and RLOOTrainer pace a loop in which completions are sampled, kept in a buffer and gone over several
times. This mixin replaces what fills the buffer and what is computed from it. Everything random in a rollout follows
from the seed and the rollout's number, so a run that is resumed at the border of a rollout goes on to the bit.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from datasets import Dataset
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback, TrainerControl, TrainerState
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from alignment.advantages import final_scores
from alignment.critic import score
from alignment.recipes.online import OnlineSettings
from alignment.rollouts import Batch, lay_out, piece_size, pieces, turns
from alignment.sampling import Sampling, sample
from alignment.token_log_probs import token_log_probs, token_log_probs_and_entropy
from storage.errors import UserError
from storage.records import Message

if TYPE_CHECKING:
    from trl import GRPOTrainer as _Loop  # or RLOOTrainer, which is paced alike
else:
    _Loop = object

STATE = "rollouts.json"
KEPT = "within_budget.safetensors"


@dataclass(frozen=True)
class Models:
    """The policy to train, its tokenizer, what it is held to (None: itself without its adapters) and its judge."""

    policy: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    reference: PreTrainedModel | None
    reward_model: PreTrainedModel


@dataclass(frozen=True)
class Scored:
    """A rollout's completions with all that is known of them; log-probabilities and `log_ratio` are (B, L)."""

    batch: Batch
    log_probs: torch.Tensor
    log_ratio: torch.Tensor  # of policy to reference
    entropy: torch.Tensor
    scores: torch.Tensor  # (B,) as they enter the reward

    @property
    def completion_log_ratio(self) -> torch.Tensor:
        """log(policy / reference) of each completion (B,); outside the mask that of the tokens is 0."""
        return self.log_ratio.sum(1)

    @property
    def kl(self) -> float:
        """Nats a completion, estimated without bias by the mean of log(policy / reference)."""
        return float(self.completion_log_ratio.mean())


def loop_arguments(recipe: OnlineSettings) -> dict[str, Any]:
    """The part of TRL's arguments that paces rollouts and steps, and what of TRL's own doing is turned off."""
    return {
        "max_steps": recipe.rollouts * recipe.steps_a_rollout,
        "generation_batch_size": recipe.rollout_size,
        "num_iterations": int(recipe.epochs),
        "num_generations": 2,  # the least that TRL takes; which prompts are asked is decided here
        "max_completion_length": recipe.max_new_tokens,
        "temperature": recipe.temperature,
        "beta": 0.0,  # the KL is in the reward, and the reference is ours
        "disable_dropout": True,
    }


class OnlineTrainer(_Loop):
    """Mixin before a TRL trainer that samples while it learns. Subclasses say what is learned from a `Scored`."""

    loss_is_scaled_for_ga = False  # a mean over a batch, which Trainer divides by the accumulation

    def __init__(self, models: Models, prompts: Sequence[Sequence[Message]], recipe: OnlineSettings, args: Any) -> None:
        """`prompts` are those to ask, each short enough. Raises UserError when launched as several processes."""
        self.models, self.prompts, self.recipe = models, prompts, recipe
        self.kl_coef = recipe.kl_coef
        self.over_budget = False
        self._kept: dict[str, torch.Tensor] = {}
        pace = Dataset.from_dict({"prompt": [""] * recipe.rollout_size})
        super().__init__(
            model=models.policy,
            reward_funcs=models.reward_model,
            reward_processing_classes=models.tokenizer,
            args=args,
            train_dataset=pace,
            processing_class=models.tokenizer,
        )
        if self.accelerator.num_processes > 1:
            raise UserError(f"A {recipe.kind} job runs in one process: start it without a launcher.")
        self.add_callback(_StopOverBudget(self))

    def learning_signal(self, scored: Scored) -> Batch:
        """Whatever the loss needs beside the batch, its first dimension the batch's."""
        raise NotImplementedError

    def roll_out(self, number: int) -> Scored:
        """Sample completions from the policy as it stands and run all models over them."""
        recipe, tokenizer = self.recipe, self.models.tokenizer
        count = recipe.rollout_size // recipe.completions_per_prompt
        asked = turns(len(self.prompts), count, number, recipe.seed)
        prompts = [self.prompts[index] for index in asked for _ in range(recipe.completions_per_prompt)]
        sampling = Sampling(recipe.temperature, 1.0, recipe.max_new_tokens, recipe.sampling_batch_size)
        started = time.monotonic()
        policy = self.model.get_base_model() if isinstance(self.model, PeftModel) else self.model
        samples = sample(policy, tokenizer, prompts, sampling, (recipe.seed * 1_000_003 + number) % 2**31)
        sampled = time.monotonic()
        batch = lay_out(samples, tokenizer.pad_token_id, policy.device)
        scored = self._score(batch)
        self._note(generation_s=sampled - started, scoring_s=time.monotonic() - sampled)
        return scored

    @torch.no_grad()
    def _score(self, batch: Batch) -> Scored:
        with self.compute_loss_context_manager():
            log_probs, entropy = token_log_probs_and_entropy(self.model, batch, self.recipe.temperature)
            with self._as_reference() as reference:
                held = token_log_probs(reference, batch, self.recipe.temperature)
        raw = torch.empty(len(batch["starts"]), device=log_probs.device)
        more: Batch = {}
        for rows, part in pieces(batch, min(piece_size(batch), self.recipe.sampling_batch_size)):
            raw[rows], states = score(self.models.reward_model, part)
            for name, found in self.features(states, part).items():
                shape = (*batch["action_mask"].shape, *found.shape[2:])
                whole = more.setdefault(name, torch.zeros(shape, dtype=found.dtype, device=found.device))
                whole[rows, : found.shape[1]] = found
        scores = final_scores(raw, batch["ended"], self.recipe.no_eos_score, self.recipe.reward_clip)
        return Scored({**batch, **more}, log_probs, log_probs - held, entropy, scores)

    def features(self, states: torch.Tensor, part: Batch) -> Batch:
        """What a subclass keeps, (b, L, ...), of the reward model's states (b, T, H) of a part of a rollout."""
        return {}

    @contextmanager
    def _as_reference(self) -> Iterator[nn.Module]:
        reference = self.models.reference
        with nullcontext() if reference is not None else self.model.disable_adapter():
            yield self.model if reference is None else reference

    def _generate_and_score_completions(self, inputs: Any) -> Batch:
        """TRL's hook that fills the buffer; what it is handed only says that a rollout is due."""
        number = self.state.global_step // self.recipe.steps_a_rollout
        self.model.eval()
        try:
            scored = self.roll_out(number)
        finally:
            self.model.train()
        if self.recipe.kl_budget is not None:
            self.over_budget = scored.kl > self.recipe.kl_budget
            if not self.over_budget:
                self._keep()
        mask, rewards = scored.batch["action_mask"], float(scored.scores.mean())
        self._note(
            kl=scored.kl,
            kl_coef=self.kl_coef,
            reward=rewards,
            reward_with_kl=rewards - self.kl_coef * scored.kl,
            entropy=float(scored.entropy.sum() / mask.sum()),
            length=float(mask.sum(1).float().mean()),
            ended=float(scored.batch["ended"].float().mean()),
        )
        return {**scored.batch, "old_log_probs": scored.log_probs, **self.learning_signal(scored)}

    def settle(self) -> dict[str, Any]:
        """After training: measure the policy once more, and go back to the last within the budget if it is not.

        Returns the kl, the reward and whether the budget ended the run.
        """
        self.model.eval()
        number = self.recipe.rollouts  # prompts and seed of a rollout that no training used
        scored = self.roll_out(number)
        budget = self.recipe.kl_budget
        if budget is not None and (self.over_budget or scored.kl > budget):
            self.over_budget = True
            if self._kept:
                self._restore()
                scored = self.roll_out(number)
        rollouts = min(self.recipe.rollouts, math.ceil(self.state.global_step / self.recipe.steps_a_rollout))
        return {
            "kl": scored.kl,
            "reward": float(scored.scores.mean()),
            "ended": float(scored.batch["ended"].float().mean()),
            "rollouts": rollouts,
            "stopped_by_kl_budget": self.over_budget,
        }

    def _keep(self) -> None:
        self._kept = {name: weight.detach().cpu().clone() for name, weight in self._trained()}

    def _restore(self) -> None:
        with torch.no_grad():
            for name, weight in self._trained():
                weight.copy_(self._kept[name])

    def _trained(self) -> list[tuple[str, nn.Parameter]]:
        return [(name, weight) for name, weight in self.model.named_parameters() if weight.requires_grad]

    def _note(self, **figures: float) -> None:
        for name, value in figures.items():
            self._metrics["train"][name].append(value)

    # Beside what Trainer saves: its own state, and the weights to go back to.

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """None: a checkpoint is no model to hand on."""

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        folder = Path(self.args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
        (folder / STATE).write_text(json.dumps({"kl_coef": self.kl_coef, "over_budget": self.over_budget}))
        if self._kept:
            save_file(self._kept, folder / KEPT)
        self.save_more(folder)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is None:
            return
        folder = Path(checkpoint)
        state = json.loads((folder / STATE).read_text())
        self.kl_coef, self.over_budget = state["kl_coef"], state["over_budget"]
        if (folder / KEPT).exists():
            self._kept = load_file(folder / KEPT)
        self._step = int(folder.name.rpartition("-")[2]) * self.recipe.accumulation
        self.load_more(folder)

    def save_more(self, folder: Path) -> None:
        """Write what else a subclass needs to go on."""

    def load_more(self, folder: Path) -> None:
        """Read it again."""


class _StopOverBudget(TrainerCallback):
    def __init__(self, trainer: OnlineTrainer) -> None:
        self._trainer = trainer

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """End the run in the step after the rollout that showed it; `settle` undoes what it still learned."""
        if self._trainer.over_budget:
            control.should_training_stop = True
