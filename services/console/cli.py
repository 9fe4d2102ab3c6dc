"""``headrace``: the command line."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from infra.runtime.settings import Settings
from schemas.problem import Problem

app = typer.Typer(help="Headrace: crawls in, proven data and events out.", no_args_is_help=True, add_completion=False)
console = Console()
complaints = Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option(help="Where everything of this machine lives (HEADRACE_DATA_DIR).")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port of every face (HEADRACE_PORT).")]


@app.command()
def up(profile: str = "embedded", port: Port = None, data_dir: DataDir = None) -> None:
    """Run the whole system on this machine until Ctrl-C."""
    from infra.local.stack import until_interrupted  # noqa: PLC0415  # `headrace --help` must answer at once

    _run(until_interrupted(_up(_settings(profile=profile, port=port, data_dir=data_dir))))


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database's schema up to date."""
    _run(_migrate(_settings(data_dir=data_dir)))


async def _up(settings: Settings) -> None:
    from infra.local.stack import running  # noqa: PLC0415  # see above

    async with running(settings) as stack:
        table = Table(show_header=False, box=None, pad_edge=False)
        for name, address in stack.addresses.items():
            table.add_row(name, address)
        table.add_row("data", str(settings.data_dir.resolve()))
        console.print("Headrace is up. Ctrl-C stops it.\n", table, "", sep="\n")
        try:
            await asyncio.Event().wait()
        finally:
            console.print("Stopping ...")


async def _migrate(settings: Settings) -> None:
    from infra.runtime.runtime import open_runtime  # noqa: PLC0415  # see above

    async with open_runtime(settings, migrate=True):
        console.print("The schema is up to date.")


def _settings(**given: object) -> Settings:
    from infra.runtime import logging  # noqa: PLC0415  # see above

    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # validated inside
    except ValidationError as error:
        for found in error.errors():
            complaints.print(f"[red]{'.'.join(str(part) for part in found['loc'])}[/]: {found['msg']}")
        raise typer.Exit(2) from error
    logging.set_up(settings.log_level)
    return settings


def _run(work: "asyncio.Future[None] | object") -> None:
    import uvloop  # noqa: PLC0415  # see above

    try:
        uvloop.run(work)  # type: ignore[arg-type]  # a coroutine
    except Problem as problem:
        complaints.print(f"[red]{problem.title}[/]: {problem.detail}\n{problem.recovery}")
        sys.exit(1)
