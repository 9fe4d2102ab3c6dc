"""Event: one past-tense fact, told as a CloudEvent whose id follows from its cause."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_json

_EVENT_IDS = sha1(UUID("6f0e7c5e-2d0c-5b0a-9a39-8f7a5f1f4f10").bytes, usedforsecurity=False)
_SOURCES = {"job": "//headrace/jobs"}


def source(topic: str) -> str:
    """CloudEvents ``source`` of the events of a topic: jobs tell about themselves, everything else comes of crawls."""
    return _SOURCES.get(topic.partition(".")[0], "//headrace/crawls")


class Event(BaseModel):
    """Base of every published fact.

    The fields of a subclass are the CloudEvent's ``data``. Consumers ignore fields they do not know.
    """

    # what checks a class is built at its first use: a process tells few of those it knows
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    topic: ClassVar[str]
    """The CloudEvents ``type``, and the name of the topic it is published on."""

    attempt: int = Field(ge=1, description="The user-visible run it came of, from 1.")

    @property
    def subject(self) -> str:
        """CloudEvents ``subject``: the id of what it is about."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        """Same cause, same id: a fact that is told twice can be recognised."""
        return _named(f"{self.subject}/{self.attempt}/{self.topic}/{self.subject}")

    def __getitem__(self, name: str) -> Any:
        """A field by its name, for readers used to plain JSON. Raises ``KeyError``."""
        if name not in type(self).model_fields:
            raise KeyError(name)
        return getattr(self, name)


def _named(name: str) -> str:
    # a UUID of version 5 (RFC 9562), made in a third of the time: one is needed for every event
    digest = _EVENT_IDS.copy()
    digest.update(name.encode())
    return str(UUID(bytes=digest.digest()[:16], version=5))


class CrawlEvent(Event):
    """Base of every fact about a crawl."""

    crawl_id: str = Field(description="The crawl this fact is about; also the CloudEvents subject.")
    attempt: int = Field(ge=1, description="The user-visible run of the crawl, from 1.")

    @property
    def subject(self) -> str:
        """CloudEvents ``subject``."""
        return self.crawl_id


class Envelope(BaseModel):
    """An event on its way: CloudEvents 1.0 attributes and the JSON data. ``traceparent`` is the trace it came of."""

    model_config = ConfigDict(frozen=True, defer_build=True)  # see above

    id: str
    type: str
    source: str = "//headrace/crawls"
    subject: str
    time: datetime
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
        return to_json(self.data)

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
        attributes = {name: given[name] for name in cls.model_fields if name in given}
        return cls.model_validate({**attributes, "data": from_json(body, allow_inf_nan=False)})


def envelop(event: Event, *, time: datetime, tenant: str) -> Envelope:
    """Put an event into its envelope; ``time`` is when the fact became true."""
    return Envelope(
        id=event.id,
        type=event.topic,
        source=source(event.topic),
        subject=event.subject,
        time=time,
        tenant=tenant,
        data=event.model_dump(mode="json"),
    )
