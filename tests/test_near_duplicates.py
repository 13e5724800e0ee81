"""Near-duplicates: the similarity by hand, the join against comparing everything, and splits that nothing straddles."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.near_duplicates import assign_splits, near_duplicate_groups


def together(first: str, second: str) -> bool:
    groups = near_duplicate_groups([first, second])
    return groups[0] == groups[1]


def numbered(first: int, last: int) -> str:
    """The words w<first> ... w<last>: n words make n - 2 shingles."""
    return " ".join(f"w{number}" for number in range(first, last + 1))


def test_seven_tenths_of_the_shingles_are_enough_and_less_is_not() -> None:
    # 12 words are 10 shingles. A text of its first 9 words has 7 of them: 7 / 10 = 0.7. Its first 8 have 6: 0.6.
    assert together(numbered(1, 12), numbered(1, 9))
    assert not together(numbered(1, 12), numbered(1, 8))


def test_a_new_word_at_the_end_counts_in_the_union() -> None:
    # 9 words are 7 shingles. With the last word changed 6 are shared, of 8 in all: 0.75. 8 words: 5 of 7, 0.714.
    # 7 words: 4 of 6, 0.667.
    assert together(numbered(1, 9), numbered(1, 8) + " other")
    assert together(numbered(1, 8), numbered(1, 7) + " other")
    assert not together(numbered(1, 7), numbered(1, 6) + " other")


def test_the_order_of_words_matters() -> None:
    assert not together("the dog bit the man today", "the man bit the dog today")


def test_case_punctuation_and_forms_of_a_letter_do_not_matter() -> None:
    assert together("Explain, please: the rain!", "explain please the RAIN")
    assert together("ｗｈａｔ is a ﬁsh", "what is a fish")


def test_short_texts_are_compared_as_wholes() -> None:
    assert together("Hi!", "hi")
    assert not together("Hi there", "Hi")
    assert not together("Why?", "How?")
    assert not together("???", "!!!")
    assert together("", " ")


def test_a_chinese_character_is_a_word() -> None:
    # 12 characters are 10 shingles; without the last one 9 of them are left, with 6 characters 4.
    assert together("今天天气很好我们去公园", "今天天气很好我们去公园吧")
    assert not together("今天天气很好我们去公园", "今天天气很好")


def test_what_is_near_to_a_near_one_belongs_to_the_group() -> None:
    # 20 words are 18 shingles; sliding by two shares 16 of 20, by six 12 of 24.
    chain = [numbered(1 + step, 20 + step) for step in (0, 2, 4, 6)]
    assert not together(chain[0], chain[-1])
    assert len(set(near_duplicate_groups(chain))) == 1


WORDS = st.lists(st.sampled_from("abcd"), min_size=0, max_size=14).map(" ".join)


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()) or [text.strip() or " "]
    words += [""] * (3 - len(words))
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def groups_by_comparing_all(texts: list[str]) -> set[frozenset[int]]:
    groups = {index: {index} for index in range(len(texts))}
    sets = [shingles(text) for text in texts]
    for i, j in combinations(range(len(texts)), 2):
        if 10 * len(sets[i] & sets[j]) >= 7 * len(sets[i] | sets[j]):
            groups[i] |= groups[j]
            for member in groups[i]:
                groups[member] = groups[i]
    return {frozenset(group) for group in groups.values()}


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12))
def test_the_join_finds_exactly_what_comparing_all_finds(texts: list[str]) -> None:
    found: dict[int, set[int]] = {}
    for index, group in enumerate(near_duplicate_groups(texts)):
        found.setdefault(group, set()).add(index)
    assert {frozenset(group) for group in found.values()} == groups_by_comparing_all(texts)


@settings(max_examples=200, deadline=None)
@given(
    existing=st.lists(st.tuples(WORDS, st.sampled_from(["train", "heldout"])), max_size=5),
    new=st.lists(WORDS, min_size=1, max_size=10),
)
def test_no_near_duplicates_straddle_the_split(existing: list[tuple[str, str]], new: list[str]) -> None:
    splits = assign_splits(new, existing, heldout_share=0.5)  # type: ignore[arg-type]
    sets = [shingles(text) for text in new]

    def near(first: frozenset[tuple[str, ...]], second: frozenset[tuple[str, ...]]) -> bool:
        return 10 * len(first & second) >= 7 * len(first | second)

    for i, j in combinations(range(len(new)), 2):
        assert splits[i] == splits[j] or not near(sets[i], sets[j])
    for text, split in existing:
        for mine, chosen in zip(sets, splits, strict=True):
            if split == "heldout" and near(mine, shingles(text)):
                assert chosen == "heldout"


def test_about_a_tenth_is_held_out_and_always_the_same() -> None:
    texts = [f"{n} first {n} second {n} third {n} fourth {n}" for n in range(1000)]
    splits = assign_splits(texts, [])
    assert 70 < splits.count("heldout") < 130
    assert assign_splits(texts, []) == splits


def test_a_template_with_blanks_filled_in_is_not_held_out_as_a_whole() -> None:
    start = "write a friendly letter to a neighbour and thank them for their kind help with the big"
    texts = [f"{start} {n}" for n in range(200)]
    for share in (0.1, 0.5, 0.9):
        assert set(assign_splits(texts, [], share)) == {"train"}


def test_what_is_new_follows_what_is_there() -> None:
    kept = numbered(1, 20)
    for split in ("train", "heldout"):
        assert assign_splits([kept + " more"], [(kept, split)]) == [split]  # type: ignore[list-item]
