"""Models of about 50,000 random parameters, of the types that people bring, each with a tokenizer as it has them."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from alignment.models import load_reward_model, save_model

KINDS = ("llama", "gpt2", "qwen2")
POSITIONS = 256
WIDTH = 32

LINES = [
    "Tell me about the sea, please. The sea is wide and blue, and the wind moves over it all day.",
    "What is a good breakfast? A good breakfast is bread with butter, an egg and a cup of tea.",
    "Write a short story about a dog. The dog ran along the river and came home when it was dark.",
    "How do I thank a friend? Say what the friend did for you and why it helped.",
]
# As in public models: what each tokenizer calls its tokens, and whether it has a chat template.
SPECIAL = {
    "llama": {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"},
    "gpt2": {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"},
    "qwen2": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
}
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_model(kind: str, path: Path) -> Path:
    """Write a tiny model of `kind` (one of KINDS) with its tokenizer to `path`; always the same weights."""
    tokenizer = _tokenizer(kind)
    generator_state = torch.random.get_rng_state()
    torch.manual_seed(7)
    model = _model(kind, tokenizer)
    torch.random.set_rng_state(generator_state)
    # In chat, where a model's own settings count: one answer in 300 would be over before it began.
    model.generation_config.min_new_tokens = 4
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def make_reward_model(policy: Path, path: Path, seed: int = 1) -> Path:
    """Write a reward model of the policy in a directory, with a fresh head of this seed, to `path`."""
    save_model(*load_reward_model(policy, seed=seed), path)
    return path


def _tokenizer(kind: str) -> PreTrainedTokenizerFast:
    special = [*dict.fromkeys(SPECIAL[kind].values()), *(["<|im_start|>"] if kind == "qwen2" else [])]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=384,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(LINES, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, model_max_length=POSITIONS, **SPECIAL[kind])
    if kind == "qwen2":
        tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
        tokenizer.chat_template = CHATML
    return tokenizer


def _model(kind: str, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    ends = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if kind == "gpt2":
        sizes = {"n_embd": WIDTH, "n_layer": 2, "n_head": 2, "n_positions": POSITIONS}
        return GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), **sizes, **ends))
    shape = {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": POSITIONS,
    }
    if kind == "qwen2":
        return Qwen2ForCausalLM(Qwen2Config(**shape, tie_word_embeddings=True, **ends))
    return LlamaForCausalLM(LlamaConfig(**shape, tie_word_embeddings=False, **ends))
