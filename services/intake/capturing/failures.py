"""Why a page cannot be captured."""

from typing import ClassVar

from schemas.problem import Problem, ProblemClass


class CaptureTimeout(Problem):
    """The page was not there in time."""

    code: ClassVar[str] = "CAPTURE_TIMEOUT"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 504
    tries: ClassVar[int | None] = 2
    title: ClassVar[str] = "The page took too long"
    recovery: ClassVar[str] = "It is tried once more by itself."
    remedy: ClassVar[str | None] = "Open the page in a browser: if it comes there within 30 s, retry the capture."


class CaptureHttp(Problem):
    """The site answered with an error that will stay; ``status_code`` in ``extra`` is what it said."""

    code: ClassVar[str] = "CAPTURE_HTTP"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The site answered with an error"
    recovery: ClassVar[str] = "Open the URL in a browser and correct it; pages behind a login cannot be captured."


class CaptureHttpPassing(Problem):
    """The site answered with an error that may pass; ``status_code`` in ``extra`` is what it said."""

    code: ClassVar[str] = "CAPTURE_HTTP"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The site answered with an error for now"
    recovery: ClassVar[str] = "It is tried again by itself."
    remedy: ClassVar[str | None] = "Retry the capture once the site answers in a browser."


class CaptureUnreachable(Problem):
    """Nobody answered, or not as HTTP does."""

    code: ClassVar[str] = "CAPTURE_UNREACHABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The site cannot be reached"
    recovery: ClassVar[str] = "It is tried again by itself."
    remedy: ClassVar[str | None] = "Check the host in the URL, and whether the site answers in a browser; then retry."


class CaptureTls(Problem):
    """The site's certificate is not one to trust."""

    code: ClassVar[str] = "CAPTURE_TLS"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The site's certificate is not trusted"
    recovery: ClassVar[str] = "Tell the site's owner; retry the capture once a browser opens the page without warning."


class CaptureTooLarge(Problem):
    """The page and what it loads have more bytes than a capture takes."""

    code: ClassVar[str] = "CAPTURE_TOO_LARGE"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The page is too large"
    recovery: ClassVar[str] = "Name a page of the site that loads less than 20 MB."


class CaptureNotAPage(Problem):
    """The URL gives a file to download."""

    code: ClassVar[str] = "CAPTURE_NOT_A_PAGE"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The URL gives a file, not a page"
    recovery: ClassVar[str] = "Download it and send it to POST /api/v1/data-sources/{id}/files."


class RobotsDisallowed(Problem):
    """The site asks robots not to read this page."""

    code: ClassVar[str] = "ROBOTS_DISALLOWED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The site's robots.txt forbids this page"
    recovery: ClassVar[str] = (
        "Name another page; if the site's owner lets you, set `respect_robots` to false in the data source's config."
    )


class RobotsUnavailable(Problem):
    """What the site asks of robots cannot be read now, so nothing is."""

    code: ClassVar[str] = "ROBOTS_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The site's robots.txt cannot be read now"
    recovery: ClassVar[str] = "It is tried again by itself."
    remedy: ClassVar[str | None] = (
        "Retry the capture once the site answers; with its owner's leave, set `respect_robots` to false."
    )
