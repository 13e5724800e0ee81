"""The commands about the store itself: import, export, backup, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from storage.console import DEFAULT_HOME, Home, Json, answer, tell
from storage.database import Store
from storage.maintenance import backup, check

SHOWN_REJECTIONS = 10


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command("import")(import_command)
    app.command("export")(export_command)
    app.command("backup")(backup_command)
    app.command("check")(check_command)


def import_command(
    file: Annotated[Path, typer.Argument(help="Text, JSON, JSONL, CSV or Parquet; .gz too.")],
    format: Annotated[str, typer.Option(help="auto, prompts, alpaca, trl, hh or unpaired.")] = "auto",
    strict: Annotated[bool, typer.Option("--strict", help="Refuse the file if any row is bad.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Bring in prompts, preferences or ratings from a file."""
    from storage.exchange.importing import import_file

    report = import_file(Store.open(home), file, format=format, strict=strict)
    for line, reason in report.rejected[:SHOWN_REJECTIONS]:
        tell(f"row {line}: {reason}")
    if len(report.rejected) > SHOWN_REJECTIONS:
        tell(f"and {len(report.rejected) - SHOWN_REJECTIONS} more rows")
    data = {
        "imported": report.imported,
        "known": report.known,
        "rejected": len(report.rejected),
        "format": report.format,
    }
    answer(
        as_json,
        data,
        f"{report.imported} imported, {report.known} there already, {len(report.rejected)} rejected "
        f"(format {report.format}).",
    )


def export_command(
    file: Annotated[Path, typer.Argument(help="The file to write: .jsonl, .csv or .parquet.")],
    what: Annotated[str, typer.Option(help="preferences, demonstrations, ratings or votes.")] = "preferences",
    format: Annotated[str, typer.Option(help="trl.")] = "trl",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Write preferences, demonstrations, ratings or votes to a file."""
    from storage.exchange.exporting import export_file

    count = export_file(Store.existing(home), file, what=what, format=format)
    answer(as_json, {"exported": count, "file": str(file)}, f"{count} {what} written to {file}.")


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
