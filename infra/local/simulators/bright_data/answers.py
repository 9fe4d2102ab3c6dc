"""Answers in the provider's own words. Its plain texts come as ``text/html``, its JSON as JSON."""

import json
from email.utils import formatdate
from typing import Any

from aiohttp import web

NO_SNAPSHOT = "Snapshot does not exist"
TOO_MANY = (
    "You have too many running jobs for this dataset. Please wait until some of them finish or consider combining "
    "multiple inputs into a single request. Running jobs: {running}>={limit}"
)
NOT_READY = {"status": "running", "message": "Snapshot is not ready yet, try again in 30s"}
BUILDING = {"status": "building", "message": "Snapshot is building, try again in 10s"}
CONFLICT = {"error": "Snapshot is not ready for download"}


class Refusal(Exception):
    """The answer to a call that cannot be served; the caller of the simulator sees it as it is."""

    def __init__(self, status: int, body: str | dict[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body

    def answer(self) -> web.Response:
        """The HTTP response."""
        return say(self.status, self.body)


def say(status: int, body: Any, *, retry_after: str | None = None) -> web.Response:
    """A response: a string is sent as text, anything else as JSON."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="text/html", charset="utf-8", headers=headers)
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json", charset="utf-8", headers=headers)


def retry_after(word: str, now: float) -> str | None:
    """A value for the header: seconds as given, or date, past, negative, huge, junk; none and nothing for no header.

    ``now`` is in seconds of Unix time; ``date`` is two seconds ahead of it, ``past`` an hour behind.
    """
    spoken = {
        "": None,
        "none": None,
        "date": formatdate(now + 2, usegmt=True),
        "past": formatdate(now - 3600, usegmt=True),
        "negative": "-5",
        "huge": "1000000000",
        "junk": "soon",
    }
    return spoken.get(word, word)
