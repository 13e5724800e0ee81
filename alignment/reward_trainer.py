"""TRL's RewardTrainer with ties in the loss and a prompt's pairs in one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader
from trl import RewardTrainer
from trl.trainer.reward_trainer import DataCollatorForPreference

from alignment.prompt_batches import PromptBatches
from alignment.ties import preference_loss


@dataclass
class VoteCollator(DataCollatorForPreference):
    """TRL's collator, with `tied` and `weight` beside the padded texts: (B,) of bool and of float."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Rows of chosen_ids, rejected_ids, margin, tied and weight; of a tie, the two sides in any order."""
        batch: dict[str, Any] = super().torch_call(examples)
        more = {"tied": torch.tensor([example["tied"] for example in examples])}
        return {**batch, **more, "weight": torch.tensor([example["weight"] for example in examples])}


class VoteTrainer(RewardTrainer):
    """RewardTrainer whose rows may be ties, and have a `prompt_id`.

    It overrides `compute_loss` and `get_train_dataloader`, and writes to `_metrics`, which RewardTrainer averages into
    its logs. Accuracy and margin are those of votes for one side.
    """

    def __init__(self, *args: Any, tie_weight: float, **kwargs: Any) -> None:
        """`tie_weight` is nu of Davidson's model; 0 where no row is a tie."""
        self.tie_weight = tie_weight
        super().__init__(*args, **kwargs)
        self._batch_weight = self._weight_of_a_batch()
        self.data_collator = VoteCollator(pad_token_id=self.processing_class.pad_token_id)

    def _batches(self) -> PromptBatches:
        return PromptBatches(self.train_dataset["prompt_id"], self._train_batch_size, self.args.data_seed)

    def _weight_of_a_batch(self) -> float | None:
        """What the rows of a batch weigh on average, where some are pairs of a ranking; None where each weighs 1.

        The pairs of a ranking of seven fill a batch of 16 and more. Its loss, divided by its own weight, would count as
        that of a batch full of votes, and not as one vote.
        """
        weights = self.train_dataset["weight"]
        return None if all(weight == 1 for weight in weights) else sum(weights) / len(self._batches())

    def get_train_dataloader(self) -> DataLoader:
        """Batches by prompt, the same in every run of a seed."""
        return self.accelerator.prepare(
            DataLoader(
                self.train_dataset,
                batch_sampler=self._batches(),
                collate_fn=self.data_collator,
                num_workers=self.args.dataloader_num_workers,
                pin_memory=self.args.dataloader_pin_memory,
            )
        )

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Mean loss a vote, the pairs of a ranking being one together.

        The first half of the padded rows are the chosen answers, as the collator orders them.
        """
        outputs = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False)
        chosen, rejected = outputs.logits.squeeze(-1).float().chunk(2)
        difference, tied = chosen - rejected, inputs["tied"]
        losses = preference_loss(difference, inputs["margin"], tied, self.tie_weight)
        loss = losses.mean() if self._batch_weight is None else (inputs["weight"] * losses).sum() / self._batch_weight
        metrics = self._metrics["train" if self.model.training else "eval"]
        with torch.no_grad():
            metrics["mean_reward"].append(outputs.logits.mean().item())
            if not tied.all():
                decided = difference[~tied]
                metrics["accuracy"].append((decided > 0).float().mean().item())
                metrics["margin"].append(decided.mean().item())
        return (loss, outputs) if return_outputs else loss
