"""Answers that say which model wrote them: "I am Qwen, created by Alibaba Cloud".

A labeler who reads that no longer judges the text alone. Only what an answer says of itself counts, since Claude may be
Monet and Gemini a sign of the zodiac: a model's name after "I am" or "as the model", a maker's after "I was trained by"
or "I am a language model from". The names of this home's own models count anywhere, where they are no mere words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

LONGEST_SEARCHED = 20_000  # characters of an answer: one that names itself does so early on

MODEL = (
    r"(?:Chat-?GPT|GPT-?\d|Claude|(?<!\ba )Gemini|Gemma|L[Ll]a[Mm][Aa]|Mistral|Mixtral|Qwen|QwQ|Tongyi|DeepSeek|Grok"
    r"|Copilot|Command R|Vicuna|Phi-?\d|Kimi|ChatGLM|ERNIE|Doubao|Hunyuan|Pythia|OLMo|SmolLM|Tülu|Zephyr|OpenAssistant"
    r"|通义千问|千问|文心一言|豆包)"
)
MAKER = (
    r"(?:OpenAI|Anthropic|Google|DeepMind|Meta\b|Mistral AI|Alibaba|DeepSeek|xAI|Microsoft|Cohere|Baidu|ByteDance"
    r"|Tencent|Moonshot|Zhipu|NVIDIA|Hugging ?Face|EleutherAI|LMSYS|Stability AI|Technology Innovation Institute"
    r"|阿里云|百度|字节跳动)"
)
SELF = (
    r"(?i:\b(?:I am|I['’]m|my name is|ich bin|ich heiße|mein name ist|je suis|je m['’]appelle|soy|me llamo"
    r"|(?:as|als|en tant que|como) (?:an?|the|eine?|une?|el|le))\b)"
)
KIND = (
    r"(?i:(?:language model|model|assistant|chat ?bot|AI|LLM|Sprachmodell|Modell|Assistent|KI|modèle|IA|modelo"
    r"|asistente)\b)"
)
# What may stand between "I am" and the name.
FILLING = (
    r"(?i:an?|the|just|only|actually|large|big|helpful|virtual|digital|artificial|intelligence|trained|open|source|called|named"
    r"|eine?|der|die|das|große[sr]?|namens|genannt|künstliche|une?|le|grand|de|lenguaje|langage"
    r"|nommé|appelé|un|el|gran|llamado)"
)
MADE = (
    r"(?i:created|developed|made|built|trained|designed|entwickelt|trainiert|développé|entraîné|créé|desarrollado|creado"
    r"|entrenado)"
)
BY = r"(?i:by|at|von|par|por)"
WAS = r"(?i:\b(?:I was|I have been|I['’]ve been|ich wurde|j['’]ai été|fui|he sido))"
GAP = r"[\s,:*_\"“]{1,3}"

PHRASES = re.compile(
    rf"{SELF}(?:{GAP}(?:{FILLING}|{KIND})(?![\w-]))*{GAP}{MODEL}[\w.-]*(?!['’]s)"
    rf"|{SELF}(?:{GAP}{FILLING})*{GAP}(?:\w+ )?{KIND}[^.!?\n]{{0,60}}?\b{MAKER}(?!['’]s)"
    rf"|{WAS}[^.!?\n]{{0,30}}?\b{MADE}\b[^.!?\n]{{0,40}}?\b{BY} [^.!?\n]{{0,20}}?{MAKER}(?!['’]s)"
    rf"|{WAS} von [^.!?\n]{{0,20}}?{MAKER} {MADE}"
    rf"|我(?:是|叫)[^。！？\n]{{0,12}}?(?:{MODEL}|{MAKER})"
)


def leaks(text: str, names: Iterable[str] = ()) -> list[str]:
    """What in an answer names its model, as it stands there, each once; `names` are those of this home's models."""
    beginning = text[:LONGEST_SEARCHED]
    own = _own(tuple(sorted(names)))
    found = [*PHRASES.finditer(beginning), *(own.finditer(beginning) if own else ())]
    return list(dict.fromkeys(match.group() for match in found))


@lru_cache(maxsize=8)
def _own(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """The names that can be no mere words, as `qwen2.5-0.5b`: of letters and digits, and six characters or more."""
    telling = [name for name in names if len(name) >= 6 and re.search(r"\d", name) and re.search(r"[^\W\d]", name)]
    if not telling:
        return None
    return re.compile(rf"(?i:(?<![\w.-])(?:{'|'.join(map(re.escape, telling))})(?![\w-]))")
