"""Make, list and end the subscriptions of a tenant."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, Field

from infra.postgres.database import Database
from schemas.catalogue import event_type
from schemas.problem import Problem
from services.events.push_url import check_push_url
from services.events.store import subscriptions


class NewSubscription(BaseModel):
    """What a team asks for."""

    topic: str = Field(description="An event type, such as data.ingestion.completed.", max_length=200)
    push_url: str = Field(description="Where each event is POSTed, as a CloudEvent in HTTP binary mode.")


class SubscriptionUnknown(Problem):
    """The tenant has no such subscription."""

    code: ClassVar[str] = "SUBSCRIPTION_UNKNOWN"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "No such subscription"
    recovery: ClassVar[str] = "List the subscriptions with GET /api/v1/events/subscriptions."


async def create_subscription(
    new: NewSubscription, *, subscription_id: UUID, secret: str, tenant: str, private_urls: bool, database: Database
) -> dict[str, Any]:
    """Subscribe an endpoint to what is published from now on. The secret is answered here and never again.

    Raises ``UnknownTopic``, ``PushUrlRefused``.
    """
    event_type(new.topic)
    check_push_url(new.push_url, private_urls=private_urls)
    async with database.transaction() as tx:
        created_at = await subscriptions.add(
            tx, subscription_id, tenant=tenant, topic=new.topic, push_url=new.push_url, secret=secret
        )
    return {"id": str(subscription_id), **new.model_dump(), "secret": secret, "created_at": created_at}


async def list_subscriptions(*, tenant: str, database: Database) -> dict[str, Any]:
    """The tenant's subscriptions, with what waits for each, what was given up, and the last failure."""
    async with database.reading() as tx:
        return {"items": await subscriptions.listed(tx, tenant=tenant)}


async def delete_subscription(subscription_id: str, *, tenant: str, database: Database) -> None:
    """End a subscription and drop what it has not received. Raises ``SubscriptionUnknown``."""
    try:
        key = UUID(subscription_id)
    except ValueError as error:
        raise SubscriptionUnknown from error
    async with database.transaction() as tx:
        if not await subscriptions.remove(tx, key, tenant=tenant):
            raise SubscriptionUnknown
