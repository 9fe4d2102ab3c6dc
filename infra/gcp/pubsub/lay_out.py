"""The whole topology at once, where infra/terraform does not make it: on emulators, and in a project made by hand."""

from collections.abc import Mapping
from typing import Any

from infra.gcp.pubsub.clients import ASKING, Clients
from infra.gcp.pubsub.topology import DEAD_LETTERS, declare, declare_dead_letters, declare_topic
from infra.gcp.pubsub.trouble import as_problems
from infra.runtime.events.bus import Subscription


async def lay_out(
    project: str,
    functions: Mapping[str, Mapping[str, Any]],
    *,
    emulator: str | None = None,
    push_url: str | None = None,
    push_account: str | None = None,
) -> list[str]:
    """Make what is missing and change what differs; returns the names of all subscriptions.

    With ``push_url``, in which `{function}` stands for its name, functions are pushed to, doorbells included; else they
    pull, and no doorbell is needed. Raises what ``declare`` raises.
    """
    clients = Clients(project, emulator=emulator)
    await clients.open()
    try:
        await declare_dead_letters(clients)
        for topic in sorted({topic for one in functions.values() for topic in (*_events(one), *_doorbells(one))}):
            await declare_topic(clients, topic)
        wanted = subscriptions(functions, push_url=push_url)
        for one, rings in wanted.items():
            await declare(clients, one, account=push_account, doorbell=rings)
    finally:
        await clients.close()
    return [one.name for one in wanted]


async def lacking(
    project: str,
    functions: Mapping[str, Mapping[str, Any]],
    *,
    emulator: str | None = None,
    push_url: str | None = None,
) -> list[str]:
    """The subscriptions that ``lay_out`` would make, by name; changes nothing. Raises what ``as_problems`` raises."""
    clients = Clients(project, emulator=emulator)
    await clients.open()
    try:
        with as_problems(f"projects/{project}"):
            pages = await clients.subscriber.list_subscriptions(project=f"projects/{project}", **ASKING)
            there = {one.name async for one in pages}
    finally:
        await clients.close()
    wanted = [DEAD_LETTERS, *(one.name for one in subscriptions(functions, push_url=push_url))]
    return [name for name in wanted if clients.subscription(name) not in there]


def subscriptions(functions: Mapping[str, Mapping[str, Any]], *, push_url: str | None) -> dict[Subscription, bool]:
    """The subscriptions of these functions, named as the functions name them, and whether each is for a doorbell."""
    found: dict[Subscription, bool] = {}
    for name, trigger in functions.items():
        url = push_url.replace("{function}", name) if push_url is not None else None
        found |= {Subscription(name=f"{name}.{one}", topic=one, push_url=url): False for one in _events(trigger)}
        if url is not None:
            found |= {Subscription(name=f"{name}.{one}", topic=one, push_url=url): True for one in _doorbells(trigger)}
    return found


def _events(trigger: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(trigger.get("topics", ()))


def _doorbells(trigger: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(trigger.get("doorbells", ()))
