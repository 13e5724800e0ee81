"""The losses of DPO: all that the installed TRL offers, each the formula of its paper, and what they refuse."""

from __future__ import annotations

import inspect
import math
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from datasets import Dataset
from trl import DPOConfig

from alignment.config import load_recipe
from alignment.dpo import TokenisedDpoTrainer, loss_arguments
from alignment.models import load_policy
from alignment.recipes.preferences import SMOOTHED, DpoLoss, DpoRecipe
from storage.errors import UserError
from tests.tiny_models import make_model

# Two pairs. How much more likely the policy makes each answer than the reference does, in nats, and tokens of each.
CHOSEN, REJECTED = (1.0, -0.5), (-2.0, 0.5)
CHOSEN_TOKENS, REJECTED_TOKENS = (2, 4), (4, 5)
BETA = 0.5  # so beta x margin is 1.5 and -0.5
# -log sigmoid(1.5) = 0.2014133, -log sigmoid(-0.5) = 0.9740770; sigmoid(1.5) = 0.8175745, sigmoid(-0.5) = 0.3775407
BY_HAND = {
    "sigmoid": (0.2014133 + 0.9740770) / 2,  # Rafailov et al. 2023, eq. 7
    "hinge": (0 + 1.5) / 2,  # Zhao et al. 2023: max(0, 1 - 1.5), max(0, 1 + 0.5)
    # Azar et al. 2023, eq. 17, a token: 1/2 + 2/4 = 1 against 1/(2 x 0.5) = 1; -0.5/4 - 0.5/5 = -0.225
    "ipo": (0 + (-0.225 - 1) ** 2) / 2,
    # Chowdhury et al. 2024, eq. 12, a fifth of the labels wrong: (0.8 x 0.2014133 - 0.2 x 1.7014133) / 0.6 and so on
    "robust": (-0.2985867 + 1.1407437) / 2,
    # Ji et al. 2024, eq. 16: s log(s / 0.8) + (1 - s) log((1 - s) / 0.2) for s = 0.8175745 and 0.3775407
    "exo_pair": (0.0010203 + 0.4231420) / 2,
    # Chen et al. 2024: -log sig(0.5) - log sig(-0.5) / 2 - log sig(1) / 2, and with -0.25 and 0.25
    "nca_pair": (0.4740770 + 0.5 * 0.9740770 + 0.5 * 0.3132617 + 0.8259394 + 0.5 * 0.5759394 + 0.5 * 0.8259394) / 2,
    "bco_pair": (0.4740770 + 0.3132617 + 0.8259394 + 0.8259394) / 2,  # Jung et al. 2024, without its shift
    "sppo_hard": ((1 - 1) ** 2 + (-2 + 1) ** 2 + (-0.5 - 1) ** 2 + (0.5 + 1) ** 2) / 2,  # Wu et al. 2024, eq. 4.7
    # Melnyk et al. 2024: sorted ratios are -0.5, 1 against -2, 0.5, so beta x margins are 0.75 and 0.25
    "aot_unpaired": (0.8 * (0.3868710 + 0.5759394) + 0.2 * (1.1368710 + 0.8259394)) / 2,
    "apo_zero": (1 - 0.6224593 + 0.2689414 + 1 - 0.4378235 + 0.5621765) / 2,  # D'Oosterlinck et al. 2024, eq. 7
    "apo_down": (0.6224593 + 1 - 0.8175745 + 0.4378235 + 1 - 0.3775407) / 2,  # and eq. 8
    # Lu et al. 2024, eq. 5: sigmoid(1.5 / 0.05) is 1, so exp(-1.5); sigmoid(-0.5 / 0.05) = 0.0000454
    "discopop": (0.2231302 + 0.9740770 + 0.0000454 * (1.6487213 - 0.9740770)) / 2,
    "sigmoid_norm": (0.4740770 + 0.7509782) / 2,  # Meng et al. 2024's margin a token: 0.5 x 1 and 0.5 x -0.225
}


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> TokenisedDpoTrainer:
    return make_trainer(tmp_path_factory.mktemp("losses"))


def make_trainer(folder: Path, **more: Any) -> TokenisedDpoTrainer:
    """TRL's trainer on a tiny policy, with the two pairs."""
    model, tokenizer = load_policy(make_model("llama", folder / "policy"))
    rows = [
        {"prompt_ids": [5, 6, 7], "chosen_ids": list(range(10, 10 + c)), "rejected_ids": list(range(20, 20 + r))}
        for c, r in zip(CHOSEN_TOKENS, REJECTED_TOKENS, strict=True)
    ]
    arguments: dict[str, Any] = loss_arguments(recipe(beta=BETA, loss_type="robust", label_smoothing=0.2))
    config = DPOConfig(output_dir=str(folder), use_cpu=True, bf16=False, report_to="none", **arguments, **more)
    return TokenisedDpoTrainer(model, args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)


def recipe(**settings: Any) -> DpoRecipe:
    return load_recipe({"kind": "dpo", "policy": "p", "reference": "p", **settings})  # type: ignore[return-value]


