"""A directory with a dataset: one that Hugging Face's `datasets` saved to disk, or one of data files, as on its hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from storage.errors import UserError
from storage.exchange.reading import SUFFIXES, BadRow, Placed, placed_rows

ABOUT = {"dataset_info.json", "state.json", "dataset_dict.json", "dataset_infos.json"}
TEXT = ".txt"  # a license, more often than data, so it counts only where there is nothing else
MOST_FILES = 10_000


def rows_of_folder(path: Path) -> Iterator[Placed]:
    """The rows of all its files, by the names of these. Raises UserError when there is none to read."""
    count = 0
    for file in files_of(path):
        for row in placed_rows(file):
            count += 1
            value = row.value
            if isinstance(value, BadRow):
                value = BadRow(f"{value} (row {row.number} of {file.relative_to(path)})")
            yield Placed(count, value)


def files_of(path: Path) -> list[Path]:
    """The data files below a directory, hidden ones left out."""
    found: list[Path] = []
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path)
        hidden = any(part.startswith(".") for part in relative.parts)
        if not hidden and file.is_file() and not file.is_symlink() and file.name not in ABOUT and _is_data(file):
            found.append(file)
        if len(found) > MOST_FILES:
            raise UserError(f"{path} has more than {MOST_FILES} files: name a smaller directory.")
    data = [file for file in found if not file.name.lower().removesuffix(".gz").endswith(TEXT)] or found
    if not data:
        raise UserError(
            f"{path} is a directory without a file to read: its files end in {', '.join(SUFFIXES)}, or .gz."
        )
    return data


def _is_data(file: Path) -> bool:
    return file.name.lower().removesuffix(".gz").endswith(SUFFIXES) and not file.name.startswith("cache-")
