"""KTO: which answers it learns from, what they weigh, and that TRL's loss is the paper's."""

from __future__ import annotations

import inspect
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from trl import KTOConfig, KTOTrainer

from alignment.chatformat import CutOff
from alignment.config import load_recipe
from alignment.desirability import balancing_weights, judged_answers, read_ratings, thumbs_on
from alignment.kto import TokenisedKtoTrainer, loss_arguments, with_mismatched
from alignment.models import load_policy
from alignment.recipes.preferences import KtoRecipe
from storage.errors import UserError
from tests.job_dirs import run_job
from tests.test_dpo import gaps
from tests.tiny_models import make_model


def row(verdict: str, fold: str = "train", **ended: bool) -> dict[str, Any]:
    prompt = [{"role": "user", "content": "Why?"}]
    texts = {"completion_a": "first", "completion_b": "second"}
    return {"prompt_id": 1, "prompt": prompt, **texts, "verdict": verdict, "fold": fold, **ended}


def said(votes: list[dict[str, Any]], pairs: bool) -> list[tuple[str, bool]]:
    return [(one.answer, one.desirable) for one in judged_answers(votes, "train", pairs)]


def test_both_answers_of_a_both_bad_vote_are_undesirable() -> None:
    assert said([row("both_bad")], pairs=False) == [("first", False), ("second", False)]


def test_a_vote_for_one_side_is_a_desirable_and_an_undesirable_answer_where_pairs_are_taken() -> None:
    votes = [row("a"), row("b")]
    assert said(votes, pairs=True) == [("first", True), ("second", False), ("first", False), ("second", True)]
    assert said(votes, pairs=False) == []


def test_ties_and_the_other_fold_say_nothing() -> None:
    assert said([row("tie"), row("a", fold="judge"), row("both_bad", fold="judge")], pairs=True) == []


def test_an_answer_that_was_cut_off_is_learned_without_an_end() -> None:
    first, second = judged_answers([row("both_bad", ended_a=False, ended_b=True)], "train", True)
    assert isinstance(first.answer, CutOff)
    assert not isinstance(second.answer, CutOff)


def test_a_ranking_says_one_thing_of_each_of_its_answers() -> None:
    ranks = {"best": 1, "good": 2, "poor": 3, "worst": 4, "as bad": 4}
    rows = [
        {
            **row("a" if ranks[a] < ranks[b] else "tie" if ranks[a] == ranks[b] else "b"),
            "completion_a": a,
            "completion_b": b,
            "ranking_id": 7,
        }
        for a, b in combinations(ranks, 2)
    ]
    assert said([row("a"), *rows], pairs=True) == [
        ("first", True),
        ("second", False),
        ("best", True),
        ("good", True),
        ("worst", False),
        ("as bad", False),
    ]
    assert said(rows, pairs=False) == []
    bad = [{**one, "verdict": "both_bad"} for one in rows]
    assert said(bad, pairs=False) == [(name, False) for name in ranks]


def thumb(way: str, answer: str, fold: str = "train", ended: bool | None = None) -> dict[str, Any]:
    prompt = [{"role": "user", "content": "Why?"}]
    return {"prompt_id": 2, "prompt": prompt, "completion": answer, "ended": ended, "thumb": way, "fold": fold}


def test_a_thumb_up_is_a_desirable_answer_and_a_thumb_down_an_undesirable_one_behind_the_votes() -> None:
    thumbs = [thumb("down", "third"), thumb("up", "fourth"), thumb("up", "fifth", fold="judge")]
    judged = judged_answers([row("a")], "train", True, thumbs)
    said = [(one.prompt_id, one.answer, one.desirable) for one in judged]
    assert said == [(1, "first", True), (1, "second", False), (2, "third", False), (2, "fourth", True)]
    assert judged_answers([row("a")], "train", False, thumbs) == judged[2:]
    assert thumbs_on(thumbs, "train") == {"thumbs_up": 1, "thumbs_down": 1}
    assert thumbs_on(thumbs, "judge") == {"thumbs_up": 1, "thumbs_down": 0}


def test_a_thumb_on_an_answer_that_was_cut_off_teaches_no_end() -> None:
    thumbs = [thumb("up", "in the middl", ended=False), thumb("up", "whole", ended=True), thumb("up", "who knows")]
    cut = [isinstance(one.answer, CutOff) for one in judged_answers([], "train", True, thumbs)]
    assert cut == [True, False, False]


