"""What Cloud Storage's refusals mean for a lake."""

import contextlib
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import requests
from google.api_core.exceptions import GoogleAPICallError, PreconditionFailed, RetryError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from schemas.problem import Problem
from schemas.stored_object import StoreForbidden, StoreQuota, StoreUnavailable

_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
# A 403 may also mean "not so much": https://cloud.google.com/storage/docs/json_api/v1/status-codes
_BY_REASON: dict[str, type[Problem]] = {
    "quotaExceeded": StoreQuota,
    "rateLimitExceeded": StoreUnavailable,
    "userRateLimitExceeded": StoreUnavailable,
}


class Unmet(Exception):
    """What a request presupposed is not so; nothing was done."""


@contextlib.contextmanager
def as_problems() -> Iterator[None]:
    """Tell the client's failures as a lake's: ``StoreForbidden``, ``StoreQuota``, ``StoreUnavailable``, ``Unmet``."""
    try:
        yield
    except PreconditionFailed as error:
        raise Unmet from error
    except GoogleAPICallError as error:
        raise _problem(error.code, error.message, _reason(error)) from error
    except InvalidResponse as error:
        raise _problem(error.response.status_code, error.response.reason) from error
    except GoogleAuthError as error:
        raise _of_credentials(error) from error
    except (RetryError, DataCorruption, requests.RequestException, OSError, ValueError) as error:
        # The last is what the client says when the service took less of an upload than was sent.
        raise StoreUnavailable(f"Cloud Storage does not answer: {type(error).__name__}.") from error


def _problem(status: int | None, message: str | None, because: str = "") -> Problem:
    kind = _BY_REASON.get(because) or (StoreForbidden if status in _REFUSED else StoreUnavailable)
    # The client puts the address before the reason; that of an upload lets whoever has it write.
    reason = (message or "").rpartition(": ")[2][:200]
    return kind(f"Cloud Storage answers {status}: {reason}")


def _reason(error: GoogleAPICallError) -> str:
    return next((str(one.get("reason")) for one in error.errors if isinstance(one, Mapping)), "")


def _of_credentials(error: GoogleAuthError) -> Problem:
    # Only the kind is told: what Google says may hold addresses. A server of tokens that is away is no refusal.
    passes = error.retryable or isinstance(error, TransportError) or isinstance(error.__cause__, TransportError)
    if passes:
        return StoreUnavailable(f"Google gives no token just now: {type(error).__name__}.")
    return StoreForbidden(f"Google refuses the credentials: {type(error).__name__}.")
