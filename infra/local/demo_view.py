"""What the demo shows: moving bars to a person at a terminal, plain lines to everything else."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table

from infra.local.demo_client import Watched

Update = Callable[[Watched], None]


class Screen:
    """Writes to a console; bars move only where the console is a terminal that can move its cursor."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.moving = console.is_terminal and not console.is_dumb_terminal

    def say(self, text: str = "") -> None:
        """One or more lines, never wrapped and never taken for markup."""
        self._console.print(text, soft_wrap=True, markup=False, highlight=self.moving)

    def title(self, text: str) -> None:
        """Begin a part."""
        self._console.print()
        self._console.print(Rule(text, align="left") if self.moving else text)

    def pairs(self, pairs: Mapping[str, str]) -> None:
        """Names and values, aligned."""
        width = max(map(len, pairs), default=0)
        for name, value in pairs.items():
            self.say(f"  {name:<{width}}  {value}")

    def event(self, event: Mapping[str, Any]) -> None:
        """A CloudEvent: its attributes, and its data as one JSON line."""
        self.say(f"  {event['type']}  {event['id']}  {event['time']}")
        self.say(f"    {json.dumps(event['data'])}")

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """The answer to a query."""
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
        for name in rows[0] if rows else ():
            table.add_column(name, justify="left" if isinstance(rows[0][name], str) else "right")
        for row in rows:
            table.add_row(*(value if isinstance(value, str) else f"{value:,}" for value in row.values()))
        self._console.print(table)

    @contextmanager
    def progress(self) -> Iterator[Update]:
        """Show crawls moving; call the update with each newer status."""
        if not self.moving:
            yield _lines(self.say, time.monotonic())
            return
        columns = (
            TextColumn("  {task.description:<12}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[state]:<12}"),
            TextColumn("{task.fields[polls]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            yield _bars(bars)


def _bars(bars: Progress) -> Update:
    tasks: dict[str, Any] = {}

    def update(crawl: Watched) -> None:
        if crawl.name not in tasks:
            tasks[crawl.name] = bars.add_task(crawl.name, total=100, state="", polls="")
        bars.update(tasks[crawl.name], completed=percent(crawl), state=state(crawl), polls=polls(crawl))

    return update


def _lines(say: Callable[[str], None], began: float) -> Update:
    last: dict[str, str] = {}

    def update(crawl: Watched) -> None:
        news = f"{crawl.name:<12}  {state(crawl):<11}  {percent(crawl):>3.0f} %  {polls(crawl)}"
        if last.get(crawl.name) != news:
            say(f"  {time.monotonic() - began:4.1f} s  {news}")
        last[crawl.name] = news

    return update


def state(crawl: Watched) -> str:
    """The polling state of the published status."""
    return str(crawl.status["background_processing"]["polling_state"])


def percent(crawl: Watched) -> float:
    """How far it is."""
    done = crawl.status["pipeline_status"] == "completed"
    return 100.0 if done else float(crawl.status["progress"])


def polls(crawl: Watched) -> str:
    """How often the provider was asked, in words."""
    return f"{crawl.polls} poll{'' if crawl.polls == 1 else 's'}"
