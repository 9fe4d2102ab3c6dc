"""The engine beside PgQueuer, procrastinate, RQ and Dramatiq: the same box, the same server, in interleaved rounds."""

import pytest

from tests.benchmarks.comparison import IDLE, Bar, Comparison, stores
from tests.benchmarks.stores import Postgres, Redis

BATCHES = (10, 100)
FAST = [f"{name}-b{batch}" for batch in BATCHES for name in ("headrace", "pgqueuer")]
SLOW = ["procrastinate-c20", "rq-simple", "dramatiq-t8"]
GENEROUS = 0.3  # of one short round little more can be said


def _beside_pgqueuer(found: Comparison, batch: int, jobs: int, **noise: float) -> list[Bar]:
    ours, theirs = (f"headrace-b{batch}", jobs), (f"pgqueuer-b{batch}", jobs)
    return [
        found.bar("drain", ours, theirs, wanted=1.0, **noise),
        found.bar("single", ours, theirs, wanted=1.2, **noise),
    ]


def _show(found: Comparison, bars: list[Bar], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print("", found.table(), "", *bars, sep="\n")  # noqa: T201  # the figures are the point


async def test_the_engine_keeps_up_with_pgqueuer(postgres: Postgres, capsys: pytest.CaptureFixture[str]) -> None:
    found = Comparison(stores(postgres, None))
    await found.backlog(1000, FAST[:2], rounds=1, single=300)
    bars = _beside_pgqueuer(found, 10, 1000, noise=GENEROUS)
    _show(found, bars, capsys)
    assert [str(bar) for bar in bars if not bar.passed] == []


@pytest.mark.slow
async def test_the_engine_beside_its_peers(
    postgres: Postgres, redis: Redis | None, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Comparison(stores(postgres, redis))
    await found.backlog(1000, [*FAST, *SLOW], rounds=3, single=500)
    await found.backlog(10_000, FAST, rounds=3, single=500)
    await found.backlog(10_000, ["procrastinate-c20", "dramatiq-t8"], rounds=1, single=500)
    await found.backlog(100_000, ["headrace-b100", "pgqueuer-b100"], rounds=2, single=500)
    await found.idle([*FAST, *SLOW], rounds=3)

    bars = [bar for batch in BATCHES for bar in _beside_pgqueuer(found, batch, 10_000)]
    for name in FAST[::2]:
        bars.append(found.bar("drain", (name, 1000), ("procrastinate-c20", 1000), wanted=10))
        bars.append(found.sooner((name, IDLE), (name.replace("headrace", "pgqueuer"), IDLE)))
    bars.append(found.bar("drain", ("headrace-b100", 100_000), ("headrace-b100", 1000), wanted=0.8))
    _show(found, bars, capsys)
    assert [str(bar) for bar in bars if not bar.passed] == []
