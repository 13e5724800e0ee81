"""The commands about the store itself: import, export, backup, check."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from storage.console import ACTOR, DEFAULT_HOME, Home, Json, answer, bar, table, tell
from storage.database import MOST_ID, Store
from storage.journal import entries, in_words, write_journal
from storage.maintenance import backup, check


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command("import")(import_command)
    app.command("export")(export_command)
    app.command("backup")(backup_command)
    app.command("check")(check_command)
    app.command("journal")(journal_command)


def import_command(
    file: Annotated[Path, typer.Argument(help="Text, JSON, JSONL, CSV, Parquet (.gz too), or a directory of them.")],
    format: Annotated[str, typer.Option(help="auto, or one of docs/formats.md.")] = "auto",
    what: Annotated[str, typer.Option(help="prompts or demonstrations, where a format can be read as either.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Refuse the file if any row is bad.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come in.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Bring in prompts, preferences, ratings, demonstrations or votes from a file."""
    from storage.exchange import saying
    from storage.exchange.importing import import_file, preview

    if dry_run:
        survey = preview(file, format, what or None, progress=bar)
        answer(as_json, saying.survey_data(survey), saying.survey_text(survey))
        return
    report = import_file(Store.open(home), file, format, strict, what or None, ACTOR, bar)
    for line in saying.rejections(report.rejected, report.rejected_count):
        tell(line)
    data = {
        "imported": report.imported,
        "known": report.known,
        "rejected": report.rejected_count,
        "format": report.format,
        "what": report.what,
    }
    if as_json:
        for note in report.notes:
            tell(note)
    answer(as_json, data, saying.report_text(report))


def export_command(
    file: Annotated[Path, typer.Argument(help="The file to write, .json, .jsonl, .csv or .parquet, or a directory.")],
    what: Annotated[
        str, typer.Option(help="preferences, demonstrations, ratings, votes, rankings or prompts.")
    ] = "preferences",
    format: Annotated[str, typer.Option(help="One of docs/formats.md.")] = "",
    licence: Annotated[str, typer.Option(help="What the dataset card says of the licence.")] = "unknown",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Write preferences, demonstrations, ratings, votes, rankings or prompts to a file, with a dataset card."""
    from storage.exchange.exporting import export_file

    done = export_file(Store.existing(home), file, what, format, licence)
    for reason, count in done.left_out.items():
        tell(f"left out: {count} {reason}")
    data = {
        "exported": done.count,
        "file": str(file),
        "format": done.format,
        "card": str(done.card),
        "left_out": done.left_out,
    }
    answer(as_json, data, f"{done.count} {what} written to {file}, with a card in {done.card}.")


def backup_command(
    file: Annotated[Path, typer.Argument(help="The new file.")], home: Home = DEFAULT_HOME, as_json: Json = False
) -> None:
    """Copy the database while it is in use."""
    backup(Store.existing(home), file)
    answer(as_json, {"file": str(file)}, f"The database was copied to {file}.")


def check_command(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Check the database, the snapshots and the models."""
    problems = check(Store.existing(home))
    answer(as_json, {"ok": not problems, "problems": problems}, "\n".join(problems) or "All is well.")
    raise typer.Exit(1 if problems else 0)


def journal_command(
    most: Annotated[int, typer.Option(min=1, max=MOST_ID, help="How many entries to show, the newest first.")] = 20,
    export: Annotated[Path | None, typer.Option(help="Write all of it to this file, as JSON lines.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Show who did what, or write the whole journal to a file."""
    store = Store.existing(home)
    if export is not None:
        count = write_journal(store, export)
        answer(as_json, {"exported": count, "file": str(export)}, f"{count} entries written to {export}.")
        return
    found = entries(store, most)
    rows: list[list[object]] = [
        [one.created_at[:16].replace("T", " "), one.actor, one.action, one.subject, in_words(one)] for one in found
    ]
    answer(
        as_json,
        {"entries": [asdict(one) for one in found]},
        table(["when", "who", "did", "what", "details"], rows),
    )
