"""From a value to an alert and back: a pure function of what stood, what is measured, and the time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.jobs.alerts.rules import Rule

GAP = timedelta(seconds=60)  # while nobody looked for so long, nothing is known to have held


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Something that may be wrong since ``since``; told of once it is raised, over once it is cleared."""

    since: datetime
    looked_at: datetime
    value: float
    last_value: float
    raised_at: datetime | None = None
    calm_since: datetime | None = None
    cleared_at: datetime | None = None


def judge(standing: Standing | None, value: float, *, rule: Rule, now: datetime) -> Standing | None:
    """What stands after a look; None when nothing does, or what was suspected has passed without being raised."""
    if standing is None:
        standing = Standing(since=now, looked_at=now, value=value, last_value=value)
    seen = replace(standing, looked_at=now, last_value=value)
    blind = abs(now - standing.looked_at) > GAP  # or the clock was set: then no time it told counts
    if seen.raised_at is None:
        return _suspected(replace(seen, since=now) if blind else seen, rule) if value >= rule.raise_at else None
    if value >= rule.clear_below:
        return replace(seen, calm_since=None)
    calm_since = now if blind or seen.calm_since is None else seen.calm_since
    calmed = now - calm_since >= timedelta(seconds=rule.calm_seconds)
    return replace(seen, calm_since=calm_since, cleared_at=now if calmed else None)


def _suspected(seen: Standing, rule: Rule) -> Standing:
    now, held = seen.looked_at, seen.looked_at - seen.since >= timedelta(seconds=rule.hold_seconds)
    return replace(seen, raised_at=now, value=seen.last_value) if held else seen
