"""What Pub/Sub's refusals mean for whoever publishes, subscribes or replays."""

import contextlib
from collections.abc import Iterator
from typing import ClassVar

import grpc
from google.api_core.exceptions import (
    Forbidden,
    GoogleAPICallError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    RetryError,
    Unauthorized,
)
from google.auth.exceptions import GoogleAuthError

from schemas.problem import Problem, ProblemClass

TROUBLE = (GoogleAPICallError, RetryError, GoogleAuthError, grpc.RpcError)
"""What Google's client raises when Pub/Sub refuses or does not answer."""


class BusUnavailable(Problem):
    """Pub/Sub does not answer, or not as it should; it passes by itself."""

    code: ClassVar[str] = "BUS_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "Pub/Sub does not answer"
    recovery: ClassVar[str] = "Wait: events stay in the outbox and are published when Pub/Sub answers again."


class BusQuota(Problem):
    """The project's limit for requests to Pub/Sub is reached."""

    code: ClassVar[str] = "BUS_QUOTA"
    kind: ClassVar[ProblemClass] = ProblemClass.QUOTA
    status: ClassVar[int] = 503
    title: ClassVar[str] = "Pub/Sub's quota is used up"
    recovery: ClassVar[str] = "Wait, or have the project's quota for Pub/Sub raised; nothing is lost meanwhile."


class BusRefused(Problem):
    """The service account may not do this, or there is none."""

    code: ClassVar[str] = "BUS_REFUSED"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 503
    title: ClassVar[str] = "Pub/Sub refuses us"
    recovery: ClassVar[str] = (
        "Give the service account the roles pubsub.publisher, pubsub.subscriber and pubsub.viewer; "
        "on your own machine run `gcloud auth application-default login`."
    )


class MessageRefused(Problem):
    """Pub/Sub takes no such message, whenever it comes: over 10 MB, or an attribute over 1,024 bytes."""

    code: ClassVar[str] = "MESSAGE_REFUSED"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "Pub/Sub does not take what was sent"
    recovery: ClassVar[str] = "The event stays in the outbox; the log names it. Keep large results in the lake instead."


class TopologyMissing(Problem):
    """A topic or subscription that the topology names is not there; what waits to be published goes on waiting."""

    code: ClassVar[str] = "TOPOLOGY_MISSING"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "A topic or subscription is missing"
    recovery: ClassVar[str] = "Run `headrace topology`, or apply infra/terraform, which make what is missing."


class SubscriptionElsewhere(Problem):
    """Pub/Sub cannot move a subscription to another topic."""

    code: ClassVar[str] = "SUBSCRIPTION_ELSEWHERE"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "A subscription of this name belongs to another topic"
    recovery: ClassVar[str] = "Delete the subscription when nothing waits in it any more, or choose another name."


@contextlib.contextmanager
def as_problems(what: str = "Pub/Sub") -> Iterator[None]:
    """Tell the client's failures as the problems above; ``what`` names what was asked for."""
    try:
        yield
    except NotFound as error:
        raise TopologyMissing(_said(what, error)) from error
    except (Forbidden, Unauthorized, GoogleAuthError) as error:
        raise BusRefused(_said(what, error)) from error
    except ResourceExhausted as error:
        raise BusQuota(_said(what, error)) from error
    except InvalidArgument as error:
        raise MessageRefused(_said(what, error)) from error
    except TROUBLE as error:
        raise BusUnavailable(_said(what, error)) from error


def _said(what: str, error: Exception) -> str:
    return f"{what}: {error}"[:300]
