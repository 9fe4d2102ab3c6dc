"""GET /api/v2/jobs/active."""

from tests.flow.jobs.reader import Reader

ACTIVE = "/api/v2/jobs/active"


async def test_what_is_not_over_is_active(reading: Reader) -> None:
    states = ("ready", "scheduled", "waiting", "running", "paused")
    made = [(await reading.queue(columns=f"state = '{state}'"))[0] for state in states]

    assert await reading.ids(ACTIVE) == list(reversed(made))


async def test_what_ended_stays_for_five_minutes(reading: Reader) -> None:
    shown = [
        (await reading.queue(columns=f"state = '{state}', finished_at = now() - interval '{seconds} s'"))[0]
        for state, seconds in (("completed", 295), ("failed", 100), ("cancelled", 0))
    ]
    await reading.queue(columns="state = 'completed', finished_at = now() - interval '301 s'")

    assert await reading.ids(ACTIVE) == list(reversed(shown))


async def test_active_jobs_come_before_those_that_ended_whatever_their_age_and_kind(reading: Reader) -> None:
    old = await reading.queue(3, columns="created_at = now() - interval '1 day'")
    ended = [
        (await reading.queue(kind=f"k{n % 3}", columns=f"state = 'failed', finished_at = now() - interval '{n} s'"))[0]
        for n in range(7)
    ]

    for page_size in (1, 2, 3, 4, 100):
        assert await reading.ids(ACTIVE, page_size=page_size) == [*reversed(old), *ended]


async def test_a_job_of_another_tenant_is_not_shown(reading: Reader) -> None:
    await reading.queue(tenant="other")
    await reading.queue(tenant="other", columns="state = 'failed', finished_at = now()")

    assert await reading.read(ACTIVE) == {"items": [], "next_page_token": None}
