"""``headrace``: the command line."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.runtime.configuration.settings import Settings, read_settings, variable
from services.console import access
from services.console.reconcile import reconcile
from services.console.report import aligned, explained, screen, table, verdict

app = typer.Typer(help="Headrace: crawls in, proven data and events out.", no_args_is_help=True, add_completion=False)
app.add_typer(access.keys, name="key")
app.add_typer(access.members, name="member")
app.command()(reconcile)

Profile = Annotated[str | None, typer.Option(help="Which adapters are used (HEADRACE_PROFILE).")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything of this machine lives (HEADRACE_DATA_DIR).")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port of every face (HEADRACE_PORT).")]

# Commands import what they use: `headrace --help` must answer at once.


@app.command()
def up(profile: Profile = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Run the whole system on this machine until Ctrl-C."""
    from infra.runtime.telemetry import logging  # noqa: PLC0415  # see above

    with explained():
        settings = read_settings(profile=profile, port=port, data_dir=data_dir)
        logging.set_up(settings.log_level)
        _run(_up(settings))


@app.command()
def worker(
    queue: Annotated[list[str] | None, typer.Option(help="Only functions of this queue; may be repeated.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only functions of this kind of job; may be repeated.")] = None,
    profile: Profile = None,
    data_dir: DataDir = None,
) -> None:
    """Work jobs until Ctrl-C, beside `headrace up` or without it; as many processes as you like.

    Chosen by queue or kind, it leaves the clock and events to others.
    """
    from infra.local.worker import work  # noqa: PLC0415  # see above
    from infra.runtime.telemetry import logging  # noqa: PLC0415  # see above

    with explained():
        settings = read_settings(profile=profile, data_dir=data_dir)
        logging.set_up(settings.log_level)
        _run(work(settings, queues=queue or (), kinds=kind or ()))


@app.command()
def demo(profile: Profile = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Watch three crawls, a file and a page from order to rows; nothing is bought. In a pipe it ends by itself."""
    from infra.local.demo import demo as run  # noqa: PLC0415  # see above
    from infra.local.demo_view import Screen  # noqa: PLC0415  # see above

    with explained():
        settings = read_settings(profile=profile, port=port, data_dir=data_dir)
        _run(run(settings, Screen(screen()), stay=sys.stdout.isatty()))


@app.command()
def emulators(
    *,
    install: Annotated[bool, typer.Option("--install", help="Only install what is missing, and run nothing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Run the emulators alone until Ctrl-C, and print the variables that lead to them."""
    with explained():
        settings = read_settings(profile="emulators", data_dir=data_dir)
        _run(_installed() if install else _emulators(settings))


@app.command()
def migrate(profile: Profile = None, data_dir: DataDir = None) -> None:
    """Bring the database's schema up to date."""
    from infra.runtime.telemetry import logging  # noqa: PLC0415  # see above

    with explained():
        settings = read_settings(profile=profile, data_dir=data_dir)
        logging.set_up(settings.log_level)
        _run(_migrate(settings))


@app.command()
def topology(profile: Profile = None, data_dir: DataDir = None) -> None:
    """Make the topics and subscriptions of Pub/Sub that infra/terraform did not make; fine if all are there."""
    from infra.runtime.telemetry import logging  # noqa: PLC0415  # see above

    with explained():
        settings = read_settings(profile=profile, data_dir=data_dir)
        logging.set_up(settings.log_level)
        _run(_topology(settings))


@app.command()
def doctor(profile: Profile = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Show the effective settings, secrets masked, and check what the system needs; exits 1 if something is wrong."""
    from infra.local.doctor import examine  # noqa: PLC0415  # see above
    from infra.runtime.configuration.variables import variables  # noqa: PLC0415  # see above

    with explained():
        settings = read_settings(profile=profile, port=port, data_dir=data_dir)
    shown = variables(settings)
    console = screen()
    console.print("Settings (* set by you)")
    console.print(aligned({f"{'*' if one.given else ' '} {one.name}": one.value or "-" for one in shown}), markup=False)
    console.print("\nChecks")
    findings = examine(settings)
    for finding in findings:
        verdict(console, finding.what, finding.found, finding.fix)
    raise typer.Exit(int(any(finding.fix for finding in findings)))


@app.command()
def query(
    sql: Annotated[
        str,
        typer.Argument(
            help="One question in SQL over the tables `records`, `dataset_rows`, `crawls`, `job_history` and `events`."
        ),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as in a pipe.")] = False,
    profile: Profile = None,
    data_dir: DataDir = None,
) -> None:
    """Ask the warehouse: a table for a person, JSON lines in a pipe."""
    from infra.local.ask import ask  # noqa: PLC0415  # see above

    with explained():
        rows = asyncio.run(ask(read_settings(profile=profile, data_dir=data_dir), sql))
    if as_json or not sys.stdout.isatty():
        for row in rows:
            typer.echo(json.dumps(row, default=str, ensure_ascii=False))
    else:
        screen().print(table(rows))


@app.command()
def generate(
    *, check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if a file is stale.")] = False
) -> None:
    """Write every file of the source tree that is made from code."""
    from infra.local.generate import stale, write  # noqa: PLC0415  # see above

    with explained():
        found = asyncio.run(stale())
    for path in found:
        screen().print(f"{'stale' if check else 'written'}: {path}", markup=False)
    if check and found:
        screen(stderr=True).print("Run make generate, and commit what it writes.")
        raise typer.Exit(1)
    write(found)


async def _up(settings: Settings) -> None:
    from infra.local.stack import running  # noqa: PLC0415  # see above

    async with running(settings) as stack:
        addresses = {**stack.addresses, "data": str(settings.data_dir.resolve())}
        screen().print("Headrace is up. Ctrl-C stops it.", "", aligned(addresses, indent="  "), "", sep="\n")
        try:
            await asyncio.Event().wait()
        finally:
            screen().print("Stopping ...")


async def _emulators(settings: Settings) -> None:
    from infra.local.emulated import emulated  # noqa: PLC0415  # see above

    async with emulated(settings) as (found, _):
        for field in ("pubsub_emulator_host", "storage_emulator_host", "bigquery_emulator_host"):
            typer.echo(f"export {variable(field)}={getattr(found, field)}")
        screen(stderr=True).print("The emulators are up. Ctrl-C stops them.")
        await asyncio.Event().wait()


async def _installed() -> None:
    from infra.local.emulators import install  # noqa: PLC0415  # see above

    await install()
    screen().print("All emulators are installed.")


async def _migrate(settings: Settings) -> None:
    from infra.runtime.runtime import open_runtime  # noqa: PLC0415  # see above

    async with open_runtime(settings, migrate=True):
        screen().print("The schema is up to date.")


async def _topology(settings: Settings) -> None:
    from infra.runtime.adapters import lay_out  # noqa: PLC0415  # see above
    from infra.runtime.configuration.emulated import with_emulators  # noqa: PLC0415  # see above
    from infra.runtime.configuration.profile import placed  # noqa: PLC0415  # see above
    from infra.runtime.functions.topology import generated  # noqa: PLC0415  # see above

    names = await lay_out(with_emulators(placed(settings)), generated()["functions"])
    screen().print("\n".join(names) or "The bus of this profile needs no topics.", markup=False)


def _run(work: Coroutine[Any, Any, None]) -> None:
    import uvloop  # noqa: PLC0415  # see above

    from infra.local.signals import until_interrupted  # noqa: PLC0415  # see above

    uvloop.run(until_interrupted(work))
