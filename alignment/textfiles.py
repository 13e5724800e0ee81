"""Reading the text files that people bring: UTF-8, plain or compressed with gzip. Imports no torch."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from storage.errors import UserError

GZIP_MAGIC = b"\x1f\x8b"


def read_text(path: Path) -> str:
    """The whole text of a file, without a byte-order mark and with "\\n" at line ends.

    Raises UserError when it cannot be read, is a torn gzip file, or is not UTF-8 (naming the line).
    """
    try:
        content = path.read_bytes()
        if content.startswith(GZIP_MAGIC):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}): check the path, or compress the file again.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path} is not UTF-8 text (line {line}): convert it to UTF-8 first.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
