"""StoredObject: an object as it lies in the lake, the rule for its name, and how a lake can fail."""

from dataclasses import dataclass
from typing import ClassVar

from schemas.problem import Problem, ProblemClass

_LONGEST_NAME = 1024  # bytes of UTF-8: https://cloud.google.com/storage/docs/objects#naming
_LONGEST_SEGMENT = 255  # bytes: what file systems take for one part of a path


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object as it lies in the lake. ``sha256`` is of the stored bytes."""

    name: str
    url: str
    generation: int
    size_bytes: int
    sha256: str


class ObjectExists(Problem):
    """The name is taken; what is there was not touched."""

    code: ClassVar[str] = "STORE_CONFLICT"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "An object of this name exists"
    recovery: ClassVar[str] = "What lies there has other bytes: move it away in the lake, then retry what met it."


class ObjectMissing(Problem):
    """Nothing lies under the name."""

    code: ClassVar[str] = "STORE_MISSING"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "No object of this name exists"
    recovery: ClassVar[str] = (
        "Get it anew: download the crawl while its provider keeps the snapshot, upload the file, or capture the page."
    )


class ObjectNameRefused(Problem):
    """The name breaks the rule of ``checked_name``."""

    code: ClassVar[str] = "STORE_NAME_REFUSED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "This cannot be the name of an object"
    recovery: ClassVar[str] = (
        "Use a relative path with forward slashes, no part of which is empty or starts with a dot."
    )


class StoreUnavailable(Problem):
    """The lake did not answer, or answered with an error that passes."""

    code: ClassVar[str] = "STORE_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The lake cannot be reached"
    recovery: ClassVar[str] = (
        "It is tried again by itself; if it lasts, check the place that HEADRACE_LAKE_URL names, else the disk of"
        " HEADRACE_DATA_DIR."
    )
    remedy: ClassVar[str | None] = (
        "Check the place that HEADRACE_LAKE_URL names, else the disk of HEADRACE_DATA_DIR; then retry."
    )


class StoreQuota(Problem):
    """The lake is full, or its disk does not let us write."""

    code: ClassVar[str] = "STORE_QUOTA"
    kind: ClassVar[ProblemClass] = ProblemClass.QUOTA
    status: ClassVar[int] = 507
    title: ClassVar[str] = "The lake does not take more data"
    recovery: ClassVar[str] = "Free space or raise the quota, check that Headrace may write there, then retry."


class StoreForbidden(Problem):
    """The lake does not let us do this."""

    code: ClassVar[str] = "STORE_FORBIDDEN"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The lake refuses our credentials"
    recovery: ClassVar[str] = (
        "Give Headrace's service account the role storage.objectUser on the bucket that HEADRACE_LAKE_URL names, and"
        " check the project's billing; on your own machine run `gcloud auth application-default login`; then retry."
    )


class SigningFailed(Problem):
    """No address could be signed; the object itself lies where it did."""

    code: ClassVar[str] = "STORE_SIGNING_FAILED"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The address of an object could not be signed"
    recovery: ClassVar[str] = (
        "Give Headrace's service account the role iam.serviceAccountTokenCreator on itself; until then ask for lines"
        " with `Accept: application/x-ndjson`, which needs no address."
    )


def checked_name(name: str) -> str:
    """The name itself when every lake can keep it; raises ``ObjectNameRefused``."""
    try:
        segments = [segment.encode() for segment in name.split("/")]
    except UnicodeEncodeError as error:
        raise ObjectNameRefused(f"{name!r} is not Unicode text.") from error
    fits = len(name.encode()) <= _LONGEST_NAME and all(0 < len(segment) <= _LONGEST_SEGMENT for segment in segments)
    hidden = any(segment.startswith(b".") for segment in segments)
    if hidden or not fits or not name.isprintable():
        raise ObjectNameRefused(f"{name[:80]!r} cannot be the name of an object.")
    return name
