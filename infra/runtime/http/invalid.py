"""Requests that cannot be taken, whatever they are about."""

from typing import ClassVar

from schemas.problem import Problem


class MalformedJson(Problem):
    """A body that is not JSON, or nests without end."""

    code: ClassVar[str] = "MALFORMED_JSON"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request body is not valid JSON"
    recovery: ClassVar[str] = "Send one JSON object, encoded as UTF-8, nested at most 64 levels deep."


class InvalidRequest(Problem):
    """A request whose fields are not what they must be; ``errors`` names each."""

    code: ClassVar[str] = "INVALID_REQUEST"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The request has fields that are missing or wrong"
    recovery: ClassVar[str] = "Correct the fields named in `errors` and send the request again."
