"""Loading and saving models: safetensors only, no code of theirs, pad different from eos, always a chat template."""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
from pathlib import Path
from typing import cast

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from alignment.chatformat import PLAIN_TEMPLATE
from alignment.context import limit_in
from alignment.modelcheck import validate_model_dir
from storage.durable import sync_directory
from storage.errors import UserError

# Tokens that vocabularies set aside, and that an answer never holds: any of them can serve as padding.
RESERVED = (
    "<pad>",
    "<|pad|>",
    "[PAD]",
    "<|finetune_right_pad_id|>",
    "<|reserved_special_token_0|>",
    "<|fim_pad|>",
    "<|endoftext|>",
    "<unk>",
    "[UNK]",
)


def load_tokenizer(path: Path | str) -> PreTrainedTokenizerBase:
    """The tokenizer of a model directory, with a pad that differs from eos and a chat template.

    The reward model reads its score at the last token that is not pad, so pad == eos would make it read the one
    before the end. Where the vocabulary has no token to spare, "<pad>" is added behind its end, and `load_policy` and
    `load_reward_model` enlarge the embeddings. Raises UserError for a directory that is no safe model, or has no eos.
    """
    validate_model_dir(Path(path))
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    except (ValueError, OSError, KeyError) as error:
        raise UserError(f"The tokenizer in {path} cannot be loaded ({_first_line(error)}).") from error
    if tokenizer.eos_token is None:
        raise UserError(f"The tokenizer in {path} has no eos token, so its answers could not end: set eos_token.")
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        _choose_pad(tokenizer)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = PLAIN_TEMPLATE
    return tokenizer


def load_policy(
    path: Path | str, dtype: torch.dtype = torch.float32, device: torch.device | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A policy in eval mode, on the GPU if there is one and no other `device` is named, and its tokenizer."""
    tokenizer = load_tokenizer(path)
    model = _load(AutoModelForCausalLM, path, dtype, set()).to(device or default_device())
    _fit(model, tokenizer)
    return model, tokenizer


def load_reference(path: Path | str, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """The policy that one with this tokenizer is held to. Raises UserError when it reads other tokens."""
    reference, its_tokenizer = load_policy(path)
    if its_tokenizer.get_vocab() != tokenizer.get_vocab():
        raise UserError(f"The vocabulary of the reference {path} is not the policy's: name one from the policy's line.")
    return reference.requires_grad_(False)


def load_policy_in_4_bits(path: Path | str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A policy whose linear layers are held as 4-bit NormalFloat, their scales quantised too (QLoRA, Dettmers et al.
    2023), ready for adapters, and its tokenizer. Raises UserError where there is no CUDA GPU or no bitsandbytes.
    """
    from peft import prepare_model_for_kbit_training  # seconds to load, which the server behind the chat has not

    if not torch.cuda.is_available():
        raise UserError("Weights in 4 bits need a CUDA GPU, and this machine has none: leave four_bit out.")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError("Weights in 4 bits need the package bitsandbytes: install it, or leave four_bit out.")
    bits = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    tokenizer = load_tokenizer(path)
    model = _load(AutoModelForCausalLM, path, torch.bfloat16, set(), quantization_config=bits, device_map={"": 0})
    _fit(model, tokenizer)
    return cast(PreTrainedModel, prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)), tokenizer


