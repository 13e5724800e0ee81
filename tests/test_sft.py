"""Supervised fine-tuning: the loss is on the answer and nothing else, and only what is to be trained changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from alignment import sft
from alignment.encoding import encode_demonstrations
from alignment.heldout import IGNORED, Example, heldout_loss
from alignment.jobdir import JobDir
from alignment.models import load_policy, load_tokenizer
from alignment.recipes.supervised import SftRecipe
from alignment.splits import hold_out
from alignment.tuning import apply_tuning, merged, merged_into, trainable_parameters
from storage.errors import UserError
from storage.exchange.demonstrations import Demonstration
from tests.sft_jobs import records, sft_job, weights_of
from tests.tiny_models import KINDS, make_model


def answered(asked: str, answer: str, *more: str) -> Demonstration:
    """A conversation of a user and an assistant by turns."""
    roles = ("user", "assistant") * 9
    turns = zip(roles, (asked, answer, *more), strict=False)
    return Demonstration(tuple({"role": role, "content": content} for role, content in turns))


HELLO = answered("Say hello", "Hello, sea")


def run(job: JobDir) -> dict[str, float]:
    recipe = job.recipe()
    assert isinstance(recipe, SftRecipe)
    return sft.run(job, recipe)


@pytest.mark.parametrize(
    ("kind", "prompt", "answer"),
    [
        ("llama", "<s>### User:\nSay hello\n\n### Assistant:\n", "Hello, sea</s>"),
        ("gpt2", "### User:\nSay hello\n\n### Assistant:\n", "Hello, sea<|endoftext|>"),
        ("qwen2", "<|im_start|>user\nSay hello<|im_end|>\n<|im_start|>assistant\n", "Hello, sea<|im_end|>"),
    ],
)
def test_labels_are_the_answer_and_its_end(tmp_path: Path, kind: str, prompt: str, answer: str) -> None:
    tokenizer = load_tokenizer(make_model(kind, tmp_path / "model"))
    example = encode_demonstrations(tokenizer, [HELLO], 99).examples[0]
    learned = [token for token in example.labels if token != IGNORED]
    read = len(example.labels) - len(learned)
    assert example.labels[:read] == [IGNORED] * read
    assert example.labels[read:] == example.input_ids[read:]
    assert tokenizer.decode(example.input_ids[:read]) == prompt
    assert tokenizer.decode(learned) == answer
    assert learned[-1] == tokenizer.eos_token_id


def learned(tokenizer: PreTrainedTokenizerBase, example: Example) -> list[str]:
    """The runs of text that the loss is on; each begins behind one that it is not on."""
    runs: list[list[int]] = []
    for before, label in zip([IGNORED, *example.labels], example.labels, strict=False):
        if label != IGNORED:
            runs = [*runs, [label]] if before == IGNORED else [*runs[:-1], [*runs[-1], label]]
    return [tokenizer.decode(run) for run in runs]


@pytest.mark.parametrize(("kind", "end"), [("llama", "</s>"), ("gpt2", "<|endoftext|>"), ("qwen2", "<|im_end|>")])
def test_every_answer_of_a_conversation_is_learned_and_nothing_else(tmp_path: Path, kind: str, end: str) -> None:
    tokenizer = load_tokenizer(make_model(kind, tmp_path / "model"))
    conversation = answered("Say hello", "Hello, sea", "And now bye", "Bye, sea")
    (example,) = encode_demonstrations(tokenizer, [conversation], 256).examples
    assert learned(tokenizer, example) == [f"Hello, sea{end}", f"Bye, sea{end}"]
    whole = tokenizer.apply_chat_template(list(conversation.messages), tokenize=False)
    assert tokenizer.decode(example.input_ids) == whole.rstrip("\n")


def test_a_template_that_rewrites_the_past_gets_an_example_for_each_answer(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(make_model("qwen2", tmp_path / "model"))
    tokenizer.chat_template = tokenizer.chat_template.replace(
        "{{ message['content'] }}", "{{ message['content'] if loop.last else message['content'] | upper }}"
    )
    conversation = answered("Say hello", "Hello, sea", "And now bye", "Bye, sea")
    first, second = encode_demonstrations(tokenizer, [conversation], 256).examples
    assert learned(tokenizer, first) == ["Hello, sea<|im_end|>"]
    assert learned(tokenizer, second) == ["Bye, sea<|im_end|>"]
    assert "HELLO, SEA" in tokenizer.decode(second.input_ids)


def test_a_conversation_that_a_template_refuses_is_told(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(make_model("qwen2", tmp_path / "model"))
    tokenizer.chat_template = "{{ raise_exception('no system role') }}"
    with pytest.raises(UserError, match=r"takes no conversation of the turns user \(no system role\)"):
        encode_demonstrations(tokenizer, [HELLO], 256)


def test_a_long_conversation_is_cut_behind_the_last_answer_that_fits(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(make_model("llama", tmp_path / "model"))
    conversation = answered("Say hello", "Hello, sea", "And now bye", "Bye, sea")
    (whole,) = encode_demonstrations(tokenizer, [conversation], 256).examples
    (first,) = encode_demonstrations(tokenizer, [HELLO], 256).examples
    length = len(whole.input_ids)
    assert encode_demonstrations(tokenizer, [conversation], length).cut == 0
    cut = encode_demonstrations(tokenizer, [conversation, conversation, HELLO], length - 1)
    assert (cut.examples, cut.cut, cut.dropped) == ([first] * 3, 2, 0)
    assert first.labels[-1] == tokenizer.eos_token_id
    dropped = encode_demonstrations(tokenizer, [conversation], len(first.input_ids) - 1)
    assert (dropped.examples, dropped.cut, dropped.dropped) == ([], 0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_eos_is_learned_and_padding_is_neither_read_nor_learned(tmp_path: Path, kind: str) -> None:
    """What TRL makes of the examples, in a model whose pad was its eos as in one that has both."""
    path = make_model(kind, tmp_path / "model")
    job = sft_job(tmp_path / "job", path)
    model, tokenizer = load_policy(path)
    examples = encode_demonstrations(tokenizer, [HELLO, answered("Go on", "The sea " * 9)], 256).examples
    recipe = job.recipe()
    assert isinstance(recipe, SftRecipe)
    trainer = sft.sft_trainer(job, recipe, 1e-3, model, tokenizer, examples)
    batch = next(iter(trainer.get_train_dataloader()))
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    padding = batch["attention_mask"] == 0
    assert padding.any()
    assert (batch["input_ids"][padding] == tokenizer.pad_token_id).all()
    assert (batch["labels"][padding] == IGNORED).all()
    ends = batch["labels"] == tokenizer.eos_token_id
    assert ends.sum(1).tolist() == [1, 1]
    assert int((batch["labels"] != IGNORED).sum()) == sum(example.answer_tokens for example in examples)


def test_every_answer_token_of_a_step_weighs_the_same_however_it_is_batched(tmp_path: Path) -> None:
    """With a huge epsilon Adam's step is in proportion to the gradient, so equal gradients show as equal weights."""
    model = make_model("llama", tmp_path / "model")
    settings = {"heldout": "records.json", "max_steps": 1, "adam_epsilon": 1.0, "learning_rate": 1.0, "warmup": 0.0}
    once, apart = (
        sft_job(tmp_path / f"{size}", model, batch_size=size, accumulation=30 // size, **settings) for size in (30, 2)
    )
    before = load_file(model / "model.safetensors")
    for job in (once, apart):
        run(job)
    whole, parts = (load_file(job.model / "model.safetensors") for job in (once, apart))
    moved = max(float((whole[name] - before[name]).abs().max()) for name in before)
    differ = max(float((whole[name] - parts[name]).abs().max()) for name in before)
    assert moved > 1e-3
    assert differ < moved / 1000


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    model = make_model("llama", tmp_path / "model")
    jobs = [sft_job(tmp_path / str(n), model, seed=seed, max_steps=3, batch_size=4) for n, seed in enumerate((0, 0, 1))]
    for job in jobs:
        run(job)
    first, again, other = (weights_of(job) for job in jobs)
    assert first == again
    assert first != other


def test_the_trainers_first_loss_is_the_mean_over_answer_tokens(tmp_path: Path) -> None:
    model = make_model("llama", tmp_path / "model")
    job = sft_job(tmp_path / "job", model, heldout="records.json", batch_size=15, accumulation=2, max_steps=1)
    result = run(job)
    assert result["loss"] == pytest.approx(result["loss_before"], abs=1e-4)
    policy, tokenizer = load_policy(model)
    demonstrations = [answered(record["instruction"], record["output"]) for record in records()]
    examples = encode_demonstrations(tokenizer, demonstrations, 256).examples
    measured = [heldout_loss(policy, examples, tokenizer.pad_token_id, size) for size in (1, 30)]
    assert result["loss"] == pytest.approx(measured[0].mean, abs=1e-4)
    assert measured[0].nats == pytest.approx(measured[1].nats, rel=1e-5)
    assert result["heldout_tokens"] == measured[0].tokens


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls_on_prompts_that_were_held_out(tmp_path: Path, kind: str) -> None:
    job = sft_job(tmp_path / "job", make_model(kind, tmp_path / "model"), epochs=8, learning_rate=1e-2)
    result = run(job)
    assert result["loss_after"] < result["loss_before"] - 1
    assert result["records"] + result["heldout_records"] == 30
    assert result["trainable_share"] == 1
    policy, tokenizer = load_policy(job.model)
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert policy.config.use_cache
    assert [json.loads(line) for line in job.metrics.read_text().splitlines()][-1]["progress"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_weights_stay_as_they_were_to_the_bit(tmp_path: Path, kind: str) -> None:
    model = make_model(kind, tmp_path / "model")
    job = sft_job(tmp_path / "job", model, tuning="freeze", unfrozen_blocks=1, max_steps=2)
    result = run(job)
    assert 0 < result["trainable_share"] < 1
    before, after = load_file(model / "model.safetensors"), load_file(job.model / "model.safetensors")
    first = [name for name in before if ".0." in name]
    last = [name for name in before if ".1." in name and name.endswith("weight") and "norm" not in name]
    assert first
    assert all(before[name].equal(after[name]) for name in first)
    assert last
    assert all(not before[name].equal(after[name]) for name in last)


@pytest.mark.parametrize("kind", KINDS)
def test_adapters_are_merged_into_a_plain_model(tmp_path: Path, kind: str) -> None:
    model = make_model(kind, tmp_path / "model")
    job = sft_job(tmp_path / "job", model, tuning="lora", lora_rank=4, epochs=4, learning_rate=1e-2)
    result = run(job)
    assert 0 < result["trainable_share"] < 0.5
    assert result["loss_after"] < result["loss_before"]
    policy, _ = load_policy(job.model)
    assert isinstance(policy, PreTrainedModel)
    names = set(load_file(model / "model.safetensors"))
    assert set(load_file(job.model / "model.safetensors")) == names
    assert {path.name for path in job.model.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}


def test_examples_that_are_too_long_are_dropped_and_counted(tmp_path: Path) -> None:
    model = make_model("llama", tmp_path / "model")
    job = sft_job(tmp_path / "job", model, max_steps=1)
    long = {"instruction": "Go on and on", "output": "word " * 300}  # the model takes 256 tokens
    (job.path / "records.json").write_text(json.dumps([*records(), long]))
    assert run(job)["dropped"] == 1
    with pytest.raises(UserError, match="at most 8 tokens"):
        run(sft_job(tmp_path / "short", model, max_length=8))


def test_near_duplicates_of_a_prompt_are_on_its_side() -> None:
    prompts = [f"Tell the story number {n} about a {n * n} year old tree in the garden" for n in range(40)]
    again = [prompt.upper() + "!" for prompt in prompts]
    sides = hold_out([*prompts, *again], 0.2)
    assert set(sides) == {"train", "heldout"}
    assert sides[:40] == sides[40:]


def test_too_few_demonstrations_are_refused(tmp_path: Path) -> None:
    job = sft_job(tmp_path / "job", make_model("llama", tmp_path / "model"))
    (job.path / "records.json").write_text(json.dumps(records()[:1]))
    with pytest.raises(UserError, match=r"too few demonstrations \(1\)"):
        run(job)


def test_adapters_sit_where_the_recipe_says(tmp_path: Path) -> None:
    model, _ = load_policy(make_model("llama", tmp_path / "model"))
    recipe = {"kind": "sft", "model": "/m", "instructions": "/i", "tuning": "lora", "lora_rank": 2}
    tuned = apply_tuning(model, SftRecipe(**recipe, lora_targets="q_proj, v_proj"))
    adapted = {name.split(".lora_")[0].rpartition(".")[2] for name, _ in tuned.named_parameters() if "lora_" in name}
    assert adapted == {"q_proj", "v_proj"}
    assert trainable_parameters(tuned) == 2 * 2 * 2 * (32 + 32)  # blocks, targets, rank, in and out
    for target in ("q_porj", "lm_head"):
        with pytest.raises(UserError, match=rf"no module '{target}' for adapters: lora_targets are among .*, q_proj,"):
            apply_tuning(load_policy(tmp_path / "model")[0], SftRecipe(**recipe, lora_targets=[target]))


def test_adapters_learned_on_a_copy_are_merged_into_the_whole_weights(tmp_path: Path) -> None:
    path = make_model("llama", tmp_path / "model")
    recipe = SftRecipe(kind="sft", model="/m", instructions="/i", tuning="lora")
    tuned = apply_tuning(load_policy(path)[0], recipe)
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter.data)
    whole = merged_into(load_policy(path)[0], tuned).state_dict()
    alike = merged(tuned).state_dict()
    assert set(whole) == set(alike)
    assert all(torch.allclose(whole[name], alike[name], atol=1e-6) for name in whole)
    assert any(not torch.allclose(whole[name], weight) for name, weight in load_policy(path)[0].state_dict().items())


def test_four_bits_need_cuda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    job = sft_job(tmp_path / "job", make_model("llama", tmp_path / "model"), tuning="lora", four_bit=True)
    with pytest.raises(UserError, match="4 bits need a CUDA GPU, and this machine has none"):
        run(job)


def test_what_labelers_wrote_is_mixed_in_and_its_share_is_recorded(tmp_path: Path) -> None:
    model = make_model("llama", tmp_path / "model")
    own = [{"messages": [{"role": "user", "content": f"{n * n} {'?' * n}"}, *HELLO.messages[1:]]} for n in range(5)]
    mixed = {"demonstrations": "own.jsonl", "max_steps": 1, "heldout": "records.json"}
    for name, settings, records_, share in (
        ("mixed", {"demonstration_repeats": 2}, 40, 0.25),
        ("alone", {"instructions": None}, 5, 1.0),
    ):
        job = sft_job(tmp_path / name, model, **mixed, **settings)
        (job.path / "own.jsonl").write_text("\n".join(map(json.dumps, own)))
        result = run(job)
        assert result["records"] == records_
        assert result["demonstrations_share"] == share
        assert result["demonstrations"] == share * records_
