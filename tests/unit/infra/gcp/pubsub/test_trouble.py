"""What Google's client raises, in our words."""

import grpc
import pytest
from google.api_core import exceptions as google
from google.auth.exceptions import DefaultCredentialsError

from infra.gcp.pubsub.trouble import BusQuota, BusRefused, BusUnavailable, MessageRefused, TopologyMissing, as_problems
from schemas.problem import Problem


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (google.NotFound("x"), TopologyMissing),
        (google.PermissionDenied("x"), BusRefused),
        (google.Unauthenticated("x"), BusRefused),
        (DefaultCredentialsError("x"), BusRefused),
        (google.ResourceExhausted("x"), BusQuota),
        (google.InvalidArgument("x"), MessageRefused),
        (google.ServiceUnavailable("x"), BusUnavailable),
        (google.DeadlineExceeded("x"), BusUnavailable),
        (google.RetryError("x", None), BusUnavailable),
        (grpc.RpcError("x"), BusUnavailable),
    ],
)
def test_every_refusal_is_a_problem_with_a_way_out(raised: Exception, told: type[Problem]) -> None:
    with pytest.raises(Problem) as caught, as_problems("crawl.failed"):
        raise raised

    assert type(caught.value) is told
    assert caught.value.detail.startswith("crawl.failed: ")
    assert caught.value.recovery.endswith(".")


def test_control_a_mistake_of_ours_stays_what_it_is() -> None:
    with pytest.raises(KeyError), as_problems():
        raise KeyError("x")
