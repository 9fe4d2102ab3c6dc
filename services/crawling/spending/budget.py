"""A budget: how much may be bought in a day and in a month, and how much was."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from msgspec import Struct

from schemas.problem import Problem, ProblemClass

LIMITS: Mapping[str, tuple[str, str]] = {
    f"{what}_per_{period}": (what, {"day": "today", "month": "this_month"}[period])
    for what in ("records", "crawls", "money")
    for period in ("day", "month")
}
"""Every limit with what it counts and the period it counts in."""


class BudgetExceeded(Problem):
    """The purchase would pass a limit; nothing was bought."""

    code: ClassVar[str] = "BUDGET_EXCEEDED"
    kind: ClassVar[ProblemClass] = ProblemClass.QUOTA
    status: ClassVar[int] = 402
    tries: ClassVar[int | None] = 1  # it renews by the day or the month, and backoff ends within minutes
    title: ClassVar[str] = "The budget does not allow this purchase"
    recovery: ClassVar[str] = (
        "Wait until the budget named in `budget` renews, ask for fewer records, or have an admin raise it with"
        " PUT /api/v1/budgets."
    )


class Amount(Struct, frozen=True, kw_only=True):
    """What a purchase counts as."""

    crawls: int
    records: int
    money: Decimal

    def minus(self, other: "Amount") -> "Amount":
        """What is left of it without another."""
        return Amount(
            crawls=self.crawls - other.crawls, records=self.records - other.records, money=self.money - other.money
        )


NOTHING = Amount(crawls=0, records=0, money=Decimal(0))


def amount(records: int, *, price: Decimal) -> Amount:
    """One crawl with so many records, of which a thousand cost ``price``."""
    return Amount(crawls=1, records=records, money=(price * records / 1000).quantize(Decimal("0.000001")))


def used(row: Mapping[str, Any], limit: str) -> int | Decimal:
    """How much of a limit is used up in the period of today."""
    what, period = LIMITS[limit]
    current = row["is_today"] if period == "today" else row["is_this_month"]
    found: int | Decimal = row[f"{what}_{period}"] if current else 0
    return found


def renews_at(limit: str, today: date) -> datetime:
    """When the period of a limit begins anew."""
    if limit.endswith("_per_day"):
        following = today + timedelta(days=1)
    else:
        following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(following.year, following.month, following.day, tzinfo=UTC)


def require_within(budgets: Iterable[Mapping[str, Any]], asked: Amount) -> None:
    """Raises ``BudgetExceeded``, which names the first limit that would be passed."""
    for row in budgets:
        for limit, (what, _) in LIMITS.items():
            most, before, more = row[limit], used(row, limit), getattr(asked, what)
            if most is not None and before + more > most:
                raise _exceeded(row, limit, before, more)


def _exceeded(row: Mapping[str, Any], limit: str, before: int | Decimal, more: int | Decimal) -> BudgetExceeded:
    renewal = renews_at(limit, row["today"]).isoformat().replace("+00:00", "Z")
    whose = f"data source {row['source_id']}" if row["source_id"] else "the tenant"
    return BudgetExceeded(
        f"{limit} of {whose} is {row[limit]:f}; {before:f} are used and {more:f} more were asked for"
        if isinstance(row[limit], Decimal)
        else f"{limit} of {whose} is {row[limit]}; {before} are used and {more} more were asked for",
        budget={"source_id": row["source_id"] or None, "name": limit},
        limit=number(row[limit]),
        used=number(before),
        asked=number(more),
        renews_at=renewal,
    )


def number(value: int | Decimal) -> int | float:
    """As JSON has it."""
    return float(value) if isinstance(value, Decimal) else value