def test_a_file_of_thumbs_has_one_to_a_line_whatever_characters_are_in_it(tmp_path: Path) -> None:
    thumbs = [thumb("up", "one\u2028two\x85\r\nthree"), thumb("down", "four")]
    path = tmp_path / "ratings.jsonl"
    path.write_bytes("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in thumbs).encode())
    assert read_ratings(path) == thumbs


@pytest.mark.parametrize(
    ("desirable", "undesirable", "weights"),
    [
        (10, 10, (1.0, 1.0)),
        (12, 9, (1.0, 1.0)),  # 4/3, the bound
        (10, 40, (4.0, 1.0)),  # 4 x 10 to 40 is 1
        (40, 10, (1.0, 3.0)),  # 40 to 3 x 10 is 4/3
    ],
)
def test_the_fewer_answers_weigh_more_until_the_ratio_is_that_of_the_paper(
    desirable: int, undesirable: int, weights: tuple[float, float]
) -> None:
    assert balancing_weights(desirable, undesirable) == pytest.approx(weights)


def test_every_answer_is_also_put_behind_another_prompt_of_its_batch() -> None:
    rows = [{"prompt_ids": [n], "completion_ids": [10 + n]} for n in range(5)]
    assert [one["KL_completion_ids"] for one in with_mismatched(rows, 2)] == [[11], [10], [13], [12], [13]]
    assert [one["KL_completion_ids"] for one in with_mismatched(rows, 8)] == [[14], [10], [11], [12], [13]]


def recipe(**settings: Any) -> KtoRecipe:
    return load_recipe({"kind": "kto", "policy": "p", "reference": "p", **settings})  # type: ignore[return-value]


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> TokenisedKtoTrainer:
    """TRL's trainer on a tiny policy, with an undesirable answer between two desirable ones."""
    folder = tmp_path_factory.mktemp("kto")
    model, tokenizer = load_policy(make_model("llama", folder / "policy"))
    rows = [{"prompt_ids": [5, 6], "completion_ids": [n, n + 1], "label": n != 20} for n in (10, 20, 30)]
    rows[1]["completion_ids"] = list(range(20, 40))  # cut where it follows another prompt, as no room is left
    rows[2]["prompt_ids"] = list(range(5, 25))
    arguments = loss_arguments(recipe(beta=0.5), {"desirable_weight": 1.0, "undesirable_weight": 1.5}, 22)
    config = KTOConfig(output_dir=str(folder), use_cpu=True, bf16=False, report_to="none", **arguments)
    data = Dataset.from_list(with_mismatched(rows, 3))
    return TokenisedKtoTrainer(model, args=config, train_dataset=data, processing_class=tokenizer)


def test_the_reference_is_what_trl_would_have_computed(trainer: TokenisedKtoTrainer) -> None:
    inputs = trainer.data_collator([dict(one) for one in trainer.train_dataset])
    own, mismatched = trainer.compute_ref_log_probs(trainer.model, inputs)
    assert trainer.train_dataset["ref_logps"] == pytest.approx(own.tolist(), abs=1e-4)
    assert trainer.train_dataset["ref_KL_logps"] == pytest.approx(mismatched.tolist(), abs=1e-4)


@pytest.mark.parametrize(
    ("loss_type", "kl", "by_hand"),
    [
        # Ethayarajh et al. 2024, eq. 7, log-ratios 1.5, 0.5 and 0.5, KL 0.5: 1 - sigmoid(0.5 x (1.5 - 0.5)), then
        # 1.5 x (1 - sigmoid(0.5 x (0.5 - 0.5))) and 1 - sigmoid(0.5 x (0.5 - 0.5))
        ("kto", (0.25, 0.5, 0.75), (0.3775407 + 1.5 * 0.5 + 0.5) / 3),
        # a mean KL below 0 counts as 0: 1 - sigmoid(0.75), 1.5 x (1 - sigmoid(-0.25)), 1 - sigmoid(0.25)
        ("kto", (-1.0, -1.0, -1.0), (0.3208213 + 1.5 * 0.5621765 + 0.4378235) / 3),
        # D'Oosterlinck et al. 2024: no KL at all
        ("apo_zero_unpaired", (0.25, 0.5, 0.75), (0.3208213 + 1.5 * 0.5621765 + 0.4378235) / 3),
    ],
)
def test_what_trl_computes_is_the_formula_of_the_paper(
    trainer: TokenisedKtoTrainer, loss_type: str, kl: tuple[float, ...], by_hand: float
) -> None:
    inputs = trainer.data_collator([dict(one) for one in trainer.train_dataset])
    trainer.loss_type, trainer.calculate_KL = "kto", True
    own, mismatched = trainer.compute_ref_log_probs(trainer.model, inputs)  # the policy's, as it is its reference
    inputs["ref_logps"] = own - torch.tensor([1.5, 0.5, 0.5])
    inputs["ref_KL_logps"] = mismatched - torch.tensor(kl)
    trainer.loss_type, trainer.calculate_KL = loss_type, loss_type == "kto"
    assert float(trainer._compute_loss(trainer.model, inputs, False).detach()) == pytest.approx(by_hand, abs=2e-5)


def test_the_losses_are_those_of_the_installed_trl() -> None:
    offered = set(KTOConfig.__dataclass_fields__["loss_type"].metadata["choices"])
    assert set(KtoRecipe.model_fields["loss_type"].annotation.__args__) == offered  # type: ignore[union-attr]


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_it_raises_the_desirable_answers_over_the_others(tmp_path: Path, tuning: str) -> None:
    policy = make_model("llama", tmp_path / "policy")
    job, result = run_job(
        tmp_path / "job", kind="kto", policy=str(policy), reference=str(policy), epochs=6, tuning=tuning
    )
    assert all(after > before for after, before in zip(gaps(job.model), gaps(policy), strict=True))
    assert result["accuracy"] == 1
    # 18 of the 24 votes for one side are on the train fold, and so is the both-bad one
    assert (result["desirable"], result["undesirable"]) == (18, 20)
    assert (result["desirable_weight"], result["undesirable_weight"]) == (pytest.approx(20 / 18), 1)
    assert (result["ties"], result["both_bad"], result["reference"]) == (0, 1, "parent")


def test_the_first_loss_is_one_half_where_policy_and_reference_agree(tmp_path: Path) -> None:
    """The loss is at its middle for every answer, so its mean is half the mean weight."""
    policy = str(make_model("llama", tmp_path / "policy"))
    once = {"max_steps": 1, "batch_size": 64, "learning_rate": 1e-9}
    _, result = run_job(tmp_path / "job", kind="kto", policy=policy, reference=policy, **once)
    assert result["loss"] == pytest.approx(0.5 * (18 * result["desirable_weight"] + 20) / 38, abs=1e-4)
    other = str(make_model("llama", tmp_path / "other"))
    _, result = run_job(tmp_path / "again", kind="kto", policy=policy, reference=other, desirable_weight=3.0, **once)
    assert result["loss"] == pytest.approx(0.5 * (18 * 3 + 20) / 38, abs=1e-4)
    assert (result["desirable_weight"], result["reference"]) == (3, "initial")


def test_answers_of_one_kind_only_are_refused(tmp_path: Path) -> None:
    policy = str(make_model("llama", tmp_path / "policy"))
    with pytest.raises(UserError, match="of 2 answers to train on none is desirable: thumbs up and down give them"):
        run_job(tmp_path / "job", kind="kto", policy=policy, reference=policy, pairs=False)


def test_answers_that_are_all_too_long_are_called_so(tmp_path: Path) -> None:
    model = str(make_model("llama", tmp_path / "llama"))
    with pytest.raises(UserError, match=r"None of \d+ answers is left to train on: .* longer than 8 tokens"):
        run_job(tmp_path / "job", kind="kto", policy=model, reference=model, max_length=8)


def test_thumbs_alone_can_be_learned_from(tmp_path: Path) -> None:
    """Two thumbs up and three down on train prompts; of the snapshot's votes only the both-bad one counts."""
    policy = str(make_model("llama", tmp_path / "policy"))
    thumbs = [thumb("up" if number < 2 else "down", f"The sea {number}") for number in range(5)]
    path = tmp_path / "ratings.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in [*thumbs, thumb("up", "unseen", fold="judge")]))
    once = {"max_steps": 1, "batch_size": 8, "learning_rate": 1e-9}
    _, result = run_job(
        tmp_path / "job", kind="kto", policy=policy, reference=policy, pairs=False, ratings=str(path), **once
    )
    assert (result["thumbs_up"], result["thumbs_down"], result["both_bad"]) == (2, 3, 1)
    assert (result["desirable"], result["undesirable"]) == (2, 5)
    assert result["loss"] == pytest.approx(0.5 * (2 * 5 / 2 + 5) / 7, abs=1e-4)


def test_a_batch_of_one_cannot_be_compared_with_itself() -> None:
    with pytest.raises(UserError, match="'batch_size' in the kto recipe cannot be 1"):
        recipe(batch_size=1)


def test_what_is_overridden_in_trl_is_still_there() -> None:
    """TRL's trainer must hand its datasets to this method, take our columns, and keep the order of the rows."""
    parameters = list(inspect.signature(KTOTrainer._prepare_dataset).parameters)
    assert parameters == ["self", "dataset", "processing_class", "args", "dataset_name"]
    assert "self._prepare_dataset(train_dataset" in inspect.getsource(KTOTrainer.__init__)
    columns = inspect.getsource(KTOTrainer._set_signature_columns_if_needed)
    assert all(f'"{name}"' in columns for name in ("prompt_ids", "completion_ids", "KL_completion_ids", "label"))


def test_the_batches_are_those_that_the_answers_were_mismatched_in(trainer: TokenisedKtoTrainer) -> None:
    trainer.calculate_KL = True
    (batch,) = list(trainer.get_train_dataloader())
    assert batch["label"].tolist() == [True, False, True]
    assert batch["KL_input_ids"][:2, 2].tolist() == [30, 10]
    assert batch["KL_input_ids"][2].tolist() == [*range(5, 25), 20, 21]
