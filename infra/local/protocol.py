"""HTTP off a socket; what is none is told so like any other error."""

from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.runtime.http.problem_json import problem_response
from schemas.problem import Problem


class MalformedRequest(Problem):
    """What came over the connection is no request, or its method is none that is known."""

    code: ClassVar[str] = "MALFORMED_REQUEST"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This is not an HTTP request"
    recovery: ClassVar[str] = (
        "Use a method that HTTP knows, an address in which all but ASCII is percent-encoded, and well-formed headers;"
        " then send the request again."
    )


class Protocol(HttpToolsProtocol):
    """Refuses what cannot be read with a problem."""

    def send_400_response(self, msg: str) -> None:
        """Answer and hang up: where the next request would begin is not known."""
        answer = problem_response(MalformedRequest(msg), headers={"Connection": "close"})
        head = b"".join(b"%b: %b\r\n" % header for header in answer.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (head, bytes(answer.body)))
        self.transport.close()
