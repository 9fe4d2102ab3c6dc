"""Workers killed and stopped, PostgreSQL crashing, no doorbell: every job ends once, and nothing happens twice."""

import os
import sys
from pathlib import Path
from random import Random

import pytest

from tests.chaos.engine_evidence import gather, violations
from tests.chaos.engine_plan import faults, orders
from tests.chaos.engine_siege import besieged

SEED = int(os.environ.get("CHAOS_SEED", "20261122"))
RATES = {"kill": 24.0, "stop": 24.0, "cancel": 15.0, "pause": 15.0, "priority": 6.0, "retry": 9.0, "restart": 9.0}


@pytest.mark.parametrize(
    ("jobs", "seconds", "crashes"),
    [
        pytest.param(150, 16.0, (4.0, 8.0), id="short"),
        pytest.param(1200, 150.0, (5.0, 40.0), id="long", marks=pytest.mark.slow),
    ],
)
async def test_no_fault_loses_a_job_or_doubles_an_effect(
    jobs: int, seconds: float, crashes: tuple[float, float], folder: Path
) -> None:
    random = Random(SEED)
    ordered = orders(random, jobs)
    drawn = faults(random, seconds, per_minute=RATES, crashes=crashes)

    async with besieged(folder) as siege:
        siege.man(8)
        await siege.lay(ordered, drawn, seconds=seconds)
        await siege.calm(jobs, patience=60)
        seen = await gather(siege.database, accepted=[job.id for job in ordered], wished=siege.wished)

    siege.figures.update(f"line {line.type}" for line in seen.lines)
    siege.figures.update(f"ended {job['state']}" for job in seen.jobs)
    sys.stdout.write(f"\nseed {SEED}: {jobs} jobs, {siege.refused} writes of zombies refused\n")
    sys.stdout.write("".join(f"  {name}: {times}\n" for name, times in sorted(siege.figures.items())))
    assert violations(seen) == []
    assert siege.refused > 0
    assert siege.figures["crash"] >= 2
    assert siege.figures["line lease_expired"] > 0
