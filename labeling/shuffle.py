"""Which side of a pair a labeler sees at the left, and in which order pairs come to them: by lot, but never by chance.

Both are drawn by SHA-256 from a seed that the home keeps for good, so that they can be worked out again from the
labeler and the pair alone. What was shown is stored in the showing all the same.
"""

from __future__ import annotations

import hashlib
import secrets

from storage.database import Store


def seed_of(store: Store, first: str | None = None) -> str:
    """The home's seed: 32 hexadecimal digits, made at the first use, of `first` or at random."""
    kept = store.row("SELECT seed FROM shuffle_seed")
    if kept is None:
        with store.write() as db:
            db.execute("INSERT OR IGNORE INTO shuffle_seed VALUES (1, ?)", [first or secrets.token_hex(16)])
        kept = store.row("SELECT seed FROM shuffle_seed")
    assert kept is not None
    return str(kept["seed"])


def side(seed: str, labeler: str, pair_id: int) -> bool:
    """Whether this labeler sees answer b of the pair at the left; true for one half of all pairs."""
    return bool(_draw(seed, "side", labeler, str(pair_id)) & 1)


def arrangement(seed: str, labeler: str, set_id: int, count: int) -> list[int]:
    """The places of a set's answers, 0 to count - 1, in the order in which this labeler sees them."""
    return sorted(range(count), key=lambda place: _draw(seed, "arrangement", labeler, str(set_id), str(place)))


def salt(seed: str, labeler: str) -> int:
    """What turns the order of the pairs into this labeler's own: 0 to 2**32 - 1."""
    return _draw(seed, "order", labeler)


def lot(seed: str, *of: str) -> float:
    """A number from 0 to below 1 that is drawn once for what it is about."""
    return _draw(seed, "lot", *of) / 2**32


def _draw(*of: str) -> int:
    """A whole number below 2**32. The parts are told apart by their lengths, whatever is in a name."""
    drawn_from = "".join(f"{len(part)}:{part}" for part in of)
    return int.from_bytes(hashlib.sha256(drawn_from.encode()).digest()[:4], "big")
