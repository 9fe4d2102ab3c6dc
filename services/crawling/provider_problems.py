"""How a provider can fail us. Adapters raise these; what a failure means to a crawl is decided by its code and kind.

Where no ``stage`` is named, the queue of the job that met the failure tells it.
"""

from typing import ClassVar

from schemas.problem import Problem, ProblemClass


class ProviderUnavailable(Problem):
    """The provider did not answer, or answered with an error of its own. Nothing was bought."""

    code: ClassVar[str] = "PROVIDER_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The provider cannot be reached"
    recovery: ClassVar[str] = "It is tried again by itself; if it lasts, check the provider's status page and its URL."
    remedy: ClassVar[str | None] = "Check the provider's status page and its URL, then retry."


class ProviderUntrusted(ProviderUnavailable):
    """The provider's TLS certificate is not one we trust; asking again would not change that."""

    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    title: ClassVar[str] = "The provider's certificate is not trusted"
    recovery: ClassVar[str] = "Check the provider's URL and this machine's clock and certificates, then retry."


class NotReady(Problem):
    """The result is still being built: not a failure, only a wait of ``retry_after`` seconds."""

    code: ClassVar[str] = "PROVIDER_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The result is not ready yet"
    recovery: ClassVar[str] = "Nothing to do: it is asked for again by itself."
    remedy: ClassVar[str | None] = "Download it later."
    stage: ClassVar[str] = "download"


class ProviderAuth(Problem):
    """The provider refuses our credentials."""

    code: ClassVar[str] = "PROVIDER_AUTH"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The provider refused the credentials"
    recovery: ClassVar[str] = (
        "Check BRIGHT_DATA_API_TOKEN or FIRECRAWL_API_KEY, and the account it belongs to; then retry the crawl."
    )


class ProviderOutOfCredits(Problem):
    """The account at the provider has nothing left to pay this order with; nothing was bought."""

    code: ClassVar[str] = "PROVIDER_OUT_OF_CREDITS"
    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    status: ClassVar[int] = 402
    title: ClassVar[str] = "The account at the provider has no credits left"
    recovery: ClassVar[str] = "Add credits to the account at the provider or raise its limit, then retry the crawl."


class ProviderRateLimited(Problem):
    """The provider takes no more requests, or no more jobs, for now."""

    code: ClassVar[str] = "PROVIDER_RATE_LIMITED"
    kind: ClassVar[ProblemClass] = ProblemClass.QUOTA
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The provider wants to be asked more slowly"
    recovery: ClassVar[str] = (
        "It goes on by itself; if it happens often, lower HEADRACE_BRIGHT_DATA_REQUESTS_PER_SECOND or"
        " HEADRACE_FIRECRAWL_REQUESTS_PER_SECOND, or put inputs together."
    )
    remedy: ClassVar[str | None] = (
        "Lower HEADRACE_BRIGHT_DATA_REQUESTS_PER_SECOND or HEADRACE_FIRECRAWL_REQUESTS_PER_SECOND, or put inputs"
        " together; then retry."
    )


class DatasetFull(ProviderRateLimited):
    """One dataset has as many running jobs as it may; others are not concerned."""

    title: ClassVar[str] = "The provider runs as many jobs of this dataset as it may"
    recovery: ClassVar[str] = "The order is sent as soon as jobs of the dataset end; combine inputs into fewer crawls."


class ProviderRejected(Problem):
    """The provider refuses this request for what it says; nothing was bought by it."""

    code: ClassVar[str] = "PROVIDER_REJECTED"
    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The provider refused the request"
    recovery: ClassVar[str] = (
        "The inputs of this crawl cannot be changed: correct what the provider names and trigger a new crawl."
    )


def rejected(*errors: tuple[str, str]) -> ProviderRejected:
    """The refusal that names fields of an order, each with what is wrong with it."""
    told = [{"field": field, "message": message} for field, message in errors]
    return ProviderRejected("; ".join(f"{field}: {message}" for field, message in errors)[:500], errors=told)


class SubmitUnknown(Problem):
    """An order may or may not have been taken: look for it before sending it again."""

    code: ClassVar[str] = "SUBMIT_UNKNOWN"
    kind: ClassVar[ProblemClass] = ProblemClass.AMBIGUOUS
    status: ClassVar[int] = 504
    title: ClassVar[str] = "The provider did not say whether it took the order"
    recovery: ClassVar[str] = "Nothing to do: the order is looked up at the provider and adopted if it was taken."
    stage: ClassVar[str] = "trigger"


class SnapshotMissing(Problem):
    """The provider does not know the snapshot. Right after an order that can be, and passes."""

    code: ClassVar[str] = "PROVIDER_JOB_FAILED"
    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    status: ClassVar[int] = 404
    title: ClassVar[str] = "The provider does not know the snapshot"
    recovery: ClassVar[str] = "Compare the snapshot with the provider's dashboard; retry-background orders it again."
    stage: ClassVar[str] = "provider"


class ResultExpired(Problem):
    """The provider has thrown the result away."""

    code: ClassVar[str] = "RESULT_EXPIRED"
    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    status: ClassVar[int] = 410
    title: ClassVar[str] = "The provider does not keep the result any more"
    recovery: ClassVar[str] = (
        "Use retry-background to order it again; Bright Data keeps results for about 16 days, Firecrawl for 24 hours."
    )
    stage: ClassVar[str] = "download"
