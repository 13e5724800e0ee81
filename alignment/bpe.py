"""A tokenizer from scratch: byte-level BPE, so that any text in any script goes in and comes out unchanged.

Digits stand alone, which makes sums learnable for a small model. Simplified: text is not normalised, so a character
that can be written in two ways has two spellings.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PAD = "<|pad|>"
END = "<|end|>"  # ends a document, a turn and an answer; what comes first in a text follows it
ROLES = ("system", "user", "assistant")
SPECIAL = [PAD, END, *(f"<|{role}|>" for role in ROLES)]

CHAT_TEMPLATE = """\
{%- for message in messages %}
{{- '<|' + message['role'] + '|>' }}
{%- if message['role'] == 'assistant' %}
{%- generation %}{{ message['content'].strip() + eos_token }}{% endgeneration %}
{%- else %}{{ message['content'].strip() + eos_token }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"""


def train_tokenizer(documents: Iterable[str], vocab_size: int, positions: int, cache: Path) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `vocab_size` tokens, special ones included; of fewer when the text has no more to merge.

    It is kept in the file `cache` and read from there the next time, so that a run which resumes has the same one.
    """
    if not cache.exists():
        bpe = Tokenizer(models.BPE())
        bpe.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
        bpe.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        bpe.train_from_iterator(documents, trainer)
        partial = cache.with_name(f".{cache.name}.partial")
        bpe.save(str(partial))
        partial.replace(cache)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(cache), model_max_length=positions, pad_token=PAD, bos_token=END, eos_token=END
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
