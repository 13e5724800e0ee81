"""The reference's log-probabilities of all that is trained on, computed once before the training begins.

TRL's trainers compute them too, in batches as they come and with figures that nobody reads; in order of length, and
nothing but the log-probabilities, takes about half the time, which is most of what a small job waits for. A model that
is spread over several processes is left to TRL.
"""

from __future__ import annotations

from collections.abc import Sequence

from trl import DPOTrainer, KTOTrainer

from alignment.scoring import sequence_log_probs


def is_in_one_piece(trainer: DPOTrainer | KTOTrainer) -> bool:
    """Whether this process holds the whole model."""
    return not (trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled)


def reference_log_probs(
    trainer: DPOTrainer | KTOTrainer, sequences: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> list[float]:
    """log p(answer | prompt), in nats, of (prompt ids, answer ids) under the trainer's reference.

    That is its `ref_model`, or else its policy, which is still as it was; in the number format of the training, so
    that both err alike.
    """
    with trainer.accelerator.autocast():
        return sequence_log_probs(trainer.ref_model or trainer.model, trainer.processing_class.pad_token_id, sequences)
