"""The look: design tokens, light and dark, as CSS variables and as Gradio's theme. All pages stand on these alone.

A page's CSS says `var(--ink)` and never a colour of its own, so that every page is right in light and in dark.
No font is loaded: the reader's own system type is the fastest and the one they read best.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

STATIC = Path(__file__).parent / "static"

# token: (light, dark). ground is the page, card what is read on it, ink and quiet its text, line its borders, accent
# the one colour that says "act here", on_accent the text upon it, wash a tint of the accent, danger what went wrong.
TOKENS = {
    "ground": ("#f7f6f2", "#171715"),
    "card": ("#ffffff", "#20201d"),
    "sunken": ("#efede7", "#11110f"),
    "ink": ("#1d1c1a", "#eeece5"),
    "quiet": ("#67655e", "#a5a299"),
    "line": ("#e2dfd7", "#35342f"),
    "edge": ("#8c897f", "#77746b"),
    "accent": ("#28685a", "#80c9b1"),
    "on_accent": ("#ffffff", "#10211c"),
    "wash": ("#e4efeb", "#233630"),
    "danger": ("#a3352c", "#f0938a"),
    "inverse": ("#1d1c1a", "#eeece5"),
    "on_inverse": ("#f7f6f2", "#1d1c1a"),
    "inverse_accent": ("#8fd3bd", "#215a4d"),
}

# Gradio's own variables, each drawn from one token.
_GRADIO = {
    "body_background_fill": "ground",
    "body_text_color": "ink",
    "body_text_color_subdued": "quiet",
    "background_fill_primary": "card",
    "background_fill_secondary": "ground",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "color_accent_soft": "wash",
    "link_text_color": "accent",
    "link_text_color_hover": "accent",
    "link_text_color_active": "accent",
    "link_text_color_visited": "accent",
    "block_background_fill": "card",
    "block_border_color": "line",
    "block_label_background_fill": "card",
    "block_label_text_color": "quiet",
    "block_title_text_color": "quiet",
    "block_info_text_color": "quiet",
    "panel_background_fill": "card",
    "panel_border_color": "line",
    "input_background_fill": "card",
    "input_border_color": "edge",
    "input_border_color_focus": "accent",
    "input_placeholder_color": "quiet",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent",
    "button_primary_border_color": "accent",
    "button_primary_text_color": "on_accent",
    "button_secondary_background_fill": "card",
    "button_secondary_background_fill_hover": "wash",
    "button_secondary_border_color": "edge",
    "button_secondary_text_color": "ink",
    "button_cancel_background_fill": "card",
    "button_cancel_border_color": "danger",
    "button_cancel_text_color": "danger",
    "table_even_background_fill": "card",
    "table_odd_background_fill": "card",
    "table_border_color": "line",
    "error_text_color": "danger",
    "loader_color": "accent",
    "slider_color": "accent",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color": "edge",
    "checkbox_border_color_selected": "accent",
    "checkbox_label_background_fill": "card",
    "checkbox_label_background_fill_selected": "wash",
    "checkbox_label_text_color_selected": "ink",
}

SYSTEM_TYPE = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
SYSTEM_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Gradio's theme in our tokens."""
    values = {}
    for name, token in _GRADIO.items():
        values[name], values[f"{name}_dark"] = TOKENS[token]
    return gr.themes.Base(
        font=SYSTEM_TYPE, font_mono=SYSTEM_MONO, text_size="lg", radius_size="lg", primary_hue="emerald"
    ).set(
        **values,
        color_accent="var(--accent)",
        block_shadow="none",
        block_border_width="1px",
        button_border_width="1px",
        button_primary_shadow="none",
    )


def css() -> str:
    """The tokens as CSS variables (`on_accent` is `--on-accent`), then the rules that every page shares.

    The rules of `align.css` and `chat.css` hold within their page only: there they are nested in `.page-align` and
    so on, so that two pages may use one name for two things.
    """
    light, dark = _variables()
    pages = "".join(
        f".page-{name} {{\n{text(f'{name}.css')}}}\n"
        for name in ("align", "reward", "lineage", "quality", "chat", "data", "import")
    )
    return (
        f":root {{\n{light}  color-scheme: light;\n}}\n"
        f":root.dark, :root .dark {{\n{dark}  color-scheme: dark;\n}}\n"
        + text("base.css")
        + text("masthead.css")
        + pages
    )


def plain_css() -> str:
    """The tokens and the rules of the few pages that are plain HTML, light or dark as the reader's system is."""
    light, dark = _variables()
    return (
        f":root {{\n{light}  color-scheme: light;\n}}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{\n{dark}  color-scheme: dark;\n}} }}\n"
        + text("masthead.css")
        + text("plain.css")
    )


def _variables() -> tuple[str, str]:
    """The tokens as CSS variables, light and dark."""
    light, dark = (
        "".join(f"  --{name.replace('_', '-')}: {pair[mode]};\n" for name, pair in TOKENS.items()) for mode in (0, 1)
    )
    return light, dark


def text(name: str) -> str:
    """A file of the static folder: the HTML, CSS or JavaScript of a page."""
    return (STATIC / name).read_text(encoding="utf-8")
