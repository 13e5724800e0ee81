"""The command line: documented, one JSON object an answer, and one line for a mistake that changes nothing."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer.main

import app
from alignment.bring import add_model
from alignment.commands import read_settings
from alignment.demo.seed import seed
from storage import registry
from storage.database import Store
from storage.errors import UserError
from tests.conftest import add_pairs, every_row
from tests.tiny_models import make_model

DOCS = (Path(__file__).parent.parent / "docs" / "commands.md").read_text()
EVERYWHERE = {"--home", "--json", "--help"}  # said once, at the top of the page

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in a home of its own: its exit code, stdout and stderr."""
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["app.py", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            app.main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return run


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("llama", tmp_path_factory.mktemp("models") / "llama")


def answered(result: tuple[int, str, str]) -> dict[str, object]:
    """The one JSON object of a command that went well."""
    code, out, err = result
    assert code == 0, err
    assert out.count("\n") == 1
    found: dict[str, object] = json.loads(out)
    return found


# What is documented is there, and what is there is documented.


def commands(group: object, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command with its long options."""
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
            yield prefix + name, options - EVERYWHERE


COMMANDS = dict(commands(typer.main.get_command(app.cli)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_all_its_options(name: str) -> None:
    usages = re.findall(rf"`({name}(?: [^`]*)?)`", DOCS.replace("\n", " "))
    assert usages, f"{name} is not in docs/commands.md"
    assert set(re.findall(r"--[a-z-]+", " ".join(usages))) - EVERYWHERE == COMMANDS[name]


def test_every_documented_command_is_there() -> None:
    usages = [usage.split() for usage in re.findall(r"^- `([^`]*)`", DOCS, re.MULTILINE)]
    assert len(usages) > 15
    for usage in usages:
        assert usage[0] in COMMANDS or " ".join(usage[:2]) in COMMANDS


# What they answer.


def test_a_model_is_added_listed_promoted_rolled_back_and_exported(call: Call, tmp_path: Path, llama: Path) -> None:
    for name in ("one", "two"):
        added = answered(call("model", "add", str(llama), "--name", name, "--json"))
        assert (added["name"], added["kind"], added["status"]) == (name, "policy", "registered")
        assert answered(call("model", "promote", name, "--json"))["status"] == "promoted"
    assert answered(call("model", "rollback", "--json"))["name"] == "one"
    listed = answered(call("model", "list", "--json"))["models"]
    assert [(m["name"], m["parent"], m["status"]) for m in listed] == [  # type: ignore[attr-defined]
        ("one", None, "promoted"),
        ("two", None, "former"),
    ]
    answered(call("model", "export", "one", str(tmp_path / "out"), "--json"))
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_preferences_come_in_and_go_out(call: Call, tmp_path: Path) -> None:
    row = {"prompt": "What is green?", "chosen": "Grass.", "rejected": "Snow."}
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n{}\n")
    code, out, err = call("import", "in.jsonl", "--json")
    assert answered((code, out, err)) == {
        "imported": 1,
        "known": 0,
        "rejected": 1,
        "format": "trl",
        "what": "preferences",
    }
    assert err == "row 2: it has no chosen\n"
    went = {"exported": 1, "file": "out.jsonl", "format": "trl", "card": "out.jsonl.README.md", "left_out": {}}
    assert answered(call("export", "out.jsonl", "--json")) == went
    assert answered(call("export", "votes.csv", "--what", "votes", "--json"))["exported"] == 1
    assert json.loads((tmp_path / "out.jsonl").read_text())["chosen"][0]["content"] == "Grass."


def test_only_the_first_rejected_rows_are_told(call: Call, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('"Hi"\n' + "7\n" * 25)
    code, _, err = call("import", "in.jsonl")
    assert code == 0
    assert err.splitlines()[-1] == "and 15 more rows"
    assert len(err.splitlines()) == 11


def test_a_backup_is_checked_and_a_damaged_home_is_told(call: Call, tmp_path: Path, llama: Path) -> None:
    call("model", "add", str(llama), "--name", "one")
    answered(call("backup", "copy.db", "--json"))
    assert (tmp_path / "copy.db").stat().st_size > 0
    assert answered(call("check", "--json")) == {"ok": True, "problems": []}
    (tmp_path / "home" / "models" / "one" / "config.json").unlink()
    code, out, _ = call("check", "--json")
    found = json.loads(out)
    assert (code, found["ok"]) == (1, False)
    assert "model one" in found["problems"][0]


def test_a_person_is_added_and_given_another_role(call: Call) -> None:
    links = set()
    for role in ("labeler", "admin"):
        told = answered(call("user", "add", "mara", "--role", role, "--json"))
        assert (told["name"], told["role"]) == ("mara", role)
        links.add(told["invitation"])
    links.add(
        answered(call("user", "invite", "mara", "--address", "https://labels.example.org/", "--json"))["invitation"]
    )
    assert sorted(link.rpartition("/")[0] for link in links) == [
        "http://127.0.0.1:7860/invitation",
        "http://127.0.0.1:7860/invitation",
        "https://labels.example.org/invitation",
    ]
    people = answered(call("user", "list", "--json"))["people"]
    assert [(one["name"], one["role"], one["login"]) for one in people] == [("mara", "admin", "invited")]
    assert len(answered(call("user", "token", "mara", "--json"))["token"]) > 40
    assert answered(call("user", "logout", "mara", "--json")) == {"name": "mara", "ended": 1}
    journal = answered(call("journal", "--most", "1", "--json"))["entries"]
    assert [(one["actor"], one["action"], one["subject"]) for one in journal] == [("cli", "end sessions", "mara")]
    removed = answered(call("user", "remove", "mara", "--json"))
    assert (removed["name"], removed["models"], removed["files"]) == ("mara", [], [])
    assert answered(call("user", "list", "--json"))["people"] == []
    exported = answered(call("journal", "--export", "journal.jsonl", "--json"))["exported"]
    lines = Path("journal.jsonl").read_text().splitlines()
    assert len(lines) == exported
    assert "mara" not in "".join(lines)


def test_a_webhook_is_added_listed_and_removed_and_its_secret_shown_once(call: Call) -> None:
    call("user", "add", "mara", "--role", "labeler")
    added = answered(call("webhook", "add", "http://127.0.0.1:9/", "--on", "vote,round", "--json"))
    assert (added["webhook_id"], added["events"], added["secret"][:6]) == (1, ["vote", "round"], "whsec_")
    code, out, _ = call("webhook", "list", "--json")
    (listed,) = json.loads(out)["webhooks"]
    assert (code, listed["url"], added["secret"] in out) == (0, "http://127.0.0.1:9/", False)
    code, _, err = call("webhook", "test", "1")
    assert (code, "did not take the message (ConnectError" in err) == (2, True)
    assert answered(call("webhook", "remove", "1", "--json")) == {"webhook_id": 1, "given_up": 0}


def test_a_store_that_cannot_be_written_is_one_line_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    call("user", "add", "ada", "--role", "labeler")
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_S", 0)
    with Store.open("home").write():
        code, out, err = call("user", "add", "bob", "--role", "labeler", "--json")
    assert (code, out) == (1, "")
    assert err == (
        "The store could not be used (database is locked): "
        "see that no other program holds it and that its directory can be written, then try again.\n"
    )


def test_there_are_no_rounds_yet(call: Call, tmp_path: Path) -> None:
    Store.open(tmp_path / "home")
    assert answered(call("rounds", "--json")) == {"rounds": []}


def test_simulated_people_vote_on_what_waits(call: Call, tmp_path: Path, llama: Path) -> None:
    store = Store.open(tmp_path / "home")
    add_pairs(store, 5)
    (tmp_path / "taste.py").write_text("def longer(prompt, completion):\n    return len(completion)\n")
    result = answered(call("simulate", "--utility", "taste.py:longer", "--labels", "5", "--noise", "0", "--json"))
    assert result["votes"] == 5
    verdicts = {row["verdict"] for row in store.rows("SELECT verdict FROM preferences")}
    assert verdicts == {"b"}  # "second answer" is the longer one


def test_a_job_that_fails_by_no_mistake_of_the_callers_exits_with_1(call: Call, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("\n\n".join(f"a line of text {n} with words enough {n}" for n in range(50)))
    huge = ["hidden_size=16", "heads=2", f"feed_forward={10**12}"]
    code, out, err = call("pretrain", "text.txt", "--name", "new", *(f"--set={setting}" for setting in huge), "--json")
    assert (code, out) == (1, "")
    assert "ran out of memory" in err.splitlines()[-1]


# Mistakes.

MISTAKES = {
    "rounds --home=": "The home directory has no name",
    "serve --port 99999": "'--port'",
    "generate --pairs 100000000": "ask for 1 to 10,000",
    "round --set dpo.epochs=1e9": "'epochs'",
    "bogus": "No such command",
    "import": "Missing argument",
    "import good.jsonl --lenient": "No such option",
    "import absent.jsonl": "cannot be read",
    "import bad.jsonl": "refused",
    "import half.jsonl --strict": "in row 2",
    "import good.jsonl --format excel": "'excel' is no format",
    "export there.jsonl": "exists already",
    "export out.xlsx": "has to end in",
    "export out.jsonl --what secrets": "take preferences, demonstrations, ratings, votes",
    "export out.jsonl": "rank some pairs first",
    "backup there.jsonl": "exists already",
    "backup no/such/folder.db": "could not be written",
    "model add empty --name new": "config.json",
    "model add absent/directory/here --name new": "neither a directory",
    "model add llama --name one": "registered already",
    "model add llama --name ..": "cannot be used",
    "model add llama --name new --kind reward": "not a kind",
    "model add llama": "Missing option '--name'",
    "model promote nobody": "no model named 'nobody'",
    "model promote one": "promoted model already",
    "model rollback": "no earlier promoted model",
    "model export nobody out": "no model named",
    "model export one empty": "exists already",
    "model report nobody": "no model named",
    "model report one": "only reward models",
    "model report judge": "no report yet",
    "model report one --refresh": "only reward models",
    "model report judge --refresh": "does not say what it was trained on",
    "user add mara --role king": "is not a role",
    "user add mara": "Missing option '--role'",
    "user add former-7f3a --role labeler": "cannot be used",
    "user add mara --role labeler --address here": "is none of the web",
    "user invite nobody": "no user named 'nobody'",
    "user token nobody": "no user named 'nobody'",
    "user logout nobody": "no user named 'nobody'",
    "webhook add here": "none of the web",
    "webhook add http://example.org --on votes": "vote, round, promotion",
    "webhook remove 7": "no webhook 7",
    "webhook test 7": "no webhook 7",
    "user remove nobody": "no user named 'nobody'",
    "user remove local": "while there are no accounts",
    "serve --host 0.0.0.0": "user add NAME --role admin",
    "round": "24 are missing",
    "round --set dpo.beta": "not of the form key=value",
    "round --set dpo.beta=[1": "cannot be read",
    "round --set dpo.bta=1": "Did you mean 'dpo.beta'",
    "round --method pppo": "method",
    "round --recipe absent.yaml": "cannot be read",
    "status 7": "no round 7",
    "status seven": "Invalid value",
    "status 99999999999999999999": "no round 99999999999999999999",
    "cancel 99999999999999999999": "no round 99999999999999999999",
    "cancel 7": "no round 7",
    "resume 7": "no round 7",
    "generate --pairs 0": "pairs",
    "cancel": "Missing argument 'ID'",
    "job cancel 7": "no job 7",
    f"job retry {2**63}": f"no job {2**63}",
    f"journal --most {2**63}": "--most",
    f"prompts list --before {2**63}": "--before",
    "continuous on --every 0": "every 1 to 1,000,000 new votes",
    "continuous on --every 99999999999999999999": "every 1 to 1,000,000 new votes",
    "continuous on --set dpo.bta=1": "Did you mean 'dpo.beta'",
    "continuous on --recipe absent.yaml": "cannot be read",
    "continuous off": "off already",
    "generate --pairs 2 --model nobody": "no model named",
    "generate --pairs 2 --model judge": "takes a policy",
    "reward --name new": "rank some pairs first",
    "reward --name new --policy judge": "judge is a reward model, and this takes a policy or base model",
    "reward --name new --set policy=one": "'policy' cannot be set",
    "round --set dpo.lora_dropout=0.1": "no setting 'dpo.lora_dropout'",
    "model promote one --override": "takes both --override and --reason",
    "model promote one --reason because": "takes both --override and --reason",
    "evaluate judge --against one --judge taste.py:longer": "takes a policy",
    "evaluate one --against judge --judge taste.py:longer": "takes a policy",
    "evaluate one --against one --judge taste.py:other": "no function named 'other'",
    "evaluate one --against one --judge taste.py:longer --set against=two": "'against' cannot be set",
    "evaluate one --against nobody": "no model named",
    "evaluate one --against one": "--judge",
    "evaluate one --against one --judge taste.py:longer": "one would be compared with itself",
    "round --method dpo --set method=ppo": "The method is dpo by --method and ppo by --set",
    "sft few.jsonl --name new --set heldout=few.jsonl": "records to measure on ask what records to learn from ask",
    "evaluate one --against one --judge absent.py:f": "neither `reward` nor",
    "simulate --utility absent.py:f --labels 3": "FILE.py:FUNCTION",
    "simulate --utility taste.py:other --labels 3": "no function named 'other'",
    "simulate --utility taste.py:longer --labels 0": "1 or more",
    "simulate --utility taste.py:longer --labels 3 --noise nan": "--noise of 0 or more",
    "sft absent.json --name new": "absent.json",
    "sft good.jsonl --name one": "registered already",
    "sft good.jsonl --name new --base judge": "takes a policy or base model",
    "sft good.jsonl --name new --set kind=dpo": "'kind' cannot be set",
    "sft good.jsonl --name new --set tuning=some": "cannot be 'some'",
    "sft good.jsonl --name new --set heldout=absent.json": "absent.json",
    "sft good.jsonl --name new": "Line 1 of good.jsonl is malformed, for it has neither instruction nor messages",
    "sft few.jsonl --name new": "too few demonstrations (1)",
    "sft few.jsonl --name new --set heldout=good.jsonl": "Line 1 of good.jsonl is malformed",
    "sft few.jsonl --name new --set four_bit=true": "four_bit goes with tuning lora alone",
    "sft few.jsonl --name new --set lora_targets=q_proj,v_porj": "one has no module 'v_porj' for adapters: it has",
    "sft few.jsonl --name new --set lora_targets=[]": "'lora_targets' in the sft recipe cannot be []",
    "sft few.jsonl --name new --set demonstrations=few.jsonl": "'demonstrations' cannot be set",
    "sft --name new": "neither a file of instructions nor any demonstrations",
    "sft --demonstrations --name new": "No labeler has written a demonstration",
    "pretrain absent.txt --name new": "absent.txt",
    "pretrain good.jsonl --name new --set minutes=1 --set max_steps=9": "max_steps has no effect",
    "serve --port ninety": "Invalid value",
    "serve --inference-url http://[::1": "The inference URL 'http://[::1' is none",
}


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, llama: Path) -> Path:
    """A home with one promoted model, and some files to be wrong about beside it."""
    folder = tmp_path_factory.mktemp("settled")
    (folder / "llama").symlink_to(llama)
    (folder / "empty").mkdir()
    (folder / "there.jsonl").write_text("mine")
    (folder / "good.jsonl").write_text('{"prompt": "Hi"}\n')
    (folder / "few.jsonl").write_text('{"instruction": "Hi", "output": "Hello"}\n')
    (folder / "half.jsonl").write_text('{"prompt": "Hi"}\n{}\n')
    (folder / "bad.jsonl").write_text("7\n")
    (folder / "taste.py").write_text("def longer(prompt, completion):\n    return len(completion)\n")
    store = Store.open(folder / "home")
    add_model(store, str(llama), "one", "test")
    registry.promote(store, "one", "test")
    with store.write() as db:
        registry.register(db, "judge", "reward", "models/judge", "test")
    seed(store)
    return folder


def everything(folder: Path) -> tuple[dict[str, list[dict[str, object]]], list[Path]]:
    """Every row of the database, and every file."""
    files = sorted(path for path in folder.rglob("*") if not path.name.startswith("plumbline.db"))
    return every_row(Store(folder / "home")), files


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line_and_changes_nothing(
    call: Call, settled: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("PLUMBLINE_HOME", str(settled / "home"))
    monkeypatch.chdir(settled)
    before = everything(settled)
    code, out, err = call(*line.split(), *([] if line.startswith("serve") else ["--json"]))
    assert (code, out) == (2, "")
    assert MISTAKES[line] in err
    assert err.count("\n") == 1
    assert everything(settled) == before


@pytest.mark.parametrize(
    "line",
    [
        *("check", "backup copy.db", "export out.jsonl", "rounds", "status 1", "cancel 1", "resume 1"),
        *("continuous on", "continuous status", "model report one"),
    ],
)
def test_a_home_that_is_not_there_is_a_mistake_too(call: Call, tmp_path: Path, line: str) -> None:
    code, out, err = call(*line.split(), "--json")
    assert (code, out) == (2, "")
    assert err == f"There is no home at {tmp_path / 'home'}: give the directory of one with --home.\n"
    assert list(tmp_path.iterdir()) == []


# Settings.


def test_settings_are_yaml_and_a_dot_goes_one_level_down(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("seed: 1\ndpo: {beta: 0.5, epochs: 2}\n")
    merged = read_settings(tmp_path / "recipe.yaml", ["dpo.beta=0.1", "dpo.tuning=lora", "flag=true", "name=a=b"])
    assert merged == {"seed": 1, "dpo": {"beta": 0.1, "epochs": 2, "tuning": "lora"}, "flag": True, "name": "a=b"}
    assert read_settings(None, []) == {}


@pytest.mark.parametrize("setting", ["seed", "=1", "dpo.=1", "seed=[1", "seed=1 seed.a=2"])
def test_what_is_no_setting_is_refused(setting: str) -> None:
    with pytest.raises(UserError):
        read_settings(None, setting.split())


@pytest.mark.parametrize("text", ["- 1\n- 2\n", "a: [", "\x00", "7"])
def test_what_is_no_recipe_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.yaml").write_text(text)
    with pytest.raises(UserError, match=r"recipe\.yaml"):
        read_settings(tmp_path / "recipe.yaml", [])
