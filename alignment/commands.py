"""The commands that make pairs, train and evaluate one model at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from alignment import battles, queue, ready
from alignment.demo.seed import open_home
from alignment.evaluations import evaluate
from alignment.waiting import wait_for_job
from alignment.worker import Worker
from storage import registry, rounds
from storage.assignments import assign
from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, table, tell
from storage.database import Store
from storage.errors import UserError
from storage.records import Model

Settings = Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="A setting of the recipe; repeatable.")]
RecipeFile = Annotated[
    Path | None, typer.Option("--recipe", metavar="FILE", help="A YAML file of settings, or a saved recipe's name.")
]


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    commands: dict[str, Callable[..., None]] = {
        "generate": generate_command,
        "pretrain": pretrain_command,
        "sft": sft_command,
        "reward": reward_command,
        "evaluate": evaluate_command,
        "evaluations": evaluations_command,
        "battles": battles_command,
        "ready": ready_command,
    }
    for name, command in commands.items():
        app.command(name)(command)


def generate_command(
    pairs: Annotated[int, typer.Option(help="How many pairs, or sets where more than two answers are ranked.")],
    model: Annotated[str | None, typer.Option(help="The policy that answers; the promoted one by default.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of the sampling; a fresh one by default.")] = None,
    tag: Annotated[str | None, typer.Option(help="Ask only prompts that have this tag.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Fill the queue of pairs."""
    store = open_home(home)
    policy = _model(store, model, "policy")
    result = _run(store, queue.generate(store, policy, pairs, ACTOR, seed, tag))
    made, sets, skipped = result.get("pairs", 0), result.get("sets", 0), result.get("skipped", 0)
    of_sets = f" and {sets} sets" if sets else ""
    left_out = f" {skipped} prompts were left out, for they are longer than it takes." if skipped else ""
    answer(
        as_json,
        {"pairs": made, "sets": sets, "model": policy.name, "skipped": skipped},
        f"{made} pairs{of_sets} of {policy.name}'s answers wait for labelers.{left_out}",
    )


