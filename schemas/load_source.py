"""LoadSource: a stored object on its way into the warehouse, and how a warehouse can fail."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from schemas.problem import Problem, ProblemClass


@dataclass(frozen=True, kw_only=True)
class LoadSource:
    """A stored object on its way into the warehouse, whose rows become visible together.

    ``key`` goes into the table's first column and is what is published: a crawl's id, or that of a batch of rows. A
    table with the column ``record`` keeps each line whole, beside ``columns``; of any other, a line holds the fields
    that ``columns`` does not.
    """

    key: str
    attempt: int
    object_name: str  # gzip NDJSON in the lake
    columns: Mapping[str, Any] = field(default_factory=dict)  # constants of every row: tenant, provider, platform, ...


class WarehouseUnavailable(Problem):
    """The warehouse did not answer, or answered with an error that passes."""

    code: ClassVar[str] = "WAREHOUSE_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The warehouse cannot be reached"
    recovery: ClassVar[str] = (
        "It is tried again by itself; if it lasts, check the place that HEADRACE_WAREHOUSE_URL names, else the disk of"
        " HEADRACE_DATA_DIR."
    )
    remedy: ClassVar[str | None] = (
        "Check the place that HEADRACE_WAREHOUSE_URL names, else the disk of HEADRACE_DATA_DIR; then retry."
    )


class WarehouseRejected(Problem):
    """The data, the table or the SQL is not what the warehouse takes; nothing was stored."""

    code: ClassVar[str] = "WAREHOUSE_REJECTED"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The warehouse refused this"
    recovery: ClassVar[str] = (
        "Read the sentence: correct the SQL; if an object is damaged, download its crawl or import its file again."
    )


class WarehouseQuota(Problem):
    """The warehouse is full, or takes no more loads for now."""

    code: ClassVar[str] = "WAREHOUSE_QUOTA"
    kind: ClassVar[ProblemClass] = ProblemClass.QUOTA
    status: ClassVar[int] = 507
    title: ClassVar[str] = "The warehouse does not take more data"
    recovery: ClassVar[str] = "Free space or wait for the quota to renew; the load is tried again by itself."
    remedy: ClassVar[str | None] = "Free space or wait for the quota to renew, then retry."


class WarehouseForbidden(Problem):
    """The warehouse does not let us do this."""

    code: ClassVar[str] = "WAREHOUSE_FORBIDDEN"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The warehouse refuses our credentials"
    recovery: ClassVar[str] = (
        "Give Headrace's service account the roles bigquery.jobUser on the project and bigquery.dataEditor on the"
        " dataset, and check the project's billing; then retry."
    )


class WarehouseMissing(Problem):
    """The project, the dataset or a table of the warehouse is not there."""

    code: ClassVar[str] = "WAREHOUSE_MISSING"
    status: ClassVar[int] = 502
    title: ClassVar[str] = "A part of the warehouse does not exist"
    recovery: ClassVar[str] = (
        "Make the dataset that HEADRACE_WAREHOUSE_URL names, in the location of the lake's bucket; then retry."
    )


def checked_columns(
    tables: Mapping[str, Sequence[Mapping[str, str]]], table: str, asked: Iterable[str]
) -> dict[str, str]:
    """The types of these columns by name; raises ``WarehouseRejected`` for a table or a column there is not."""
    known = {column["name"]: column["type"] for column in tables.get(table, ())}
    named = list(asked)
    if not named or not known.keys() >= set(named):
        raise WarehouseRejected(f"There is no table {table} with columns {', '.join(named) or '(none)'}.")
    return {name: known[name] for name in named}
