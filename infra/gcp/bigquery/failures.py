"""What BigQuery's errors mean. Import this module inside functions only: Google's client takes long to load."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as OutOfTime
from typing import Any

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError, TransportError
from requests import RequestException

from schemas.load_source import (
    WarehouseForbidden,
    WarehouseMissing,
    WarehouseQuota,
    WarehouseRejected,
    WarehouseUnavailable,
)
from schemas.problem import Problem

# https://cloud.google.com/bigquery/docs/error-messages
_BY_REASON: dict[str, type[Problem]] = {
    "accessDenied": WarehouseForbidden,
    "billingNotEnabled": WarehouseForbidden,
    "blocked": WarehouseForbidden,
    "responseTooLarge": WarehouseRejected,
    "resourcesExceeded": WarehouseRejected,
    "invalid": WarehouseRejected,
    "invalidQuery": WarehouseRejected,
    "duplicate": WarehouseRejected,
    "notImplemented": WarehouseRejected,
    "notFound": WarehouseMissing,
    "quotaExceeded": WarehouseQuota,
    "rateLimitExceeded": WarehouseQuota,
    "jobRateLimitExceeded": WarehouseQuota,
}
_BY_STATUS: dict[int, type[Problem]] = {
    400: WarehouseRejected,
    401: WarehouseForbidden,
    403: WarehouseForbidden,
    404: WarehouseMissing,
    429: WarehouseQuota,
}

# Whoever lost against a concurrent change tries again: BigQuery's words for it, and local-bigquery's.
_LOST = re.compile(
    "Could not serialize access|Failed to commit|Conflict on update|job_id: .* violates primary key constraint"
)
_UNSEEN = "or perhaps it does not exist"  # so BigQuery refuses where it may not even tell whether there is a table
_UNANSWERED = (TransportError, RequestException, OutOfTime, OSError)


def passing(error: Exception) -> bool:
    """Whether the same request may succeed at once."""
    if isinstance(error, GoogleAPICallError):
        return isinstance(_of_call(error), WarehouseUnavailable) or "rateLimitExceeded" in _reasons(error)
    return isinstance(error, _UNANSWERED)


@contextlib.contextmanager
def as_problems() -> Iterator[None]:
    """Tell what Google's client raises as a problem of the warehouse."""
    try:
        yield
    except RetryError as error:
        raise WarehouseUnavailable(f"BigQuery did not answer: {_line(error.cause or error)}.") from error
    except GoogleAPICallError as error:
        raise _of_call(error) from error
    except _UNANSWERED as error:
        raise WarehouseUnavailable(f"BigQuery did not answer: {_line(error)}.") from error
    except GoogleAuthError as error:
        raise WarehouseForbidden(f"Google refused the credentials: {_line(error)}.") from error


def of_job(error: Mapping[str, Any]) -> Problem:
    """The problem that ended a job, from its error result."""
    return _kind([str(error.get("reason"))], str(error.get("message")), None)(_says(error.get("message")))


def _of_call(error: GoogleAPICallError) -> Problem:
    return _kind(_reasons(error), str(error.message), int(error.code or 0))(_says(error.message))


def _reasons(error: GoogleAPICallError) -> list[str]:
    return [str(one.get("reason")) for one in error.errors if isinstance(one, Mapping)]


def _kind(reasons: Sequence[str], message: str, status: int | None) -> type[Problem]:
    if _LOST.search(message):
        return WarehouseUnavailable
    if _UNSEEN in message:
        return WarehouseMissing
    named = next((_BY_REASON[reason] for reason in reasons if reason in _BY_REASON), None)
    return named or _BY_STATUS.get(status or 0, WarehouseUnavailable)


def _says(message: object) -> str:
    # the client puts its request before the server's words, and its own reading of them behind
    return f"BigQuery says: {_line(message).rpartition('prettyPrint=false: ')[2].partition('; reason: ')[0]}"


def _line(said: object) -> str:
    return str(said).split("\n", maxsplit=1)[0][:500]
