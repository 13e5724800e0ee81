"""Between what is written on the Align page and the settings of a round."""

from __future__ import annotations

from typing import Any

import gradio as gr
import yaml

from storage.assignments import assign

OWN_FIELDS = ("method", "reference", "seed", "exclude_labelers")  # of the round itself; the others belong to its method
WITHOUT = 6  # the place among the page's fields of the labelers to leave out
MORE = "A line each, key=value, such as\nreward.epochs=2\nevaluate.samples_per_prompt=8"
NARROW: dict[str, Any] = {"default_flow_style": True, "allow_unicode": True, "width": 10**6}  # a value in one line


def round_settings(fields: dict[str, str | None], recipe: str | None) -> dict[str, Any]:
    """Settings as a round takes them; a field that is empty, or was never opened, leaves its default.

    A field's name is its key, and `recipe` has a line of key=value for each setting more, which rules over a field. A
    dot in a key goes one level down. Raises UserError for a line of another form; whether a key is known, and its
    value possible, is for the round to say.
    """
    settings: dict[str, Any] = {}
    for key, text in fields.items():
        if text and text.strip():
            assign(settings, f"{key}={text}")
    for line in (recipe or "").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            assign(settings, line)
    return settings


def settings_of(
    method: str,
    reference: str | None,
    pull: str | None,
    rate: str | None,
    epochs: str | None,
    seed: str | None,
    without: list[str] | None,
    more: str | None,
) -> dict[str, Any]:
    """Settings from the fields of the page, `method` among them; UserError as `round_settings`."""
    tuning = {f"{method}.{pull_of(method)}": pull, f"{method}.learning_rate": rate, f"{method}.epochs": epochs}
    left_out = {"exclude_labelers": list(without)} if without else {}
    return {"method": method, **left_out, **round_settings({"reference": reference, **tuning, "seed": seed}, more)}


def fields_of(settings: dict[str, Any]) -> list[Any]:
    """The fields that `settings_of` makes these settings from, in its order."""
    method = settings.get("method", "dpo")
    own = {
        "reference": settings.get("reference", "parent"),
        "seed": settings.get("seed", ""),
    }
    tuning = dict(settings.get(method) or {})
    named = [tuning.pop(key, "") for key in (pull_of(method), "learning_rate", "epochs")]
    rest = {key: value for key, value in settings.items() if key not in (*OWN_FIELDS, method)}
    lines = [line for key, value in {**rest, method: tuning}.items() for line in _lines(key, value)]
    pull, rate, epochs = (_text(value) for value in named)
    without = settings.get("exclude_labelers") or []
    return [method, own["reference"], pull, rate, epochs, _text(own["seed"]), without, "\n".join(lines)]


def pull_of(method: str) -> str:
    """What the page's field for the pull to the reference is in a method's own words."""
    return "kl_coef" if method in ("ppo", "rloo") else "beta"


def _lines(key: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [line for inner, one in value.items() for line in _lines(f"{key}.{inner}", one)]
    return [f"{key}={_text(value)}"]


def _text(value: Any) -> str:
    """A value as YAML in one line, which `assign` reads back."""
    return "" if value == "" else yaml.safe_dump(value, **NARROW).removesuffix("\n").removesuffix("\n...")


def settings_fields() -> list[Any]:
    """The fields in the order in which `settings_of` takes them; an empty one leaves the default."""
    with gr.Row():
        method = gr.Dropdown(["dpo", "kto", "ppo", "rloo"], value="dpo", label="Method", filterable=False)
        reference = gr.Dropdown(
            [("the model that the round starts from", "parent"), ("the first policy of its line", "initial")],
            value="parent",
            label="Reference",
            filterable=False,
        )
    with gr.Row():
        beta = gr.Textbox(label="Pull to the reference", placeholder="default")
        rate = gr.Textbox(label="Learning rate", placeholder="by the model's size")
        epochs = gr.Textbox(label="Epochs", placeholder="default")
        seed = gr.Textbox(label="Seed", placeholder="0")
    without = gr.Dropdown([], multiselect=True, label="Without the votes of", allow_custom_value=True)
    recipe = gr.Textbox(label="More settings", placeholder=MORE, lines=3)
    return [method, reference, beta, rate, epochs, seed, without, recipe]
