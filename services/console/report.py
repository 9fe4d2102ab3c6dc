"""What commands print: plain text, with colour only for a person who wants it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.runtime.configuration.settings import SettingsRefused
from schemas.problem import Problem


def screen(*, stderr: bool = False) -> Console:
    """Standard output or standard error. Only a real terminal gets escape codes, and colours only without NO_COLOR."""
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, force_terminal=terminal, soft_wrap=True, highlight=False, emoji=False)


def aligned(pairs: Mapping[str, str], *, indent: str = "") -> str:
    """Names and values in two columns."""
    width = max(map(len, pairs), default=0)
    return "\n".join(f"{indent}{name:<{width}}  {value}".rstrip() for name, value in pairs.items())


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows under the names of their columns."""
    made = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in rows[0] if rows else ():
        made.add_column(Text(name), overflow="fold")
    for row in rows:
        made.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    return made


def complain(problem: Problem) -> None:
    """What went wrong and what helps, on standard error."""
    text = Text.assemble((problem.title, "bold red"), f": {problem.detail}\n{problem.recovery}")
    if problem.detail == problem.title:
        text = Text.assemble((problem.title, "bold red"), f"\n{problem.recovery}")
    screen(stderr=True).print(text)


def verdict(console: Console, what: str, found: str, fix: str) -> None:
    """One check of the doctor."""
    mark = ("FIX ", "bold red") if fix else ("ok  ", "green")
    console.print(Text.assemble("  ", mark, f"{what}: {found}"))
    if fix:
        console.print(Text(f"        {fix}"))


@contextmanager
def explained() -> Iterator[None]:
    """Turn expected failures into a sentence, a way out and an exit code: 2 for wrong settings, else 1."""
    try:
        yield
    except Problem as problem:
        complain(problem)
        raise typer.Exit(2 if isinstance(problem, SettingsRefused) else 1) from None
