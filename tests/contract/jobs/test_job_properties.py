"""Every legal and illegal transition and command, in any order, over a real database."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from infra.postgres.database import Database
from services.jobs.store import commands, held
from tests.contract.jobs.commanding import Commander, kinds_of
from tests.contract.jobs.job_machine import WORK, JobMachine
from tests.contract.jobs.rig import Desk

QUIET = settings(
    max_examples=25,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CONTROL = settings(QUIET, max_examples=60, phases=[Phase.generate])


@pytest.fixture
def machine(database_dsn: str) -> Iterator[type[JobMachine]]:
    """The machine over a database of its own."""
    with asyncio.Runner() as runner:
        database = runner.run(Database.connect(database_dsn, size=2))
        desk = Desk(database)
        members = {"runner": runner, "desk": desk, "command": Commander(desk, kinds_of(WORK))}
        yield type("Bound", (JobMachine,), members)
        runner.run(database.close())


def test_whatever_happens_in_whatever_order_jobs_are_as_they_must_be(machine: type[JobMachine]) -> None:
    run_state_machine_as_test(machine, settings=QUIET)  # type: ignore[no-untyped-call]


def test_control_a_priority_that_leaves_the_order_alone_is_noticed(
    machine: type[JobMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_PRIORITISE", "priority = $4::smallint")

    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=CONTROL)  # type: ignore[no-untyped-call]


def test_control_a_fence_that_lets_zombies_through_is_noticed(
    machine: type[JobMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    fenced = held._settling
    assert "lease_token = $2" in fenced("")
    monkeypatch.setattr(
        held, "_settling", lambda change: fenced(change).replace("lease_token = $2", "lease_token >= $2")
    )

    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(machine, settings=CONTROL)  # type: ignore[no-untyped-call]
