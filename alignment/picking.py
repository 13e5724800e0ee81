"""Which reward model picks the best of several answers in chat. Imports no torch.

An answer is scored as the token ids that the policy wrote, so the reward model has to have the policy's vocabulary.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from storage import registry
from storage.database import Store
from storage.errors import UserError
from storage.records import Model


def picker_in_chat(store: Store, policy: Model) -> Model:
    """The newest reward model with the policy's vocabulary; a judge, which is for evaluation alone, picks nothing.

    Raises UserError when there is none.
    """
    trained = [one for one in registry.models(store, "reward") if one.card.get("recipe", {}).get("fold") == "train"]
    if not trained:
        raise UserError(
            "No reward model is there to pick the best of several answers: start a round, which trains one, or ask for "
            "one answer."
        )
    for model in reversed(trained):
        if reads(Path(model.path), Path(policy.path)):
            return model
    raise UserError(
        f"No reward model reads the vocabulary of {policy.name}, so none can pick among its answers: start a round "
        f"from {policy.name}, which trains one, or ask for one answer."
    )


def reads(reward_model: Path, policy: Path) -> bool:
    """Whether every token of the policy's is the same to the reward model, which may know more: a pad token, say."""
    written, read = vocabulary(policy), vocabulary(reward_model)
    return bool(written) and all(read.get(token) == token_id for token, token_id in written.items())


@lru_cache(maxsize=8)
def vocabulary(model: Path) -> dict[str, int]:
    """The tokens of a model's tokenizer.json, with their ids; empty where there is no such file that can be read."""
    from tokenizers import Tokenizer

    file = model / "tokenizer.json"
    try:
        return dict(Tokenizer.from_file(str(file)).get_vocab())
    except Exception:  # noqa: BLE001  the library raises no narrower one
        return {}
