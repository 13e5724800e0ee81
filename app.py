"""Plumbline: rank, train, evaluate, promote, chat. This file is the command line, and puts the parts together."""

from __future__ import annotations

import errno
import gc
import logging
import signal
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

import alignment.commands
import alignment.continuous_commands
import alignment.job_commands
import alignment.lineage_commands
import alignment.model_commands
import alignment.recipe_commands
import alignment.round_commands
import labeling.accounts
import labeling.labeler_commands
import labeling.quality_commands
import labeling.user_commands
import storage.commands
import storage.project_commands
import storage.prompt_commands
import storage.webhook_commands
from alignment.waiting import Unfinished
from storage.console import DEFAULT_HOME, Home, Json, answer
from storage.database import FREE_SPACE, Store, remedy, sqlite3
from storage.errors import UserError

if TYPE_CHECKING:
    from labeling.ui.actions import Actions, Inference

BREATH_S = 4.0  # from the first answer to the start of heavy work, so that the first page has the machine to itself
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # errors that are nobody's mistake, and pass

cli = typer.Typer(
    help="Rank answers, train on the rankings, promote the better model, chat with it.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
alignment.lineage_commands.add_commands(alignment.model_commands.model_app)
cli.add_typer(alignment.model_commands.model_app, name="model")
labeling.user_commands.add_commands(cli)
storage.commands.add_commands(cli)
storage.project_commands.add_commands(cli)
storage.webhook_commands.add_commands(cli)
storage.prompt_commands.add_commands(cli)
alignment.commands.add_commands(cli)
alignment.round_commands.add_commands(cli)
alignment.job_commands.add_commands(cli)
alignment.recipe_commands.add_commands(cli)
alignment.continuous_commands.add_commands(cli)
labeling.quality_commands.add_commands(cli)
labeling.labeler_commands.add_commands(cli)


@cli.command()
def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; beyond loopback it takes accounts.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 7860,
    inference_url: Annotated[
        str | None,
        typer.Option(envvar="PLUMBLINE_INFERENCE_URL", help="An OpenAI-compatible server to chat with, not our own."),
    ] = None,
    inference_key: Annotated[
        str | None, typer.Option(envvar="PLUMBLINE_INFERENCE_KEY", help="The key of that server.")
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Start the app: the pages, and the worker behind them."""
    labeling.accounts.check_host(home, host)
    gc.disable()  # imports make no garbage, and looking for it is a fifth of the time to the first page
    from alignment.demo.seed import seed
    from alignment.inference import InferenceServer
    from labeling.ui import shell
    from labeling.ui.door import Access
    from storage import registry
    from storage.courier import Courier

    def promoted_path() -> str | None:
        model = registry.promoted(store)
        return model.path if model else None

    store = Store.open(home)
    inference = InferenceServer(store.logs / "inference.log", inference_url, inference_key, promoted_path)
    access = Access(store, beyond_loopback=host not in labeling.accounts.LOOPBACK)
    if not access.by_login():
        labeling.accounts.ensure_user(store, labeling.accounts.LOCAL_USER, "admin")
    seed(store)
    url = shell.launch(shell.build(store, actions(store, inference), access), access, host, port)
    gc.enable()
    print(f"Plumbline is at {url}", flush=True)
    time.sleep(BREATH_S)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    inference.start()
    Courier(store).start()
    try:
        work(store)
    finally:
        inference.stop()


def actions(store: Store, inference: Inference) -> Actions:
    """What the pages of this store ask of the training side."""
    from alignment import battles, continuous, evaluations, job_deeds, picking, plans, queue, readiness, ready, rounds
    from labeling.ui.actions import Actions
    from storage import registry

    return Actions(
        start_round=lambda method, overrides, actor: rounds.start(store, method, overrides, actor),
        replay_round=lambda round_id, actor: rounds.start_replay(store, round_id, actor),
        cancel_round=lambda round_id, actor: rounds.cancel(store, round_id, actor),
        resume_round=lambda round_id, actor: rounds.resume(store, round_id, actor),
        start_sft=lambda file, base, *rest: queue.sft(store, file, registry.by_name(store, base), *rest),
        score_votes=lambda name, actor: queue.score(store, registry.by_name(store, name), actor),
        compare=lambda *asked: evaluations.compare(store, *asked),
        plan_round=lambda settings: plans.plan_in_words(store, settings),
        job_deed=lambda deed, job_id, actor: job_deeds.do(store, deed, job_id, actor),
        continuous_on=lambda *asked: continuous.switch_on(store, *asked),
        continuous_said=lambda: continuous.said(store),
        picker=lambda policy: picking.picker_in_chat(store, policy),
        ready=lambda: ready.ready(store),
        measure_curve=lambda actor: queue.learning_curve(store, registry.require_promoted(store), actor),
        start_battles=lambda *asked: battles.start(store, *asked),
        check_labels=lambda: readiness.check_labels(store),
        inference=inference,
    )


def work(store: Store) -> None:
    """The server's worker: runs jobs and keeps the queue of pairs filled, whatever happens to any one of them."""
    from alignment.worker import Worker

    log = logging.getLogger("plumbline.worker")
    while True:
        try:
            with Worker(store, serving=True) as worker:
                worker.run_until(lambda: False)
        except Exception:  # the last line of defence: a worker that stops would stop every round
            log.exception("the worker stumbled and starts again")
            time.sleep(5)


@cli.command()
def simulate(
    utility: Annotated[str, typer.Option(metavar="FILE.py:FUNC", help="The taste: f(prompt, completion) -> float.")],
    labels: Annotated[int, typer.Option(help="How many votes to cast.")],
    labelers: Annotated[int, typer.Option(help="How many simulated people share them.")] = 1,
    noise: Annotated[float, typer.Option(help="T in sigmoid((f(a) - f(b)) / T); 0 is none.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The seed of the votes and of new pairs.")] = 0,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Let simulated people rank pairs; makes more pairs first where too few wait."""
    import labeling.simulate
    from alignment import queue
    from alignment.demo.seed import open_home
    from alignment.waiting import wait_for_job
    from alignment.worker import Worker
    from storage import answer_sets, registry
    from storage import labels as label_rows
    from storage.utilities import load_utility

    if labels < 1 or labelers < 1 or not noise >= 0:  # which NaN is not either
        raise UserError("Simulated votes take --labels and --labelers of 1 or more and --noise of 0 or more.")
    function = load_utility(utility)
    store = open_home(home)
    began = time.monotonic()
    before = -1
    with Worker(store) as worker:
        while (waiting := label_rows.waiting(store) + answer_sets.waiting(store)) < labels:
            if waiting == before:
                raise UserError(
                    f"Only {waiting} of {labels} pairs are there, and the model gives no more whose answers differ: "
                    "bring more prompts with `import`, or ask for fewer labels."
                )
            before, missing = waiting, labels - waiting
            policy = registry.require_promoted(store)
            wait_for_job(store, worker, queue.generate(store, policy, missing + missing // 10 + 1, "simulate", seed))
            seed += 1_000_003
    votes = labeling.simulate.simulate(store, function, labels, labelers, noise, seed)
    seconds = round(time.monotonic() - began, 2)
    answer(as_json, {"votes": votes, "seconds": seconds}, f"{votes} votes cast in {seconds} s.")


def main() -> None:
    """Run the command line, `serve` if it is bare; a user's mistake is one line on stderr and exit code 2."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for chatty in ("httpx", "asyncio", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        code = cli(sys.argv[1:] or ["serve"], standalone_mode=False)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except sqlite3.OperationalError as error:
        print(f"The store could not be used ({error}): {remedy(error)}.", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        print(f"A file could not be written ({error}): {FREE_SPACE}.", file=sys.stderr)
        sys.exit(1)
    except Unfinished as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except typer.TyperException as error:  # a command or an option that is not there, or is given wrongly
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    sys.exit(code)


if __name__ == "__main__":
    main()
