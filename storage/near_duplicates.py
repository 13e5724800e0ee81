"""The split of prompts into train and held-out, which near-duplicates never straddle.

Two texts are near-duplicates when the Jaccard similarity of their sets of word 3-grams is at least 0.7, after NFKC
normalisation and case folding and without punctuation (a Chinese or Japanese character counts as a word). The join
is exact, by prefix filtering (Chaudhuri et al. 2006; Bayardo et al. 2007): ordered from rare to frequent, two sets
of similarity t share a member among the first n - ceil(t n) + 1 of each, so only those positions are indexed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from storage.records import Split

THRESHOLD_PERCENT = 70  # in whole numbers, so that a similarity of exactly 0.7 counts on every side of a rounding
WORDS_PER_SHINGLE = 3
# A group this large is a template with the blanks filled in; held out, it could leave nothing to train on.
LARGE_GROUP = 8

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def assign_splits(new: Sequence[str], existing: Sequence[tuple[str, Split]], heldout_share: float = 0.1) -> list[Split]:
    """Choose a side for each new text, so that near-duplicates of each other and of existing texts share one.

    `existing` holds (text, split) and is left as it is. A group of near-duplicates (their transitive closure) that
    touches existing texts follows them; if it touches both sides it is held out, so that nothing near a text that
    was held out before is trained on later. Any other group is held out as a whole with probability
    `heldout_share`, by the hash of its first member, unless it makes up more than that share of the new texts.
    """
    if not new:
        return []
    groups = near_duplicate_groups([*(text for text, _ in existing), *new], first_new=len(existing))
    inherited: dict[int, set[Split]] = defaultdict(set)
    for group, (_, split) in zip(groups, existing, strict=False):
        inherited[group].add(split)
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups[len(existing) :]):
        members[group].append(index)
    largest = max(LARGE_GROUP, heldout_share * len(new))
    splits: list[Split] = ["train"] * len(new)
    for group, indices in members.items():
        if group in inherited:
            held_out = "heldout" in inherited[group]
        else:
            held_out = len(indices) <= largest and _chance(new[indices[0]]) < heldout_share
        for index in indices:
            splits[index] = "heldout" if held_out else "train"
    return splits


def similarity(first: str, second: str) -> float:
    """The Jaccard similarity of two texts' sets of word 3-grams, from 0 to 1."""
    a, b = shingles(first), shingles(second)
    return len(a & b) / len(a | b)


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """A text's word 3-grams; a shorter text is one shingle of all its words, one without words is itself."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    words = _WORD.findall(normal) or [normal.strip()]
    count = max(1, len(words) - WORDS_PER_SHINGLE + 1)
    return frozenset(tuple(words[start : start + WORDS_PER_SHINGLE]) for start in range(count))


def near_duplicate_groups(texts: Sequence[str], first_new: int = 0) -> list[int]:
    """A group number for each text: equal for near-duplicates and whatever they connect.

    Texts before `first_new` are taken as known: they are compared with the new ones, not with each other.
    """
    groups = _Groups(len(texts))
    posted: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    same: dict[bytes, int] = {}
    sets: list[npt.NDArray[np.int32]] = []
    for index, ranks in enumerate(_ranked_shingles(texts)):
        sets.append(ranks)
        twin = same.setdefault(ranks.tobytes(), index)
        if twin != index:
            groups.join(twin, index)
            continue
        least_shared = -(-len(ranks) * THRESHOLD_PERCENT // 100)
        prefix = ranks[: len(ranks) - least_shared + 1].tolist()
        if index >= first_new:
            _join_similar(index, prefix, sets, posted, groups)
        for rank in prefix:
            posted[rank][groups.find(index)].append(index)
    return [groups.find(index) for index in range(len(texts))]


class _Groups:
    """Disjoint sets with path halving."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, item: int) -> int:
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, first: int, second: int) -> None:
        """Put two groups together; the earlier text's group gives its number."""
        low, high = sorted((self.find(first), self.find(second)))
        self._parent[high] = low


def _ranked_shingles(texts: Sequence[str]) -> Iterator[npt.NDArray[np.int32]]:
    """Each text's shingles as sorted numbers, the rarest shingle of the collection having the smallest."""
    hashed = [np.fromiter(map(hash, shingles(text)), dtype=np.int64) for text in texts]
    _, number, count = np.unique(np.concatenate(hashed), return_inverse=True, return_counts=True)
    rank_of = np.empty(len(count), dtype=np.int32)
    rank_of[np.argsort(count, kind="stable")] = np.arange(len(count), dtype=np.int32)
    ranks = rank_of[number]
    start = 0
    for each in hashed:
        yield np.sort(ranks[start : start + len(each)])
        start += len(each)


def _join_similar(
    index: int,
    prefix: list[int],
    sets: list[npt.NDArray[np.int32]],
    posted: dict[int, dict[int, list[int]]],
    groups: _Groups,
) -> None:
    """Join a text with every posted text that is similar enough; one match decides for that text's whole group.

    Postings are kept by group, so that thousands of near-duplicates of one template cost one comparison, not all.
    """
    mine = frozenset(sets[index].tolist())
    compared: set[int] = set()
    for rank in prefix:
        for group, candidates in posted.get(rank, {}).items():
            for candidate in candidates:
                if groups.find(group) == groups.find(index):
                    break
                if candidate not in compared:
                    compared.add(candidate)
                    if _similar(mine, sets[candidate]):
                        groups.join(candidate, index)


def _similar(mine: frozenset[int], other: npt.NDArray[np.int32]) -> bool:
    small, large = sorted((len(mine), len(other)))
    if 100 * small < THRESHOLD_PERCENT * large:
        return False
    shared = len(mine.intersection(other.tolist()))
    return 100 * shared >= THRESHOLD_PERCENT * (small + large - shared)


def _chance(text: str) -> float:
    """A number in [0, 1) that the text alone decides."""
    return int(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16) / 2**32
