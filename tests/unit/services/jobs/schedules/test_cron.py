"""When schedules fire, on ordinary days and when clocks are changed."""

from datetime import UTC, datetime, timedelta

import pytest

from services.jobs.schedules.cron import CronNeverFires, CronRefused, TimezoneUnknown, next_fire

BERLIN = "Europe/Berlin"
SPRING = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # in the night to 29 March, 02:00 to 03:00 is skipped in Berlin
AUTUMN = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)  # in the night to 25 October, 02:00 to 03:00 comes twice


def fires(cron: str, after: datetime, count: int, timezone: str = BERLIN) -> list[str]:
    """The next moments, in UTC."""
    found = []
    for _ in range(count):
        after = next_fire(cron, timezone, after=after)
        found.append(f"{after:%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 12 * * *", ["01 11:00", "02 11:00"]),
        ("@daily", ["01 23:00", "02 23:00"]),
        ("0 9 * * sat,sun", ["03 08:00", "04 08:00"]),
        ("0 0 L * *", ["30 23:00", "27 23:00"]),
        ("  */20   8  * * * ", ["01 07:00", "01 07:20"]),
        ("0 0 29 2 *", ["28 23:00", "28 23:00"]),
    ],
)
def test_a_schedule_fires_by_the_clock_of_its_zone(cron: str, expected: list[str]) -> None:
    assert fires(cron, datetime(2026, 1, 1, 3, tzinfo=UTC), 2) == expected


def test_the_same_expression_in_another_zone_fires_at_another_time() -> None:
    assert fires("0 12 * * *", SPRING, 1, "Asia/Kathmandu") != fires("0 12 * * *", SPRING, 1, BERLIN)


def test_a_weekday_comes_also_in_a_month_that_never_has_the_day() -> None:
    assert fires("0 0 31 4,6 mon", SPRING, 5, "UTC") == ["06 00:00", "13 00:00", "20 00:00", "27 00:00", "01 00:00"]
    assert fires("0 0 31 3,4 mon", SPRING, 4, "UTC") == ["30 00:00", "31 00:00", "06 00:00", "13 00:00"]


def test_a_time_that_is_skipped_comes_right_after_the_gap_and_once() -> None:
    assert fires("30 2 * * *", SPRING, 2) == ["29 01:00", "30 00:30"]
    assert fires("*/20 2 * * *", SPRING, 2) == ["29 01:00", "30 00:00"]


def test_a_time_that_comes_twice_fires_the_first_time_only() -> None:
    assert fires("30 2 * * *", AUTUMN, 2) == ["25 00:30", "26 01:30"]
    assert fires("*/30 1-3 * * *", AUTUMN, 7)[2:6] == ["25 00:00", "25 00:30", "25 02:00", "25 02:30"]


def test_what_fires_every_hour_fires_in_both_of_them() -> None:
    assert fires("30 * * * *", AUTUMN, 4) == ["24 22:30", "24 23:30", "25 00:30", "25 01:30"]
    assert fires("0 */1 * * *", SPRING, 4) == ["28 23:00", "29 00:00", "29 01:00", "29 02:00"]


@pytest.mark.parametrize("cron", ["30 2 * * *", "*/7 * * * *", "15 */3 * * *", "@hourly", "0 0 1 * 1"])
@pytest.mark.parametrize("start", [SPRING, AUTUMN])
def test_whenever_it_is_asked_from_between_two_firings_the_answer_is_the_same(cron: str, start: datetime) -> None:
    first = next_fire(cron, BERLIN, after=start)
    second = next_fire(cron, BERLIN, after=first)
    between = [first + (second - first) * part / 7 for part in range(7)]

    assert {next_fire(cron, BERLIN, after=one) for one in between} == {second}
    assert first < second


@pytest.mark.parametrize(
    "cron", ["*/59 */23 * * *", "1-5/2,7 0 1-31/31 */12 *", "5-5 * * * fri-mon", "0 0 * * 5-7", "0 0 * * */7"]
)
def test_steps_and_ranges_within_their_field_are_read(cron: str) -> None:
    assert next_fire(cron, "UTC", after=datetime(2026, 1, 1, tzinfo=UTC)) > datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "same"),
    [
        ("5-5 9-9 * * *", "5 9 * * *"),
        ("0 0 3-3 6-6 *", "0 0 3 6 *"),
        ("0 0 * * mon-MON,5-5", "0 0 * * 1,5"),
        ("0-0/7 12 * jan-jan 7-7", "0 12 * 1 0"),
        ("5-55 1-11 * * 0-7", "5-55 1-11 * * *"),
    ],
)
def test_a_range_of_one_is_that_one(cron: str, same: str) -> None:
    assert fires(cron, SPRING, 5) == fires(same, SPRING, 5)


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "foo",
        "* * * *",
        "* * * * * *",
        "61 * * * *",
        "*/0 * * * *",
        "*/99999999999999999999 * * * *",
        "*/60 * * * *",
        "*/5/5 * * * *",
        "5-1 * * * *",
        "1,30-20/2 * * * *",
        "0 0 * * 5-1",
        "R * * * *",
        "H * * * *",
        "R R R R R",
        "@reboot",
        "@",
        "0 0 * * 5#6",
        "0 0 30 feb funday",
        "\0 * * * *",
        "٣ * * * *",
        "é * * * *",
        "* * * * " + "1," * 200,
    ],
)
def test_what_is_no_cron_is_refused(cron: str) -> None:
    with pytest.raises(CronRefused) as refused:
        next_fire(cron, "UTC", after=SPRING)

    assert len(refused.value.detail) < 400


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 feb *", "0 0 31 4 ?"])
def test_what_never_fires_is_refused_for_that(cron: str) -> None:
    with pytest.raises(CronNeverFires, match="no date"):
        next_fire(cron, "UTC", after=SPRING)


@pytest.mark.parametrize(
    "timezone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "\0", "x" * 300]
)
def test_what_is_no_time_zone_is_refused(timezone: str) -> None:
    with pytest.raises(TimezoneUnknown):
        next_fire("* * * * *", timezone, after=SPRING)


def test_control_a_minute_that_always_comes_is_found_at_once() -> None:
    assert next_fire("* * * * *", "UTC", after=SPRING) - SPRING == timedelta(minutes=1)
