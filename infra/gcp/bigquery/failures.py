"""What BigQuery's errors mean. Import this module inside functions only: Google's client takes long to load."""

import contextlib
from collections.abc import Iterator, Mapping
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


@contextlib.contextmanager
def as_problems() -> Iterator[None]:
    """Tell what Google's client raises as a problem of the warehouse."""
    try:
        yield
    except RetryError as error:
        raise WarehouseUnavailable(f"BigQuery did not answer: {_line(error.cause or error)}.") from error
    except GoogleAPICallError as error:
        raise _of_call(error) from error
    except (TransportError, RequestException, OutOfTime, OSError) as error:
        raise WarehouseUnavailable(f"BigQuery did not answer: {_line(error)}.") from error
    except GoogleAuthError as error:
        raise WarehouseForbidden(f"Google refused the credentials: {_line(error)}.") from error


def of_job(error: Mapping[str, Any]) -> Problem:
    """The problem that ended a job, from its error result."""
    kind = _BY_REASON.get(str(error.get("reason")), WarehouseUnavailable)
    return kind(f"BigQuery says: {str(error.get('message'))[:500]}")


def _of_call(error: GoogleAPICallError) -> Problem:
    reasons = [str(one.get("reason")) for one in error.errors if isinstance(one, Mapping)]
    named = next((_BY_REASON[reason] for reason in reasons if reason in _BY_REASON), None)
    kind = named or _BY_STATUS.get(int(error.code or 0), WarehouseUnavailable)
    return kind(f"BigQuery says: {_line(error.message)}")


def _line(said: object) -> str:
    return str(said).split("\n", maxsplit=1)[0][:500]
