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
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from storage.records import Split

THRESHOLD_PERCENT = 70  # in whole numbers, so that a similarity of exactly 0.7 counts on every side of a rounding
WORDS_PER_SHINGLE = 3
# A group this large is a template with the blanks filled in; held out, it could leave nothing to train on.
LARGE_GROUP = 8

Shingles = npt.NDArray[np.int32]

_MIX = np.uint64(0x9E3779B97F4A7C15)  # an odd 64-bit number; products wrap, so a shingle's hash is 64 bits of its words
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
    return splits_of_groups(groups, new, [split for _, split in existing], heldout_share)


def splits_of_groups(
    groups: Sequence[int], new: Sequence[str], existing: Sequence[Split], heldout_share: float = 0.1
) -> list[Split]:
    """`assign_splits` where the groups are known: `groups` has those of the existing texts and then of the new ones."""
    inherited: dict[int, set[Split]] = defaultdict(set)
    for group, split in zip(groups, existing, strict=False):
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


def near_duplicate_groups(texts: Sequence[str], first_new: int = 0) -> list[int]:
    """A group number for each text: equal for near-duplicates and whatever they connect.

    Texts before `first_new` are taken as known: they are compared with the new ones, not with each other.
    """
    sets = _ranked_shingles(texts)
    groups = _Groups(len(texts))
    postings = _Postings(sets, groups, first_new)
    same: dict[bytes, int] = {}
    # From short to long, a set need only be indexed under the few positions that a longer one can still match.
    for index in sorted(range(len(texts)), key=lambda index: len(sets[index])):
        twin = same.setdefault(sets[index].tobytes(), index)
        if twin != index:
            groups.join(twin, index)
        else:
            postings.join_similar(index)
            postings.add(index)
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


class _Postings:
    """Which texts so far have a shingle among their rarest, kept by group.

    One match decides for a whole group, so thousands of near-duplicates of one template cost one comparison.
    """

    def __init__(self, sets: Sequence[Shingles], groups: _Groups, first_new: int) -> None:
        self._sets = sets
        self._groups = groups
        self._first_new = first_new
        self._posted: dict[int, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        seen = np.bincount(np.concatenate(sets))
        new = np.bincount(np.concatenate(sets[first_new:]), minlength=len(seen))
        self._can_match = (seen > 1) & (new > 0)

    def add(self, index: int) -> None:
        """Post a text for the longer ones to come."""
        size = len(self._sets[index])
        group = self._groups.find(index)
        for position, shingle in self._prefix(index, size - _least_shared(size, size) + 1):
            self._posted[shingle][group].append((index, position))

    def join_similar(self, index: int) -> None:
        """Join a text with every posted text, none longer than itself, that is similar enough."""
        size = len(self._sets[index])
        mine = frozenset(self._sets[index].tolist())
        find = self._groups.find
        compared: set[int] = set()
        for position, shingle in self._prefix(index, size - _ceil_percent(size, 100) + 1):
            for group, candidates in self._posted.get(shingle, {}).items():
                for candidate, their_position in candidates:
                    if find(group) == find(index):
                        break
                    if candidate in compared or max(candidate, index) < self._first_new:
                        continue
                    compared.add(candidate)
                    other = self._sets[candidate]
                    needed = _least_shared(size, len(other))
                    # They share nothing rarer than this shingle, so what is left from here on bounds the overlap.
                    if min(size - position, len(other) - their_position) < needed:
                        continue
                    if len(mine.intersection(other.tolist())) >= needed:
                        self._groups.join(candidate, index)

    def _prefix(self, index: int, length: int) -> list[tuple[int, int]]:
        prefix = self._sets[index][:length]
        positions = np.flatnonzero(self._can_match[prefix])
        return list(zip(positions.tolist(), prefix[positions].tolist(), strict=True))


def _least_shared(first: int, second: int) -> int:
    """The smallest overlap with which two sets of these sizes reach the threshold: ceil(t / (1 + t) (m + n))."""
    return _ceil_percent(first + second, 100 + THRESHOLD_PERCENT)


def _ceil_percent(size: int, whole: int) -> int:
    return -(-size * THRESHOLD_PERCENT // whole)


def _ranked_shingles(texts: Sequence[str]) -> list[Shingles]:
    """Each text's distinct shingles as sorted numbers, the rarest shingle of the collection having the smallest.

    A text of fewer than three words is one shingle, filled up with a word of no text; one of no word is its characters.
    """
    number_of: dict[str, int] = {"": 0}
    numbers: list[int] = []
    starts: list[int] = []
    for text in texts:
        starts.append(len(numbers))
        normal = unicodedata.normalize("NFKC", text).casefold()
        words = _WORD.findall(normal) or [normal.strip() or " "]
        words += [""] * (WORDS_PER_SHINGLE - len(words))
        numbers.extend([number_of.setdefault(word, len(number_of)) for word in words])
    word = np.array(numbers, dtype=np.uint64)
    hashed = (word[:-2] * _MIX + word[1:-1]) * _MIX + word[2:]
    ends = [start - WORDS_PER_SHINGLE + 1 for start in [*starts[1:], len(numbers)]]
    spans = [np.unique(hashed[start:end]) for start, end in zip(starts, ends, strict=True)]
    _, shingle, count = np.unique(np.concatenate(spans), return_inverse=True, return_counts=True)
    rank = np.empty(len(count), dtype=np.int32)
    rank[np.argsort(count, kind="stable")] = np.arange(len(count), dtype=np.int32)
    sizes = np.cumsum([len(span) for span in spans])
    return [np.sort(each) for each in np.split(rank[shingle], sizes[:-1])]


def _chance(text: str) -> float:
    """A number in [0, 1) that the text alone decides."""
    return int(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16) / 2**32
