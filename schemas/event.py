"""Event: one past-tense fact, told as a CloudEvent whose id follows from its cause."""

from datetime import datetime
from hashlib import sha1
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.envelope import Envelope, source

_EVENT_IDS = sha1(UUID("6f0e7c5e-2d0c-5b0a-9a39-8f7a5f1f4f10").bytes, usedforsecurity=False)


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
