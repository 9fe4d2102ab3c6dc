"""What Cloud Storage's refusals mean for a lake."""

import contextlib
from collections.abc import Iterator
from http import HTTPStatus

import requests
from google.api_core.exceptions import GoogleAPICallError, PreconditionFailed, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from schemas.stored_object import StoreQuota, StoreUnavailable

_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class Unmet(Exception):
    """What a request presupposed is not so; nothing was done."""


@contextlib.contextmanager
def as_problems() -> Iterator[None]:
    """Tell the client's failures as a lake's: ``StoreQuota`` where we may not, else ``StoreUnavailable``, ``Unmet``."""
    try:
        yield
    except PreconditionFailed as error:
        raise Unmet from error
    except GoogleAPICallError as error:
        raise _problem(error.code, error.message) from error
    except InvalidResponse as error:
        raise _problem(error.response.status_code, error.response.reason) from error
    except (RetryError, GoogleAuthError, DataCorruption, requests.RequestException, OSError, ValueError) as error:
        # The last is what the client says when the service took less of an upload than was sent.
        raise StoreUnavailable(f"Cloud Storage does not answer: {type(error).__name__}.") from error


def _problem(status: int | None, message: str | None) -> StoreQuota | StoreUnavailable:
    kind = StoreQuota if status in _REFUSED else StoreUnavailable
    # The client puts the address before the reason; that of an upload lets whoever has it write.
    reason = (message or "").rpartition(": ")[2][:200]
    return kind(f"Cloud Storage answers {status}: {reason}")
