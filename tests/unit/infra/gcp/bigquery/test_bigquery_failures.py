"""Each of BigQuery's errors leads to a problem with a way out; none escapes as Google's own."""

import pytest
import requests
from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    GoogleAPICallError,
    InternalServerError,
    NotFound,
    RetryError,
    ServiceUnavailable,
    TooManyRequests,
)
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

from infra.gcp.bigquery.failures import as_problems, of_job, passing
from schemas.problem import Problem

SAID = "POST https://bigquery.example/jobs?prettyPrint=false: Quota exceeded: load jobs\n\nLocation: None\nJob ID: j"


def call(kind: type[GoogleAPICallError], reason: str, message: str = "m") -> GoogleAPICallError:
    return kind(message, errors=[{"reason": reason, "message": message}])  # type: ignore[no-untyped-call]


def told(error: Exception) -> Problem:
    with pytest.raises(Problem) as caught, as_problems():
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (call(Forbidden, "quotaExceeded"), "WAREHOUSE_QUOTA"),
        (call(Forbidden, "rateLimitExceeded"), "WAREHOUSE_QUOTA"),
        (call(TooManyRequests, "unheard of"), "WAREHOUSE_QUOTA"),
        (call(Forbidden, "accessDenied"), "WAREHOUSE_FORBIDDEN"),
        (call(Forbidden, "billingNotEnabled"), "WAREHOUSE_FORBIDDEN"),
        (DefaultCredentialsError("none"), "WAREHOUSE_FORBIDDEN"),
        (RefreshError("revoked"), "WAREHOUSE_FORBIDDEN"),
        (call(NotFound, "notFound"), "WAREHOUSE_MISSING"),
        (call(Forbidden, "accessDenied", "no permission, or perhaps it does not exist."), "WAREHOUSE_MISSING"),
        (call(BadRequest, "invalid"), "WAREHOUSE_REJECTED"),
        (call(BadRequest, "invalidQuery"), "WAREHOUSE_REJECTED"),
        (call(BadRequest, "resourcesExceeded"), "WAREHOUSE_REJECTED"),
        (call(BadRequest, "invalidQuery", "Could not serialize access to table t"), "WAREHOUSE_UNAVAILABLE"),
        (call(BadRequest, "invalid", "Failed to commit"), "WAREHOUSE_UNAVAILABLE"),
        (call(BadRequest, "invalid", "Conflict on update!"), "WAREHOUSE_UNAVAILABLE"),
        (call(BadRequest, "invalid", 'Key "job_id: a" violates primary key constraint'), "WAREHOUSE_UNAVAILABLE"),
        (call(InternalServerError, "backendError"), "WAREHOUSE_UNAVAILABLE"),
        (call(ServiceUnavailable, "unheard of"), "WAREHOUSE_UNAVAILABLE"),
        (TransportError("cut"), "WAREHOUSE_UNAVAILABLE"),
        (requests.ConnectionError("cut"), "WAREHOUSE_UNAVAILABLE"),
        (RetryError("too long", cause=requests.ConnectionError("cut")), "WAREHOUSE_UNAVAILABLE"),
        (TimeoutError("slow"), "WAREHOUSE_UNAVAILABLE"),
    ],
)
def test_an_error_is_told_as_its_problem(error: Exception, code: str) -> None:
    problem = told(error)

    assert problem.code == code
    assert problem.recovery.endswith(".")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("invalid", "WAREHOUSE_REJECTED"),
        ("quotaExceeded", "WAREHOUSE_QUOTA"),
        ("accessDenied", "WAREHOUSE_FORBIDDEN"),
        ("notFound", "WAREHOUSE_MISSING"),
        ("jobBackendError", "WAREHOUSE_UNAVAILABLE"),
        ("stopped", "WAREHOUSE_UNAVAILABLE"),
        ("unheard of", "WAREHOUSE_UNAVAILABLE"),
    ],
)
def test_a_jobs_error_is_told_as_its_problem(reason: str, code: str) -> None:
    problem = of_job({"reason": reason, "message": "what happened"})

    assert (problem.code, problem.detail) == (code, "BigQuery says: what happened")


def test_only_what_the_server_said_is_told() -> None:
    assert told(call(Forbidden, "quotaExceeded", SAID)).detail == "BigQuery says: Quota exceeded: load jobs"


def test_other_errors_are_nobodys_problem() -> None:
    with pytest.raises(KeyError), as_problems():
        raise KeyError


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (call(InternalServerError, "backendError"), True),
        (call(Forbidden, "rateLimitExceeded"), True),
        (requests.ConnectionError("cut"), True),
        (call(Forbidden, "quotaExceeded"), False),
        (call(Forbidden, "accessDenied"), False),
        (call(BadRequest, "invalid"), False),
        (RefreshError("revoked"), False),
        (KeyError("ours"), False),
    ],
)
def test_only_what_passes_at_once_is_asked_again_at_once(error: Exception, again: bool) -> None:  # noqa: FBT001  # a case
    assert passing(error) is again