def load_reward_model(
    path: Path | str,
    dtype: torch.dtype = torch.float32,
    seed: int | None = None,
    device: torch.device | None = None,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A reward model (one score, read at the last token that is not pad) in eval mode, and its tokenizer.

    It is on the GPU if there is one and no other `device` is named.

    With a `seed` the directory is a policy's and the score head is new: normal with standard deviation
    1/sqrt(hidden + 1), no bias (Stiennon et al. 2020; Huang et al. 2023).
    """
    tokenizer = load_tokenizer(path)
    may_lack = {"score.weight"} if seed is not None else set()
    model = _load(AutoModelForSequenceClassification, path, dtype, may_lack, num_labels=1).to(
        device or default_device()
    )
    _fit(model, tokenizer)
    if seed is not None:
        head = model.score.weight
        values = torch.randn(head.shape, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            head.copy_(values / math.sqrt(head.shape[1] + 1))
    return model, tokenizer


def save_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, path: Path, dtype: str = "float32") -> None:
    """Write a model directory whole: into a neighbour that is renamed when it is on disk.

    Casts the model in place to `dtype` ("float32", "bfloat16", "float16").
    """
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.to(getattr(torch, dtype))
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    for file in partial.iterdir():
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    sync_directory(partial)
    shutil.rmtree(path, ignore_errors=True)
    partial.rename(path)
    sync_directory(path.parent)


def count_parameters(model: torch.nn.Module) -> int:
    """Parameters, tied ones once."""
    return sum(parameter.numel() for parameter in model.parameters())


def reward_mean(model: PreTrainedModel) -> float:
    """The mean that a reward model's scores are less, as its config records it; 0 before it is centred."""
    return float(getattr(model.config, "reward_mean", 0.0))


def context_length(model: PreTrainedModel) -> int | None:
    """Tokens that a model takes at most, or None if its config names no limit."""
    config = model.config.get_text_config()
    return limit_in(lambda name: getattr(config, name, None))


def length_limit(model: PreTrainedModel, max_length: int) -> int:
    """Tokens that an example may have: as the recipe says, and no more than the model takes."""
    return min(max_length, context_length(model) or max_length)


def choose_threads(threads: int | None) -> int:
    """How many CPU threads a job takes: as told, else all cores but one, which is left to the page."""
    if threads is not None:
        return threads
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1)


def default_device() -> torch.device:
    """The GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _load(
    auto_class: type, path: Path | str, dtype: torch.dtype, may_lack: set[str], **settings: object
) -> PreTrainedModel:
    """Load weights; ones that the directory lacks would be random, so only those in `may_lack` may be missing."""
    try:
        model, info = auto_class.from_pretrained(  # type: ignore[attr-defined]
            path,
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            **settings,
        )
    except (ValueError, OSError, KeyError, RuntimeError) as error:
        raise UserError(f"The model in {path} cannot be loaded ({_first_line(error)}).") from error
    missing = sorted(set(info["missing_keys"]) - may_lack)
    if missing:
        raise UserError(f"The model in {path} lacks the weights {missing[0]}: it is incomplete, or of another kind.")
    return cast(PreTrainedModel, model.eval())


def _fit(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Make a model's settings agree with its tokenizer's, and its embeddings reach to the last token."""
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        with torch.no_grad():  # the mean of the others is likely nowhere, where random values could win by chance
            for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
                if layer is not None:
                    layer.weight[rows:] = layer.weight[:rows].mean(dim=0)
    for config in {id(found): found for found in (model.config, model.config.get_text_config())}.values():
        config.pad_token_id = tokenizer.pad_token_id
        config.eos_token_id = tokenizer.eos_token_id
    generation = getattr(model, "generation_config", None)  # a reward model has none
    if generation is not None:
        generation.pad_token_id = tokenizer.pad_token_id
        generation.eos_token_id = _end_tokens(generation.eos_token_id, tokenizer)


def _end_tokens(named: int | list[int] | None, tokenizer: PreTrainedTokenizerBase) -> int | list[int]:
    """The tokens that end an answer: eos, and those that the model's settings name, if they are special.

    Settings left at an architecture's defaults name ids that are words in this vocabulary.
    """
    ids = named if isinstance(named, list) else [] if named is None else [named]
    special = {token_id for token_id, token in tokenizer.added_tokens_decoder.items() if token.special}
    others = sorted({token_id for token_id in ids if token_id in special} - {tokenizer.eos_token_id})
    return [tokenizer.eos_token_id, *others] if others else tokenizer.eos_token_id


def _choose_pad(tokenizer: PreTrainedTokenizerBase) -> None:
    vocabulary = tokenizer.get_vocab()
    taken = {tokenizer.eos_token, tokenizer.bos_token}
    spare = next((token for token in RESERVED if token in vocabulary and token not in taken), "<pad>")
    tokenizer.add_special_tokens({"pad_token": spare})


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
