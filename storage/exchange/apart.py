"""An import, or its preview, in a process of its own, for a page to follow: a server's threads share one interpreter,
and what takes it for seconds would keep the votes waiting.

    python -m storage.exchange.apart    reads one request as JSON from stdin, writes JSON lines to stdout
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.database import Store
from storage.errors import UserError
from storage.exchange import saying
from storage.exchange.importing import import_file, preview

ROOT = Path(__file__).parents[2]
EVERY_S = 0.3  # between two lines of progress
MOST_REASONS = 50  # of bad rows


def ask(store: Store, file: Path, deed: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """Do a deed, `preview` or `import`, with a file; yields {"progress": [doing, done, of]}, in the end {"done": ...}.

    `asked` are the arguments of that function. Raises UserError with the sentence that the deed ended in. Whoever stops
    listening does not stop an import.
    """
    request = {"home": str(store.home), "file": str(file), "deed": deed, "asked": asked}
    child = subprocess.Popen(
        [sys.executable, "-m", "storage.exchange.apart"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(request))
        child.stdin.close()
        try:
            for text in child.stdout:
                line = json.loads(text)
                if "error" in line:
                    raise UserError(line["error"])
                yield line
        finally:
            if deed == "preview":
                child.terminate()  # nobody wants it any more, or it has ended
    if child.returncode > 0:
        raise UserError(f"The process that read the file ended with code {child.returncode}: the log says more.")


def main() -> None:
    """Serve one request."""
    request = json.load(sys.stdin)
    try:
        done = _DEEDS[request["deed"]](Store(Path(request["home"])), Path(request["file"]), request["asked"])
        _say({"done": done})
    except UserError as error:
        _say({"error": str(error)})


def _say(line: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more
        print(json.dumps(line), flush=True)


class _Telling:
    """Progress as lines, not too many of them."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, doing: str, done: int, of: int) -> None:
        if time.monotonic() - self._told > EVERY_S:
            self._told = time.monotonic()
            _say({"progress": [doing, done, of]})


def _preview(store: Store, file: Path, asked: dict[str, Any]) -> dict[str, Any]:
    survey = preview(file, **asked, progress=_Telling())
    shown = [{"row": number, "parts": saying.parts(shape)} for number, shape in survey.first]
    reasons = saying.rejections(survey.rejected, survey.rejected_count)
    return {"said": saying.summary(survey), "accepted": survey.accepted, "shown": shown, "reasons": reasons}


def _import(store: Store, file: Path, asked: dict[str, Any]) -> dict[str, Any]:
    report = import_file(store, file, **asked, progress=_Telling())
    reasons = saying.rejections(report.rejected, report.rejected_count, MOST_REASONS)
    return {"said": saying.report_text(report), "reasons": reasons}


_DEEDS = {"preview": _preview, "import": _import}

if __name__ == "__main__":
    main()
