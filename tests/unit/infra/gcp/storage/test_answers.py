"""What Cloud Storage refuses is told as a lake's problem, without what must not be told."""

import pytest
import requests
from google.api_core.exceptions import (
    Forbidden,
    NotFound,
    PreconditionFailed,
    ServiceUnavailable,
    Unauthorized,
)
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
from google.cloud.storage.exceptions import InvalidResponse

from infra.gcp.storage.answers import Unmet, as_problems
from schemas.problem import ProblemClass
from schemas.stored_object import StoreForbidden, StoreQuota, StoreUnavailable

SECRET = "https://storage.googleapis.com/upload?upload_id=whoever-has-this-may-write"


def answer(status: int) -> requests.Response:
    found = requests.Response()
    found.status_code, found.reason, found.url = status, "as planned", SECRET
    return found


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (Forbidden(f"PUT {SECRET}: no right to write"), StoreForbidden),
        (Unauthorized(f"PUT {SECRET}: who are you"), StoreForbidden),
        (InvalidResponse(answer(403), "Request failed", 403), StoreForbidden),
        (Forbidden(f"PUT {SECRET}: slower", errors=[{"reason": "rateLimitExceeded"}]), StoreUnavailable),
        (Forbidden(f"PUT {SECRET}: full", errors=[{"reason": "quotaExceeded"}]), StoreQuota),
        (InvalidResponse(answer(500), "Request failed", 500), StoreUnavailable),
        (NotFound(f"POST {SECRET}: no such bucket"), StoreUnavailable),
        (ServiceUnavailable(f"PUT {SECRET}: later"), StoreUnavailable),
        (requests.ConnectionError(f"PUT {SECRET}"), StoreUnavailable),
        (RefreshError(f"no token for {SECRET}"), StoreForbidden),
        (DefaultCredentialsError(f"none for {SECRET}"), StoreForbidden),
        (RefreshError(f"later for {SECRET}", retryable=True), StoreUnavailable),
        (TransportError(f"no way to {SECRET}"), StoreUnavailable),
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


def test_a_refusal_is_no_matter_of_space_and_names_the_role_that_is_missing() -> None:
    with pytest.raises(StoreForbidden) as told, as_problems():
        raise Forbidden("no right to write")

    assert (told.value.code, told.value.kind) == ("STORE_FORBIDDEN", ProblemClass.AUTH)
    assert "storage.objectUser" in told.value.recovery


def test_a_server_of_tokens_that_is_away_is_no_refusal() -> None:
    with pytest.raises(StoreUnavailable), as_problems():
        raise RefreshError("no token") from TransportError("no way to the server")
