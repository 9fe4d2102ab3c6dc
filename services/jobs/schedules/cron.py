"""When a schedule fires: five fields of cron, read in a time zone.

A time that clocks skip in spring comes at the first moment after the gap, once. A time that they show twice in autumn
comes the first time only, unless the hours are given as `*`: what comes every hour or every few minutes keeps coming.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.problem import Problem

_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = {*_MONTHS, "mon", "tue", "wed", "thu", "fri", "sat", "sun", "l"}
_FIELDS = 5
_MOST = (59, 23, 31, 12, 7)  # the largest number of each field
_NUMBERS = re.compile(r"(\d+)-(\d+)")
_OF_ONE = re.compile(r"\b(\w+)-\1\b(?:/\d+)?", re.IGNORECASE)
_LONGEST = 200


class CronRefused(Problem):
    """A cron expression that nobody can read."""

    code: ClassVar[str] = "CRON_REFUSED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "This is no cron expression"
    recovery: ClassVar[str] = (
        "Give minute, hour, day of month, month and day of week, as in `30 6 * * mon-fri`, or one of @hourly, @daily,"
        " @weekly, @monthly, @yearly."
    )


class CronNeverFires(Problem):
    """A cron expression that names no day there is."""

    code: ClassVar[str] = "CRON_NEVER_FIRES"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "This cron expression never fires"
    recovery: ClassVar[str] = "Choose a day that the month has: 30 February, for one, does not exist."


class TimezoneUnknown(Problem):
    """No time zone has this name."""

    code: ClassVar[str] = "TIMEZONE_UNKNOWN"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "There is no such time zone"
    recovery: ClassVar[str] = "Use a name of the IANA database, such as Europe/Berlin or UTC."


def next_fire(cron: str, timezone: str, *, after: datetime) -> datetime:
    """The first moment after ``after`` at which it fires, in UTC.

    Raises ``CronRefused``, ``CronNeverFires``, ``TimezoneUnknown``.
    """
    from croniter import CroniterBadDateError, CroniterError  # noqa: PLC0415  # the sweep seldom needs it

    zone, fields = _zone(timezone), _fields(cron)
    for read in _readings(fields):
        try:
            return _first(read, after.astimezone(zone)).astimezone(UTC)
        except CroniterBadDateError:
            continue
        except (CroniterError, ValueError, OverflowError) as error:
            raise CronRefused(f"{cron!r}: {error}"[:300]) from error
    raise CronNeverFires(f"{cron!r} names no date in the next fifty years")


def _readings(fields: list[str]) -> Iterator[list[str]]:
    """What to look for: the fields as they are, and where none of their months has such a day, the weekday alone."""
    yield fields
    if not {"*", "?"} & {fields[2], fields[4]}:  # a day or a weekday, as cron has it
        yield [*fields[:2], "*", *fields[3:]]


def _first(fields: list[str], after: datetime) -> datetime:
    from croniter import croniter  # noqa: PLC0415  # see above

    moments = croniter(" ".join(fields), after, ret_type=datetime)
    while _again(moment := moments.get_next(datetime), fields):
        pass
    found: datetime = moment
    return found


def _again(moment: datetime, fields: list[str]) -> bool:
    """Whether a clock that was put back shows this time for the second time, to a schedule of certain hours."""
    return bool(moment.fold) and not fields[1].startswith("*") and _ambiguous(moment)


def _ambiguous(moment: datetime) -> bool:
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


def _fields(cron: str) -> list[str]:
    fields = _ALIASES.get(cron.strip().lower(), cron).split()
    if len(fields) != _FIELDS or len(cron) > _LONGEST or not cron.isascii():
        raise CronRefused(f"{cron[:_LONGEST]!r} must be {_FIELDS} fields of plain letters and digits")
    if strange := [word for word in re.findall(r"[^\W\d_]+", " ".join(fields).lower()) if word not in _WORDS]:
        raise CronRefused(f"{cron!r}: {strange[0]!r} is neither a month nor a day of the week")
    for field, most in zip(fields, _MOST, strict=True):
        _refuse_odd_numbers(cron, field, most)
    return [_OF_ONE.sub(r"\1", field) for field in fields]  # croniter takes 5-5 for every number there is


def _refuse_odd_numbers(cron: str, field: str, most: int) -> None:
    """What croniter takes and nobody means: a step out of the field, or a range that runs backwards."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdecimal() and 0 < int(step) <= most):
            raise CronRefused(f"{cron!r}: the step in {part!r} must be a number from 1 to {most}")
        if (ends := _NUMBERS.fullmatch(span)) and int(ends[1]) > int(ends[2]):
            raise CronRefused(f"{cron!r}: {span!r} runs backwards")


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimezoneUnknown(f"{timezone!r} is no time zone") from error
