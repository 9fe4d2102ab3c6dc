"""Figures of several programs, taken in turn so that a busy machine is busy for all, and what they say together."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from tests.benchmarks.measure import Figures, drain, latency
from tests.benchmarks.stores import Store

COLUMNS = {
    "single": "enqueue/s",
    "single_all_cpu": "/CPU-s",
    "crowd": "8 callers/s",
    "crowd_all_cpu": "/CPU-s",
    "bulk": "bulk/s",
    "bulk_all_cpu": "/CPU-s",
    "drain": "drain/s",
    "drain_cpu": "/worker's CPU-s",
    "drain_all_cpu": "/CPU-s",
    "p50": "p50 ms",
    "p99": "p99 ms",
}
TOLD = ("single", "crowd", "bulk", "drain", "p50", "p99")
NOISE = 0.7
IDLE = 0
Choose = Callable[[str], Store | None]
"""The store of a program; None where this machine has none."""

Measure = Callable[[Store, str], Awaitable[Figures]]
Place = tuple[str, int]
"""A program and a backlog."""


@dataclass
class Comparison:
    """What was measured, by program and backlog; ``IDLE`` is the backlog of the latencies."""

    store: Choose
    say: Callable[[str], None] = lambda _: None
    measured: dict[Place, list[Figures]] = field(default_factory=dict)

    async def backlog(self, jobs: int, names: Sequence[str], *, rounds: int, single: int, crowd: int = 0) -> None:
        """Queue so many jobs, ``single`` of them one by one, ``crowd`` by eight callers, and let them be worked."""
        amounts = {"single": single, "crowd": crowd, "bulk": jobs - single - crowd}
        await self.in_turn(jobs, names, rounds, partial(drain, **amounts))

    async def idle(self, names: Sequence[str], *, rounds: int) -> None:
        """How soon a job starts when there is nothing else to do."""
        await self.in_turn(IDLE, names, rounds, latency)

    async def in_turn(self, jobs: int, names: Sequence[str], rounds: int, measure: Measure) -> None:
        """Measure each program once a round, in an order that turns about: nobody is always first."""
        for number in range(1, rounds + 1):
            for name in names if number % 2 else reversed(names):
                if (store := self.store(name)) is not None:
                    found = await measure(store, name)
                    self.measured.setdefault((name, jobs), []).append(found)
                    told = ", ".join(f"{COLUMNS[what]} {_cell(found[what])}" for what in TOLD if what in found)
                    self.say(f"round {number} of {rounds}: {_place((name, jobs))}: {told}")

    def middle(self, name: str, jobs: int, what: str) -> float | None:
        """The median of all rounds; None where nothing was measured."""
        found = [figures[what] for figures in self.measured.get((name, jobs), []) if what in figures]
        return median(found) if found else None

    def ratio(self, what: str, ours: Place, theirs: Place) -> float:
        """The median of what each round says."""
        rounds = zip(self.measured[ours], self.measured[theirs], strict=False)
        return median(our[what] / their[what] for our, their in rounds)

    def bar(self, what: str, ours: Place, theirs: Place, *, wanted: float, noise: float = NOISE) -> "Bar":
        """A rate beside another."""
        return Bar(
            f"{what}, {_place(ours)} v {_place(theirs)}",
            wanted=wanted,
            noise=noise,
            ratio=self.ratio(what, ours, theirs),
            cpu=self.ratio(f"{what}_all_cpu", ours, theirs),
        )

    def sooner(self, ours: Place, theirs: Place) -> "Bar":
        """The start of a job on an idle system; told as a rate, so that more is better here too."""
        return Bar(f"1/p50, {_place(ours)} v {_place(theirs)}", wanted=1.0, ratio=1 / self.ratio("p50", ours, theirs))

    def table(self) -> str:
        """All medians."""
        jobs = sorted({jobs for _, jobs in self.measured})
        names = list(dict.fromkeys(name for name, _ in self.measured))
        lines = [["backlog", "program", *COLUMNS.values()]]
        for backlog in jobs:
            for name in names:
                cells = [_cell(self.middle(name, backlog, what)) for what in COLUMNS]
                lines.append([f"{backlog:,}" if backlog else "idle", name, *cells])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    backlog, name, *figures = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([backlog, name.strip().ljust(widths[1]), *figures])


def _cell(figure: float | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.3g}"


@dataclass(frozen=True)
class Bar:
    """A ratio that must be ``wanted`` on a quiet machine, and ``noise`` times that on any.

    CPU seconds stand in for seconds where others use the same cores and the same disk: either ratio will do.
    """

    says: str
    wanted: float
    ratio: float
    cpu: float | None = None
    noise: float = NOISE

    @property
    def passed(self) -> bool:
        """Whether noise can explain it."""
        return max(self.ratio, self.cpu or 0.0) >= self.wanted * self.noise

    def __str__(self) -> str:
        """For whoever reads the table."""
        cpu = "" if self.cpu is None else f", {self.cpu:.2f} x per CPU second"
        verdict = "reached" if max(self.ratio, self.cpu or 0.0) >= self.wanted else "near" if self.passed else "MISSED"
        return f"{self.says}: {self.ratio:.2f} x{cpu}; wanted {self.wanted:g} x: {verdict}"


def _place(place: Place) -> str:
    name, jobs = place
    return f"{name} at {jobs:,}" if jobs else name


def stores(postgres: Store, redis: Store | None) -> Choose:
    """Programs by the store they keep their jobs in."""
    on_redis: Mapping[str, Store | None] = {"rq-simple": redis, "dramatiq-t8": redis}
    return lambda name: on_redis.get(name, postgres)
