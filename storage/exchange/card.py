"""The dataset card of an export: a README whose front matter Hugging Face reads, and what a reader should know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from storage.database import Store, now
from storage.exchange.writing import FILES, SPLIT_FILES
from storage.guidelines import guideline

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
TAGS = {
    "preferences": ["preference", "rlhf", "dpo"],
    "votes": ["preference", "rlhf"],
    "rankings": ["preference", "rlhf"],
    "ratings": ["preference", "kto"],
    "demonstrations": ["instruction-tuning", "sft"],
}
VERDICTS = """
SELECT p.verdict, count(*) AS n FROM current_preferences p JOIN showings s USING (showing_id)
JOIN pairs r USING (pair_id) WHERE p.verdict <> 'withdrawn' AND r.source <> 'repeat' GROUP BY p.verdict ORDER BY n DESC
"""
LABELERS = """
SELECT count(DISTINCT s.labeler) AS n, min(p.created_at) AS first, max(p.created_at) AS last
FROM current_preferences p JOIN showings s USING (showing_id) WHERE p.verdict NOT IN ('withdrawn', 'skip')
"""
# Two votes of different people on one pair agree when their verdicts are the same, how much better left aside.
AGREEMENT = """
SELECT count(*) AS couples, coalesce(sum(p.verdict = o.verdict), 0) AS agreeing
FROM showings s JOIN showings t ON t.pair_id = s.pair_id AND t.labeler > s.labeler
JOIN current_preferences p ON p.showing_id = s.showing_id JOIN current_preferences o ON o.showing_id = t.showing_id
WHERE p.verdict NOT IN ('withdrawn', 'skip') AND o.verdict NOT IN ('withdrawn', 'skip')
"""


def text(
    store: Store,
    what: str,
    format: str,
    path: Path,
    written: dict[str, int],
    left_out: dict[str, int],
    licence: str,
    facts: Mapping[str, str],
) -> str:
    """The card of what was `written`, rows by split, to `path`. `facts` are further lines, by their names."""
    front = yaml.safe_dump(_front_matter(what, path, written, licence), sort_keys=False, allow_unicode=True)
    rows = sum(written.values())
    splits = ", ".join(f"{count} {split}" for split, count in sorted(written.items()))
    lines = {
        "Rows": f"{rows} ({splits})",
        "Format": f"{format} ({what})",
        "Licence": licence,
        "Written": now()[:10],
        **(_of_votes(store) if what in ("preferences", "votes") else {}),
        **{f"Left out, {reason}": str(count) for reason, count in left_out.items()},
        **facts,
    }
    listed = "\n".join(f"- **{_plain(name)}**: {_plain(line)}" for name, line in lines.items())
    return f"---\n{front}---\n\n# {what.capitalize()} from Plumbline\n\n{listed}\n{ABOUT_SPLITS}"


ABOUT_SPLITS = """
Prompts of the split `heldout` (in a directory the file `test.parquet`) were kept out of training here, with all their
near-duplicates: train on the other split only, if what comes of it is to be compared on them.
"""


def agreement(store: Store) -> tuple[int, float] | None:
    """How many couples of votes of different people there are on one pair, and the share of them that agree."""
    row = store.row(AGREEMENT)
    assert row is not None
    return (row["couples"], row["agreeing"] / row["couples"]) if row["couples"] else None


def _of_votes(store: Store) -> dict[str, str]:
    labelers, agreed, stands = store.row(LABELERS), agreement(store), guideline(store)
    assert labelers is not None
    share = "nobody voted on another's pair" if agreed is None else f"{agreed[1]:.1%} of {agreed[0]} couples of votes"
    return {
        "Votes": ", ".join(f"{row['n']} {row['verdict']}" for row in store.rows(VERDICTS)),
        "Labelers": str(labelers["n"]),
        "From": f"{str(labelers['first'])[:10]} to {str(labelers['last'])[:10]}",
        "Percent agreement": share,
        "Guideline": f"version {stands.version} of {stands.created_at[:10]}" if stands else "none was written",
    }


def _front_matter(what: str, path: Path, written: dict[str, int], licence: str) -> dict[str, Any]:
    rows = sum(written.values())
    if path.name.lower().endswith(tuple(FILES)):
        files: Any = path.name
    else:
        files = [{"split": Path(file).stem, "path": file} for split, file in SPLIT_FILES.items() if written.get(split)]
    return {
        "license": licence,
        "pretty_name": f"{what.capitalize()} from Plumbline",
        "size_categories": [next((name for most, name in SIZES if rows < most), "n>1M")],
        "tags": TAGS.get(what, []),
        "configs": [{"config_name": "default", "data_files": files}],
    }


def _plain(line: str) -> str:
    """A line as text: what a caller adds may hold names that somebody else chose."""
    return " ".join(line.split()).replace("<", "&lt;")
