"""The engine beside PgQueuer, procrastinate, RQ and Dramatiq: the same box, the same server, in interleaved rounds."""

from collections.abc import Callable

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
        found.bar("crowd", ours, theirs, wanted=1.2, **noise),
    ]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """To whoever waits: the figures are the point."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)  # noqa: T201  # see above

    return say


def _judge(found: Comparison, bars: list[Bar]) -> None:
    found.say("\n".join(["", found.table(), "", *map(str, bars)]))
    assert [str(bar) for bar in bars if not bar.passed] == []


async def test_the_engine_keeps_up_with_pgqueuer(postgres: Postgres, say: Callable[[str], None]) -> None:
    found = Comparison(stores(postgres, None), say)
    await found.backlog(1000, FAST[:2], rounds=1, single=300, crowd=300)
    bars = _beside_pgqueuer(found, 10, 1000, noise=GENEROUS)
    _judge(found, bars)


@pytest.mark.slow
async def test_the_engine_beside_its_peers(postgres: Postgres, redis: Redis | None, say: Callable[[str], None]) -> None:
    found = Comparison(stores(postgres, redis), say)
    await found.backlog(1000, FAST, rounds=3, single=500)
    await found.backlog(1000, SLOW, rounds=1, single=500)
    # enough of each for seconds of work: 500 single jobs, or a drain of 1,000, are over before a busy disk is fair
    await found.backlog(10_000, [*FAST, "procrastinate-c20"], rounds=3, single=2000, crowd=1000)
    await found.backlog(10_000, ["dramatiq-t8"], rounds=1, single=500)
    await found.backlog(100_000, ["headrace-b100", "pgqueuer-b100"], rounds=2, single=500)
    await found.idle(FAST, rounds=3)
    await found.idle(SLOW, rounds=1)

    bars = [bar for batch in BATCHES for bar in _beside_pgqueuer(found, batch, 10_000)]
    for name in FAST[::2]:
        bars.append(found.bar("drain", (name, 10_000), ("procrastinate-c20", 10_000), wanted=10))
        bars.append(found.sooner((name, IDLE), (name.replace("headrace", "pgqueuer"), IDLE)))
    bars.append(found.bar("drain", ("headrace-b100", 100_000), ("headrace-b100", 1000), wanted=0.8))
    _judge(found, bars)
