"""An event on its way, whatever it tells: CloudEvents attributes and JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

_SOURCES = {"job": "//headrace/jobs"}


def source(topic: str) -> str:
    """CloudEvents ``source`` of the events of a topic: jobs tell about themselves, everything else comes of crawls."""
    return _SOURCES.get(topic.partition(".")[0], "//headrace/crawls")


class Envelope(Struct, frozen=True, kw_only=True):
    """An event on its way: CloudEvents 1.0 attributes and the JSON data. ``traceparent`` is the trace it came of."""

    id: Annotated[str, Meta(min_length=1)]
    type: str
    source: str = "//headrace/crawls"
    subject: str
    time: Annotated[datetime, Meta(tz=True)]
    tenant: str = "default"
    traceparent: str | None = None
    data: dict[str, Any]

    def headers(self) -> dict[str, str]:
        """The attributes as HTTP headers of CloudEvents' binary mode."""
        return {
            "ce-specversion": "1.0",
            "ce-id": self.id,
            "ce-type": self.type,
            "ce-source": self.source,
            "ce-subject": self.subject,
            "ce-time": self.time.isoformat().replace("+00:00", "Z"),
            "ce-tenant": self.tenant,
            **({"ce-traceparent": self.traceparent} if self.traceparent is not None else {}),
            "content-type": "application/json",
        }

    def body(self) -> bytes:
        """The data as the body of an HTTP request in CloudEvents' binary mode."""
        return msgspec.json.encode(self.data)

    def structured(self) -> dict[str, Any]:
        """The whole event as one object, in CloudEvents' JSON format."""
        attributes = {name.removeprefix("ce-"): value for name, value in self.headers().items() if name[:3] == "ce-"}
        return {**attributes, "datacontenttype": "application/json", "data": self.data}

    @classmethod
    def from_http(cls, headers: Mapping[str, str], body: bytes) -> "Envelope":
        """Read a request in CloudEvents' binary mode; names of headers in any case. Raises ``ValueError``."""
        given = {
            name.lower().removeprefix("ce-"): value for name, value in headers.items() if name[:3].lower() == "ce-"
        }
        attributes = {name: given[name] for name in cls.__struct_fields__ if name in given}
        try:
            return msgspec.convert({**attributes, "data": msgspec.json.decode(body)}, cls)
        except RecursionError as error:
            msg = "nested too deep"
            raise ValueError(msg) from error
