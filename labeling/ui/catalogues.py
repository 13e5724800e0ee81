"""What a labeler reads, in their language: one catalogue a file, `catalogues/CODE.json`, chosen in the browser.

A catalogue has the language's own `name`, its `direction` (ltr or rtl) and its `texts` by key. A text is a sentence
with `{placeholders}`, or, where it counts something, a sentence for each plural category that the language has (the
CLDR's: one, few, many, other ...), told apart by `{count}`. `static/texts.js` reads them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from labeling.ui import theme

FOLDER = Path(__file__).parent / "catalogues"


@cache
def catalogues() -> dict[str, dict[str, Any]]:
    """Every catalogue by its language's code (BCP 47), English first, as what others fall back to."""
    paths = sorted(FOLDER.glob("*.json"), key=lambda path: (path.stem != "en", path.stem))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def said(key: str, **values: Any) -> dict[str, Any]:
    """A text that the server wants said, for the page to put into the labeler's language."""
    return {"key": key, "values": values}


def head() -> str:
    """What goes into the head of every page: the catalogues, and the script that reads them."""
    texts = json.dumps(catalogues(), ensure_ascii=False).replace("</", "<\\/")
    return f"<script>\nglobalThis.plumblineCatalogues = {texts};\n{theme.text('texts.js')}</script>"
