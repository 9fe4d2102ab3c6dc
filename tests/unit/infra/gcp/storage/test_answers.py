"""What Cloud Storage refuses is told as a lake's problem, without what must not be told."""

import pytest
import requests
from google.api_core.exceptions import Forbidden, NotFound, PreconditionFailed, ServiceUnavailable
from google.auth.exceptions import RefreshError
from google.cloud.storage.exceptions import InvalidResponse

from infra.gcp.storage.answers import Unmet, as_problems
from schemas.stored_object import StoreQuota, StoreUnavailable

SECRET = "https://storage.googleapis.com/upload?upload_id=whoever-has-this-may-write"


def answer(status: int) -> requests.Response:
    found = requests.Response()
    found.status_code, found.reason, found.url = status, "as planned", SECRET
    return found


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (Forbidden(f"PUT {SECRET}: no right to write"), StoreQuota),
        (InvalidResponse(answer(403), "Request failed", 403), StoreQuota),
        (InvalidResponse(answer(500), "Request failed", 500), StoreUnavailable),
        (NotFound(f"POST {SECRET}: no such bucket"), StoreUnavailable),
        (ServiceUnavailable(f"PUT {SECRET}: later"), StoreUnavailable),
        (requests.ConnectionError(f"PUT {SECRET}"), StoreUnavailable),
        (RefreshError(f"no token for {SECRET}"), StoreUnavailable),
        (ValueError(f"{SECRET} took less than was sent"), StoreUnavailable),
        (PreconditionFailed(f"PUT {SECRET}: exists"), Unmet),
    ],
)
def test_every_failure_of_the_client_is_a_problem_that_keeps_addresses_to_itself(
    error: Exception, problem: type[Exception]
) -> None:
    with pytest.raises(problem) as told, as_problems():
        raise error

    assert "upload_id" not in str(told.value)


def test_control_an_error_of_ours_is_no_answer_of_the_service() -> None:
    with pytest.raises(KeyError), as_problems():
        raise KeyError("name")