def pretrain_command(
    file: Annotated[Path, typer.Argument(help="A text file; documents are separated by blank lines.")],
    name: Annotated[str, typer.Option(help="The name of the new base model.")],
    vocab_size: Annotated[int | None, typer.Option(help="Tokens in the vocabulary.")] = None,
    hidden_size: Annotated[int | None, typer.Option(help="Width of the model.")] = None,
    layers: Annotated[int | None, typer.Option(help="Number of blocks.")] = None,
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Train a tokenizer and a small base model from scratch, on text of any domain."""
    named = {"vocab_size": vocab_size, "hidden_size": hidden_size, "layers": layers}
    recipe = {**_settings(settings), **{key: value for key, value in named.items() if value is not None}}
    store = Store.open(home)
    _run_and_answer(store, queue.pretrain(store, file, name, recipe, ACTOR), name, as_json)


def sft_command(
    name: Annotated[str, typer.Option(help="The name of the new policy.")],
    file: Annotated[
        Path | None, typer.Argument(help="Alpaca, self-instruct or chat records: JSON, JSONL, CSV or Parquet.")
    ] = None,
    base: Annotated[str | None, typer.Option(help="The model to tune; the promoted one by default.")] = None,
    tuning: Annotated[str | None, typer.Option(help="full (as it is), freeze (the last blocks only) or lora.")] = None,
    demonstrations: Annotated[
        bool, typer.Option("--demonstrations", help="Learn from the answers that labelers wrote, too, or alone.")
    ] = False,
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Fine-tune a model on instructions, on what labelers wrote, or on both."""
    store = open_home(home)
    start = _model(store, base, "policy", "base")
    recipe = {**_settings(settings), **({"tuning": tuning} if tuning else {})}
    result = _run(store, queue.sft(store, file, start, name, recipe, ACTOR, demonstrations))
    answer(as_json, {"name": name, **result}, f"{name} is registered. {_learned(result)}")


def reward_command(
    name: Annotated[str, typer.Option(help="The name of the new reward model.")],
    policy: Annotated[str | None, typer.Option(help="The policy it starts from; the promoted one by default.")] = None,
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Train a reward model on the votes as they stand, and say how it does on votes that it has not seen."""
    store = open_home(home)
    start = _model(store, policy, "policy", "base")
    _run_and_answer(store, queue.reward(store, start, name, _settings(settings), ACTOR), name, as_json)


def evaluate_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The policy to judge.")],
    against: Annotated[str, typer.Option(help="The policy to compare it with.")],
    judge: Annotated[
        str,
        typer.Option(help="reward (of its round, or the newest), a reward model's name, or FILE.py:utility."),
    ] = "reward",
    best_of: Annotated[int, typer.Option(min=1, max=64, help="NAME answers with the best of so many samples.")] = 1,
    settings: Settings = [],  # noqa: B006
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Compare two policies on the held-out prompts."""
    store = open_home(home)
    policy, other = _model(store, name, "policy"), _model(store, against, "policy")
    result = _run(store, evaluate(store, policy, other, judge, _settings(settings), ACTOR, best_of))
    by = f"the best of {best_of} of {name}" if best_of > 1 else name
    answer(
        as_json,
        {"name": name, "against": against, **result},
        f"On {result['prompts']} held-out prompts {by} wins {result['win_rate']:.0%} "
        f"({result['low']:.0%} to {result['high']:.0%}) against {against}; at equal lengths "
        f"{result['length_controlled_win_rate']:.0%} ({result['length_controlled_low']:.0%} to "
        f"{result['length_controlled_high']:.0%}).",
    )


def evaluations_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List all comparisons of two policies, those of the rounds included, newest first."""
    store = Store.existing(home)
    names = {model.model_id: model.name for model in registry.models(store)}
    found = [
        {
            "name": names[one.model_id],
            "against": names[one.against_id],
            "judge": one.judge,
            "created_at": one.created_at,
        }
        | one.result
        for one in rounds.all_evaluations(store)
    ]
    rows: list[list[object]] = [
        [
            one["name"],
            one.get("best_of", 1),
            one["against"],
            one["judge"],
            f"{one['win_rate']:.0%} ({one['low']:.0%} to {one['high']:.0%})",
            one["prompts"],
            one["created_at"][:19],
        ]
        for one in found
    ]
    heads = ["policy", "best of", "against", "judge", "win rate", "prompts", "when"]
    answer(as_json, {"evaluations": found}, table(heads, rows))


def ready_command(
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure the learning curve on the votes as they stand.")
    ] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Say whether the labels are enough to train on, what more of them would add, and what could be detected."""
    store = open_home(home)
    if measure:
        _run(store, queue.learning_curve(store, registry.require_promoted(store), ACTOR))
    found = ready.ready(store)
    answer(as_json, found, "\n".join(found["said"]))


def battles_command(
    between: Annotated[str, typer.Option(metavar="MODEL", help="One policy.")],
    against: Annotated[str, typer.Option(metavar="MODEL", help="The other.")],
    prompts: Annotated[int, typer.Option(help="On so many held-out prompts, if there are.")] = 50,
    seed: Annotated[int | None, typer.Option(help="The seed of the sampling; a fresh one by default.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Let labelers judge two models blind: pairs of their answers to the same held-out prompts."""
    store = open_home(home)
    pairs = [_run(store, job_id)["pairs"] for job_id in battles.start(store, [between, against], prompts, ACTOR, seed)]
    answer(
        as_json,
        {"pairs": sum(pairs), "between": between, "against": against},
        f"{sum(pairs)} pairs of {between} and {against} wait for labelers, who are not told which is which.",
    )


def read_settings(recipe: Path | None, settings: list[str]) -> dict[str, Any]:
    """Settings from a YAML file with `key=value` pairs over them; a dot in a key goes one level down.

    Raises UserError for a file that is no mapping or a pair without a key.
    """
    merged: dict[str, Any] = {}
    if recipe is not None:
        try:
            merged = yaml.safe_load(recipe.read_text()) or {}
        except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
            raise UserError(f"The recipe {recipe} cannot be read ({str(error).splitlines()[0]}).") from error
        if not isinstance(merged, dict):
            raise UserError(f"The recipe {recipe} is not a mapping of settings to values.")
    for setting in settings:
        assign(merged, setting)
    return merged


def _model(store: Store, name: str | None, *kinds: str) -> Model:
    """The model of that name, or the promoted one. Raises UserError for one that is of none of the `kinds`."""
    model = registry.by_name(store, name) if name else registry.require_promoted(store)
    if model.kind not in kinds:
        raise UserError(f"{model.name} is a {model.kind} model, and this takes a {' or '.join(kinds)} model.")
    return model


def _settings(settings: list[str]) -> dict[str, Any]:
    """Settings of one job's recipe. Raises UserError for one that the command's own arguments say."""
    found = read_settings(None, settings)
    queue.check_settable(found)
    return found


def _run(store: Store, job_id: int) -> dict[str, Any]:
    """The result of a job, once it is done."""
    tell(f"Working on job {job_id}; Ctrl-C cancels it.")
    with Worker(store) as worker:
        return wait_for_job(store, worker, job_id).result or {}


def _run_and_answer(store: Store, job_id: int, name: str, as_json: bool) -> None:
    result = _run(store, job_id)
    figures = ", ".join(f"{key} {value:.4g}" for key, value in result.items() if isinstance(value, (int, float)))
    answer(as_json, {"name": name, **result}, f"{name} is registered ({figures}).")


def _learned(result: dict[str, Any]) -> str:
    """What came of fine-tuning, in a few sentences."""
    said = (
        f"Held-out loss {result['loss_before']:.3f} before, {result['loss_after']:.3f} after (nats an answer token, on "
        f"{result['heldout_records']} records); {result['trainable_share']:.2%} of the parameters were trained, on "
        f"{result['records']} records."
    )
    if result["demonstrations"]:
        said += f" {result['demonstrations_share']:.0%} of the data was written by labelers."
    if result["cut"] or result["dropped"]:
        said += (
            f" Too long for the model: {result['cut']} records were cut behind an answer, {result['dropped']} left out."
        )
    return said
