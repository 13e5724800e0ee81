"""Formats: each is known by its columns, means what it says, and comes back as it went."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Store
from storage.errors import UserError
from storage.exchange.exporting import DEFAULTS, export_file
from storage.exchange.formats import FORMATS, guess, reader
from storage.exchange.importing import import_file, preview
from storage.exchange.reading import BadRow
from storage.exchange.shapes import DemonstrationRow, PreferenceRow, PromptRow, RatingRow, labeler_of
from storage.exchange.sources import SOURCES
from storage.records import Details
from tests.test_importing import everything, jsonl

ASKED: list[Any] = [{"role": "user", "content": "What is green?"}]
GRASS, SNOW = ({"role": "assistant", "content": text} for text in ("Grass.", "Snow."))
SAID = {"user_id": "anna"}

# A file of each format as its own tools write it.
FILES: dict[str, list[Any]] = {
    "prompts": [{"prompt": "What is green?"}, {"prompt": [*ASKED, GRASS, {"role": "user", "content": "And white?"}]}],
    "chat": [{"messages": [*ASKED, GRASS]}, {"messages": [{"role": "system", "content": "Be brief."}, *ASKED, SNOW]}],
    "alpaca": [{"instruction": "Translate.", "input": "Bonjour", "output": "Hello"}],
    "self-instruct": [
        {"instruction": "Add.", "instances": [{"input": "1 2", "output": "3"}, {"input": "", "output": "0"}]}
    ],
    "trl": [{"prompt": ASKED, "chosen": [GRASS], "rejected": [SNOW], "margin": 2 / 3}],
    "hh": [{"chosen": "\n\nHuman: Hi\n\nAssistant: Hello.", "rejected": "\n\nHuman: Hi\n\nAssistant: What?"}],
    "ultrafeedback": [
        {
            "prompt": "What is green?",
            "prompt_id": "6d",
            "chosen": [*ASKED, GRASS],
            "rejected": [*ASKED, SNOW],
            "messages": [*ASKED, GRASS],
            "score_chosen": 8.5,
            "score_rejected": 6.0,
        }
    ],
    "helpsteer3": [
        {"context": ASKED, "response1": "Grass.", "response2": f"Snow {degree}.", "overall_preference": degree}
        for degree in range(-3, 4)
    ],
    "arena": [
        {
            "question_id": "1",
            "model_a": "gpt-4",
            "model_b": "llama-3",
            "winner": winner,
            "judge": judge,
            "conversation_a": [*ASKED, GRASS],
            "conversation_b": [*ASKED, SNOW],
            "turn": 1,
        }
        for winner, judge in [("model_a", "anna"), ("model_b", "ben"), ("tie", "cem"), ("tie (bothbad)", "dora")]
    ],
    "argilla": [
        {
            "id": "1",
            "fields": {"prompt": "What is green?", "response1": "Grass.", "response2": "Snow."},
            "metadata": {"model1": "gpt-4", "model2": None},
            "suggestions": {},
            "responses": {
                "preference": [{"value": "response2", **SAID}, {"value": "both_bad", "user_id": "ben"}],
                "strength": [{"value": 3, **SAID}],
                "comment": [{"value": "Snow?", **SAID}],
            },
            "status": "completed",
        }
    ],
    "labelstudio": [
        {
            "id": 1,
            "data": {"prompt": "What is green?", "answer1": "Grass.", "answer2": "Snow."},
            "annotations": [
                {
                    "completed_by": {"id": 3, "email": "anna@example.org"},
                    "lead_time": 3.5,
                    "was_cancelled": False,
                    "result": [
                        {
                            "from_name": "pw",
                            "to_name": "answer1,answer2",
                            "type": "pairwise",
                            "value": {"selected": "left"},
                        }
                    ],
                },
                {"completed_by": 4, "was_cancelled": True, "result": []},
                {"completed_by": 5, "result": [{"type": "choices", "value": {"choices": ["tie"]}}]},
            ],
        }
    ],
    "openai": [{"input": {"messages": ASKED}, "preferred_output": [GRASS], "non_preferred_output": [SNOW]}],
    "unpaired": [{"prompt": ASKED, "completion": [GRASS], "label": True, "labeler": "anna", "model": "gpt-4"}],
    "votes": [
        {
            "prompt": ASKED,
            "completion_a": "Grass.",
            "completion_b": "Snow.",
            "verdict": verdict,
            "strength": strength,
            "labeler": "anna",
            "model_a": "policy",
            "flipped": True,
            "seconds": 1.5,
            "source": source,
            "reasons": ["clearer"],
            "comment": "So it is.",
            "ratings": '{"style": [4, 2]}',
        }
        for verdict, strength, source in [("b", 4, "battle"), ("skip", 0, "generated"), ("b", 3, "repeat")]
    ],
}


def stored(store: Store, what: str) -> list[Any]:
    """What the home holds of this kind, as shapes."""
    name = {"votes": "votes"}.get(what, DEFAULTS[what])
    writer = replace(FORMATS[name].writers[what], verdicts=("a", "b", "tie", "both_bad"))  # type: ignore[index]
    return [shape for shape, _ in SOURCES[what](store, writer)]


def test_every_format_is_in_this_test() -> None:
    # Rankings go out as such and come in as votes, which tests/test_ranking.py looks at.
    assert {*FILES, "rankings"} == set(FORMATS)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_by_its_columns_and_says_why(name: str) -> None:
    found, why = guess(Path("file.jsonl"), FILES[name])
    assert found == name
    assert all(word in why for word in why.split("has ")[-1].replace(" and ", ", ").split(", "))


@pytest.mark.parametrize("name", FILES)
def test_what_came_in_goes_out_and_comes_in_the_same(store: Store, tmp_path: Path, name: str) -> None:
    what = "demonstrations" if name in ("chat", "alpaca", "self-instruct") else reader(name, None)[0]
    report = import_file(store, jsonl(tmp_path / "in.jsonl", FILES[name]), what=what, strict=True)
    came = stored(store, what)
    assert report.imported == len(came) > 0
    for suffix in (".jsonl", ".json", ".csv", ".parquet", ""):
        path = tmp_path / f"out{suffix}"
        done = export_file(store, path, what, name)
        assert not done.left_out
        other = Store.open(tmp_path / f"home{suffix}")
        import_file(other, path, name, strict=True, what=what)
        again = stored(other, what)
        key = str if suffix == "" else lambda _: 0  # the splits of a directory stand apart
        assert sorted(again, key=key) == sorted(came, key=key)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
PROMPT = (
    st.sampled_from([1, 3])
    .flatmap(lambda n: st.lists(TEXT.filter(str.strip), min_size=n, max_size=n))
    .map(
        lambda texts: tuple(
            {"role": ("user", "assistant")[(len(texts) - place) % 2 == 0], "content": text}
            for place, text in enumerate(texts)
        )
    )
)
NAME = st.none() | st.text("abc é.@-1", min_size=1, max_size=9).map(str.strip).filter(bool)
VOTE = st.builds(
    lambda prompt, a, b, verdict, strength, labeler, model, seconds, comment: PreferenceRow(
        prompt,
        a,
        b,
        verdict,
        strength if verdict in ("a", "b") else 0,
        labeler_of(labeler),
        model,
        None,
        False,
        seconds,
        Details(comment=comment),
    ),
    PROMPT,
    TEXT,
    TEXT,
    st.sampled_from(["a", "b", "tie", "both_bad"]),
    st.integers(1, 4),
    NAME,
    NAME,
    st.none() | st.floats(0, 100),
    TEXT,
).filter(lambda row: row.a != row.b)
BLANK = PreferenceRow((), "", "", "")
KEPT = {  # what the table in docs/formats.md calls kept, besides the texts
    "trl": ("strength",),
    "hh": (),
    "ultrafeedback": ("strength",),
    "helpsteer3": (),
    "arena": ("labeler", "model_a", "verdict"),
    "argilla": ("labeler", "model_a", "verdict", "strength", "comment"),
    "labelstudio": ("labeler", "model_a", "verdict", "strength", "comment", "seconds"),
    "openai": (),
    "votes": ("labeler", "model_a", "verdict", "strength", "comment", "seconds"),
}


@settings(max_examples=150, deadline=None)
@given(row=VOTE, name=st.sampled_from(sorted(KEPT)))
def test_any_vote_comes_back_with_all_that_its_format_has_a_place_for(row: PreferenceRow, name: str) -> None:
    (writer,) = FORMATS[name].writers.values()
    about = {"pair_id": 1, "split": "train", **dict.fromkeys(writer.schema.names)}
    if row.verdict not in writer.verdicts:
        return
    try:
        made = writer.write([(row, about)])
    except BadRow:
        assert name == "hh"
        return
    assert list(made) == writer.schema.names
    table = pa.Table.from_pylist([made], schema=writer.schema).to_pylist()
    for line in (json.loads(json.dumps(made)), table[0]):
        (again,) = reader(name, None)[1](line)
        plain = str.strip if name == "hh" else str
        assert [turn["content"] for turn in again.prompt] == [plain(turn["content"]) for turn in row.prompt]
        if row.has_side:
            assert (again.chosen, again.rejected) == (plain(row.chosen), plain(row.rejected))
        else:
            assert (again.a, again.b) == (row.a, row.b)
        assert all(_of(again, field) == _of(row, field) for field in KEPT[name])


def _of(row: PreferenceRow, field: str) -> Any:
    if field == "labeler":
        return labeler_of(row.labeler)
    return row.details.comment if field == "comment" else getattr(row, field)


@settings(max_examples=25, deadline=None)
@given(prompt=PROMPT, answer=TEXT.filter(str.strip), label=st.booleans(), labeler=NAME)
def test_any_rating_demonstration_and_prompt_comes_back(prompt: Any, answer: str, label: bool, labeler: Any) -> None:
    shapes = {
        ("unpaired", "ratings"): RatingRow(prompt, answer, label, labeler, "gpt-4"),
        ("chat", "demonstrations"): DemonstrationRow(prompt, answer, labeler),
        ("prompts", "prompts"): PromptRow(prompt),
    }
    for (name, what), shape in shapes.items():
        writer = FORMATS[name].writers[what]  # type: ignore[index]
        made = writer.write([(shape, dict.fromkeys(writer.schema.names))])
        assert reader(name, what)[1](json.loads(json.dumps(made))) == [shape]


def test_the_degrees_of_helpsteer_come_back_without_loss() -> None:
    read, writer = reader("helpsteer3", None)[1], FORMATS["helpsteer3"].writers["preferences"]
    for row in FILES["helpsteer3"]:
        (vote,) = read(row)
        assert writer.write([(vote, {})]) == row


# What the richer ones say.


def argilla(responses: dict[str, Any], **others: Any) -> list[PreferenceRow]:
    record = {"fields": {"question": "Hi?", "response-a": "A", "response-b": "B", "response-c": "C"}}
    return list(reader("argilla", None)[1]({**record, "responses": responses, **others}))


def test_a_ranking_of_three_is_a_vote_on_every_two() -> None:
    ranked = [{"value": "response-c", "rank": 1}, {"value": "a", "rank": 2}, {"value": "response-b", "rank": 2}]
    for value in (["response-c", "response-a", "response-b"], ranked):
        votes = argilla({"best": [{"value": value, "user_id": "anna"}]})
        assert [(vote.a, vote.b) for vote in votes] == [("A", "B"), ("A", "C"), ("B", "C")]
        assert [vote.verdict for vote in votes] == ["tie" if value is ranked else "a", "b", "b"]


def test_ratings_of_each_answer_are_compared() -> None:
    grades = {"rating response-a": 2, "rating response-b": 5, "rating response-c": 2}
    votes = argilla({question: [{"value": grade, "user_id": "x"}] for question, grade in grades.items()})
    assert [vote.verdict for vote in votes] == ["b", "tie", "a"]


def test_suggestions_count_where_nobody_responded_and_drafts_do_not() -> None:
    ranking = ["response-a", "response-b", "response-c"]
    draft = {"best": [{"value": ranking[::-1], "user_id": "anna", "status": "draft"}]}
    votes = argilla(draft, suggestions={"best": {"value": ranking, "agent": "judge-1", "score": None}})
    assert {(vote.verdict, vote.labeler) for vote in votes} == {("a", "judge-1")}


def test_a_pairwise_control_names_its_two_texts() -> None:
    result = {"type": "pairwise", "to_name": "first,second", "value": {"selected": "right"}}
    task = {
        "data": {"question": "Hi?", "second": "B", "first": "A"},
        "annotations": [{"completed_by": 7, "result": [result]}],
    }
    (vote,) = reader("labelstudio", None)[1](task)
    assert (vote.a, vote.b, vote.verdict, vote.labeler) == ("A", "B", "b", "7")


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("arena", {"winner": "nobody"}, "the winner is none of"),
        ("arena", {"conversation_b": [{"role": "user", "content": "Else?"}, SNOW]}, "part before the last question"),
        ("helpsteer3", {"overall_preference": 4}, "none of -3"),
        ("helpsteer3", {"response2": "Grass."}, "its two answers are the same"),
        ("ultrafeedback", {"score_rejected": 9}, "the higher score"),
        ("openai", {"input": "Hi"}, "no object with messages"),
        ("argilla", {"responses": {}}, "nobody's response"),
        ("argilla", {"fields": {"prompt": "Hi", "response1": "A"}}, "1 answers among its fields"),
        ("labelstudio", {"annotations": []}, "no annotation"),
        ("labelstudio", {"data": {"prompt": "Hi"}}, "no two answers"),
        ("votes", {"verdict": "left"}, "the verdict is none of"),
        ("votes", {"labeler": "a\nb"}, "the labeler is no name"),
        ("votes", {"ratings": '{"style": [9, 1]}'}, "grades from 1 to 5"),
    ],
)
def test_what_a_row_gets_wrong_is_said(name: str, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRow, match=reason):
        reader(name, None)[1]({**FILES[name][0], **changes})


# Labelers and models.


def test_annotators_stay_apart_and_vote_on_one_pair(store: Store, tmp_path: Path) -> None:
    import_file(store, jsonl(tmp_path / "arena.jsonl", FILES["arena"]))
    rows = store.rows("SELECT labeler, pair_id FROM showings ORDER BY labeler")
    assert [row["labeler"] for row in rows] == [f"imported:{name}" for name in ("anna", "ben", "cem", "dora")]
    assert len({row["pair_id"] for row in rows}) == 1
    assert {vote.model_a for vote in stored(store, "preferences")} == {"gpt-4"}


def test_one_pair_is_found_whichever_way_round_a_file_has_it(store: Store, tmp_path: Path) -> None:
    battle = FILES["arena"][0]
    other = {**battle, "judge": "ben", "winner": "model_b"}
    for side, beside in (("a", "b"), ("b", "a")):
        other[f"conversation_{side}"], other[f"model_{side}"] = (
            battle[f"conversation_{beside}"],
            battle[f"model_{beside}"],
        )
    import_file(store, jsonl(tmp_path / "arena.jsonl", [battle, other]))
    first, second = stored(store, "preferences")
    assert (first.chosen, first.a, first.flipped) == (second.chosen, second.a, False)
    assert second.flipped
    export_file(store, tmp_path / "back.jsonl", format="arena")
    back = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text().splitlines()]
    assert [row["conversation_a"] for row in back] == [battle["conversation_a"], other["conversation_a"]]


def test_too_many_names_are_one_labeler(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.exchange.importing.MOST_LABELERS", 3)
    report = import_file(store, jsonl(tmp_path / "arena.jsonl", FILES["arena"]))
    assert {row["labeler"] for row in store.rows("SELECT labeler FROM showings")} == {"imported"}
    assert "More than 3 labelers" in report.notes[0]


def test_a_format_that_loses_the_strength_doubles_nothing_where_it_came_from(store: Store, tmp_path: Path) -> None:
    import_file(store, jsonl(tmp_path / "in.jsonl", FILES["trl"]))
    for name in ("openai", "hh", "helpsteer3", "arena", "argilla", "labelstudio", "ultrafeedback"):
        export_file(store, tmp_path / f"{name}.jsonl", format=name)
        assert import_file(store, tmp_path / f"{name}.jsonl").imported == 0


def test_a_demonstration_is_there_even_where_a_newer_one_stands(store: Store, tmp_path: Path) -> None:
    rows = [{"instruction": "Sing.", "output": output} for output in ("La.", "Lalala.")]
    path = jsonl(tmp_path / "alpaca.jsonl", rows)
    assert import_file(store, path, what="demonstrations").imported == 2
    assert import_file(store, path, what="demonstrations").imported == 0
    assert [row.answer for row in stored(store, "demonstrations")] == ["Lalala."]


# Files and directories.


def test_a_dataset_that_was_saved_to_disk_is_read(store: Store, tmp_path: Path) -> None:
    rows = [{**FILES["trl"][0], "prompt": [{"role": "user", "content": f"{number}?"}]} for number in range(3)]
    whole = datasets.Dataset.from_list(rows)
    whole.save_to_disk(str(tmp_path / "plain"))
    datasets.DatasetDict({"train": whole, "test": whole}).save_to_disk(str(tmp_path / "split"))
    assert import_file(store, tmp_path / "plain").imported == 3
    report = import_file(store, tmp_path / "split")  # the second half says it a second time
    assert (report.imported, report.known) == (3, 3)


def test_an_exported_directory_is_a_dataset_with_its_card(store: Store, tmp_path: Path) -> None:
    rows = [{**FILES["trl"][0], "prompt": f"What is {number} and {number}?"} for number in range(60)]
    import_file(store, jsonl(tmp_path / "in.jsonl", rows))
    export_file(store, tmp_path / "out", licence="cc-by-4.0")
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: set(part["split"]) for split, part in found.items()} == {"train": {"train"}, "test": {"heldout"}}
    assert (tmp_path / "out" / "README.md").read_text().startswith("---\nlicense: cc-by-4.0\n")


def test_a_directory_without_data_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Hi")
    with pytest.raises(UserError, match="directory without a file to read"):
        import_file(store, tmp_path)


def test_a_json_list_of_any_length_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.exchange.reading.CHUNK", 7)
    rows = [{"prompt": f"Was ist grün, {number}? \u2028 " + "x" * number} for number in range(40)]
    (tmp_path / "file.json").write_text(" \n" + json.dumps(rows, indent=1, ensure_ascii=False))
    survey = preview(tmp_path / "file.json", shown=40)
    assert [shape.prompt[0]["content"] for _, shape in survey.first] == [row["prompt"] for row in rows]


def test_messages_as_a_struct_of_lists_are_messages(store: Store, tmp_path: Path) -> None:
    turns = {"role": ["user", "assistant"], "content": ["Hi", "Hello."]}
    pq.write_table(pa.Table.from_pylist([{"messages": turns}]), tmp_path / "file.parquet")
    assert import_file(store, tmp_path / "file.parquet", what="demonstrations").imported == 1


# Before anything is written, and while it is.


def test_a_preview_says_what_would_come_in_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    before = everything(store)
    survey = preview(jsonl(tmp_path / "arena.jsonl", [*FILES["arena"], {"winner": "model_a"}]), shown=2)
    assert (survey.format, survey.rows, survey.accepted) == ("arena", 5, 4)
    assert survey.counts == {"a": 1, "b": 1, "tie": 1, "both_bad": 1}
    assert (len(survey.labelers), survey.models) == (4, {"gpt-4", "llama-3"})
    assert survey.rejected == [(5, "it has no conversation_a")]
    assert [number for number, _ in survey.first] == [1, 2]
    assert everything(store) == before


def test_an_import_in_batches_that_is_cut_off_goes_on_when_it_is_run_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.exchange.importing.BATCH", 10)
    rows = [{**FILES["trl"][0], "prompt": f"{number % 20}?"} for number in range(45)]  # some twice, some three times
    path = jsonl(tmp_path / "in.jsonl", rows)

    def stumble(doing: str, done: int, _: int) -> None:
        if doing == "Writing" and done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(store, path, progress=stumble)
    assert len(stored(store, "preferences")) == 30
    report = import_file(store, path)
    assert (report.imported, report.known) == (15, 30)
    assert import_file(store, path).imported == 0


def test_the_card_counts_agreement_and_what_was_left_out(store: Store, tmp_path: Path) -> None:
    import_file(store, jsonl(tmp_path / "arena.jsonl", FILES["arena"]))
    done = export_file(store, tmp_path / "out.jsonl", facts={"Made by": "<b>us\n</b>"})
    assert done.left_out == {
        "ties, which the format has no place for": 1,
        "both bad, which the format has no place for": 1,
    }
    card = done.card.read_text()
    assert "- **Percent agreement**: 0.0% of 6 couples of votes" in card
    assert "- **Guideline**: none was written" in card
    assert "- **Made by**: &lt;b>us &lt;/b>" in card
    assert "data_files: out.jsonl" in card
