"""Google's clients of Pub/Sub, for one project."""

import asyncio
from typing import Any

import google.auth
import grpc
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from infra.gcp.pubsub.trouble import as_problems

# The clients' own retries go on for ten minutes: whoever calls us has a better idea of when to try again.
ASKING: dict[str, Any] = {"retry": None, "timeout": 10.0}  # seconds

_EMULATED = [
    ("grpc.max_receive_message_length", -1),  # without it an emulator's messages end at 4 MiB
    ("grpc.use_local_subchannel_pool", 1),  # else what others failed to reach is not tried for up to two minutes,
    ("grpc.max_reconnect_backoff_ms", 1_000),  # also when it has come back meanwhile
]
_SCOPES = ["https://www.googleapis.com/auth/pubsub"]


class Clients:
    """Made by ``open`` within the loop that uses them."""

    publisher: PublisherAsyncClient
    subscriber: SubscriberAsyncClient

    def __init__(self, project: str, *, emulator: str | None) -> None:
        self._project = project
        self._emulator = emulator

    async def open(self) -> None:
        """Connect when first used. Raises ``BusRefused`` where there are no credentials."""
        given: dict[str, Any]
        if self._emulator is not None:
            given = {"channel": grpc.aio.insecure_channel(self._emulator, options=_EMULATED)}
        else:
            with as_problems():
                credentials, _ = await asyncio.to_thread(google.auth.default, scopes=_SCOPES)
            given = {"credentials": credentials}
        self.publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(**given))
        self.subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(**given))

    async def close(self) -> None:
        """Hang up."""
        for client in (self.publisher, self.subscriber):
            transport: Any = client.transport  # its ``close`` has no types
            await transport.close()

    def topic(self, name: str) -> str:
        """A topic's full name."""
        return f"projects/{self._project}/topics/{name}"

    def subscription(self, name: str) -> str:
        """A subscription's full name."""
        return f"projects/{self._project}/subscriptions/{name}"