def loss_of(trainer: TokenisedDpoTrainer, loss_type: str) -> float:
    """TRL's loss where the reference is such that the answers' log-ratios are those above."""
    inputs = trainer.data_collator([dict(row) for row in trainer.train_dataset])
    chosen, rejected = trainer.compute_ref_log_probs(trainer.model, inputs)  # the policy's own, as it is its reference
    inputs["ref_chosen_logps"] = chosen - torch.tensor(CHOSEN)
    inputs["ref_rejected_logps"] = rejected - torch.tensor(REJECTED)
    trainer.loss_types, trainer.loss_weights = [loss_type], [1.0]
    return float(trainer._compute_loss(trainer.model, inputs, return_outputs=False).detach())


@pytest.mark.parametrize("loss_type", BY_HAND)
def test_what_trl_computes_is_the_formula_of_the_paper(trainer: TokenisedDpoTrainer, loss_type: str) -> None:
    assert loss_of(trainer, loss_type) == pytest.approx(BY_HAND[loss_type], abs=2e-5)


@pytest.mark.parametrize("ld_alpha", [None, 0.5])  # of LD-DPO (Liu et al. 2024)
def test_the_reference_is_what_trl_would_have_computed(tmp_path: Path, ld_alpha: float | None) -> None:
    trainer = make_trainer(tmp_path, ld_alpha=ld_alpha)
    inputs = trainer.data_collator([dict(row) for row in trainer.train_dataset])
    for name, trls in zip(("chosen", "rejected"), trainer.compute_ref_log_probs(trainer.model, inputs), strict=True):
        assert trainer.train_dataset[f"ref_{name}_logps"] == pytest.approx(trls.tolist(), abs=1e-4)


def test_aot_compares_the_margins_of_policy_and_reference_after_sorting(trainer: TokenisedDpoTrainer) -> None:
    """Melnyk et al. 2024, paired: the margins of a batch are matched by rank, and not pair by pair."""
    inputs = trainer.data_collator([dict(row) for row in trainer.train_dataset])
    chosen, rejected = trainer.compute_ref_log_probs(trainer.model, inputs)
    policy = (chosen - rejected).tolist()
    reference = [margin - (c - r) for margin, c, r in zip(policy, CHOSEN, REJECTED, strict=True)]
    margins = [BETA * (p - r) for p, r in zip(sorted(policy), sorted(reference), strict=True)]
    by_hand = [0.8 * math.log1p(math.exp(-m)) + 0.2 * math.log1p(math.exp(m)) for m in margins]
    assert loss_of(trainer, "aot") == pytest.approx(sum(by_hand) / 2, abs=2e-5)


def test_the_losses_are_those_of_the_installed_trl() -> None:
    offered = set(re.findall(r'loss_type == "(\w+)"', inspect.getsource(TokenisedDpoTrainer._compute_loss)))
    assert {*get_args(DpoLoss), "sft"} == offered
    assert {*BY_HAND, "aot", "sft"} == offered


def test_the_smoothed_losses_are_those_in_which_trl_reads_it() -> None:
    branches = re.split(r'loss_type == "(\w+)"', inspect.getsource(TokenisedDpoTrainer._compute_loss))
    reading = {name for name, body in zip(branches[1::2], branches[2::2], strict=True) if "label_smoothing" in body}
    assert reading == set(SMOOTHED)


@pytest.mark.parametrize("loss_type", sorted(set(get_args(DpoLoss)) - set(SMOOTHED)))
def test_smoothing_that_a_loss_would_ignore_is_refused(loss_type: str) -> None:
    with pytest.raises(UserError, match=f"no effect on the {loss_type} loss: set loss_type to robust, exo_pair"):
        recipe(loss_type=loss_type, label_smoothing=0.1)


@pytest.mark.parametrize(("loss_type", "smoothing"), [("robust", 0.1), ("exo_pair", 0.001), ("sigmoid", 0.0)])
def test_a_loss_gets_the_smoothing_that_its_paper_recommends(loss_type: str, smoothing: float) -> None:
    assert recipe(loss_type=loss_type).label_smoothing == smoothing
    assert recipe(loss_type="aot", label_smoothing=0.2).label_smoothing == 0.2


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"loss_type": "robust", "label_smoothing": 0}, "needs a label_smoothing above 0, as it would be the sigmoid"),
        ({"loss_type": "exo_pair", "label_smoothing": 0}, "logarithm of it; its paper recommends 0.001"),
        ({"loss_type": "robust", "label_smoothing": 0.5}, "'label_smoothing' in the dpo recipe cannot be 0.5"),
        ({"loss_type": "aot", "batch_size": 1}, "sorts the pairs of a batch: set batch_size to 2 or more"),
        ({"loss_type": "sft"}, "learns nothing from the rejected answers; sft_weight adds it"),
        ({"loss_type": "dpo"}, "'loss_type' in the dpo recipe cannot be 'dpo'"),
        ({"beta": 0}, "'beta' in the dpo recipe cannot be 0"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        recipe(**settings)
