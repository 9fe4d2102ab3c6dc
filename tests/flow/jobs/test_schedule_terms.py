"""What a schedule says of its jobs, they have: as if somebody had submitted them so."""

from typing import Any

import pytest

from services.jobs.schedules.schedule import NewSchedule, ScheduleChange
from tests.flow.jobs.counter import Counter
from tests.flow.jobs.schedules import SCHEDULES, become_due, jobs, made, one, run

TERMS: dict[str, Any] = {"max_retries": 5, "timeout": 12.5, "source_id": "s", "related_dataset_id": "d"}


async def test_the_job_of_a_schedule_has_its_terms(desk: Counter) -> None:
    schedule = await made(desk, **TERMS)
    await become_due(desk)
    await run(desk)

    [job] = await jobs(desk)
    assert {name: schedule[name] for name in TERMS} == TERMS
    assert (job["max_tries"], job["timeout_seconds"], job["source_id"], job["related_dataset_id"]) == (
        6,
        12.5,
        "s",
        "d",
    )


async def test_what_is_not_said_is_left_to_the_settings(desk: Counter) -> None:
    schedule = await made(desk)

    assert {name: schedule[name] for name in TERMS} == dict.fromkeys(TERMS)


async def test_a_change_keeps_terms_it_does_not_name_and_null_takes_them_back(desk: Counter) -> None:
    schedule = await made(desk, **TERMS)

    status, changed = await desk.ask("PATCH", f"{SCHEDULES}/{schedule['schedule_id']}", {"timeout": None})

    assert (status, {name: changed[name] for name in TERMS}) == (200, {**TERMS, "timeout": None})
    assert await one(desk, schedule) == changed


@pytest.mark.parametrize("wrong", [{"max_retries": -1}, {"timeout": 0}, {"source_id": ""}])
async def test_terms_that_no_submission_may_have_are_refused(desk: Counter, wrong: dict[str, Any]) -> None:
    schedule = await made(desk)

    status, problem = await desk.ask("PATCH", f"{SCHEDULES}/{schedule['schedule_id']}", wrong)

    assert (status, problem["errors"][0]["field"]) == (422, next(iter(wrong)))


def test_the_schema_of_a_change_offers_no_defaults() -> None:
    def defaults(model: type[NewSchedule | ScheduleChange]) -> set[str]:
        return {name for name, field in model.model_json_schema()["properties"].items() if "default" in field}

    assert defaults(ScheduleChange) == set()
    assert "timezone" in defaults(NewSchedule)  # the control: where they hold, they are told
