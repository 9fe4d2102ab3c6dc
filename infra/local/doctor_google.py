"""What the doctor asks where Google's products are used: does this identity reach them, and is all laid out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, TypeVar

from infra.runtime.adapters import lacking, look_at_warehouse, open_lake
from infra.runtime.auth.choose import require_audience
from infra.runtime.configuration.emulated import EmulatorsAway, with_emulators
from infra.runtime.configuration.profile import placed
from infra.runtime.configuration.settings import Settings, SettingsRefused
from infra.runtime.functions.topology import generated
from schemas.load_source import WarehouseMissing
from schemas.problem import Problem

Answer = TypeVar("Answer")

PATIENCE = 30.0  # seconds for one product
_NOBODY = "nobody"


class ProductSilent(Problem):
    """One of Google's products does not answer."""

    code: ClassVar[str] = "PRODUCT_SILENT"
    title: ClassVar[str] = "It does not answer"
    recovery: ClassVar[str] = "Look whether this machine reaches googleapis.com, or the emulator that is named."


class TopologyLacking(Problem):
    """Events and doorbells would reach nobody."""

    code: ClassVar[str] = "TOPOLOGY_LACKING"
    title: ClassVar[str] = "Subscriptions are missing"
    recovery: ClassVar[str] = (
        "Apply infra/terraform (infra/terraform/README.md); where it is not used, run `headrace topology` with the same"
        " profile."
    )


def _callers(settings: Settings) -> str:
    require_audience(settings)
    if settings.auth == "off":
        return "this machine only (HEADRACE_AUTH=off)"
    tokens = (
        f"tokens of Google for {settings.audiences}" if settings.audiences else "no tokens: HEADRACE_AUDIENCES unset"
    )
    return f"API keys; {tokens}"


def _pushes(settings: Settings) -> str:
    if settings.push_account is not None:
        return f"only those that {settings.push_account} signed"
    return "whatever Cloud Run lets through; elsewhere only this machine's (HEADRACE_PUSH_ACCOUNT unset)"


def _lake(settings: Settings) -> str:
    async def asked(found: Settings) -> str:
        async for _ in open_lake(found).list(_NOBODY):
            break
        return f"{found.lake_url} can be listed"

    return _of_google(settings, asked)


def _warehouse(settings: Settings) -> str:
    async def asked(found: Settings) -> str:
        try:
            await look_at_warehouse(found)
        except WarehouseMissing:
            if found.profile == "gcp":
                raise
            return f"{found.warehouse_url} is made when it is first used"
        return f"{found.warehouse_url} can be read"

    return _of_google(settings, asked)


def _topology(settings: Settings) -> str:
    async def asked(found: Settings) -> str:
        functions = generated()["functions"]
        if missing := await lacking(found, functions):
            raise TopologyLacking(", ".join(missing))
        return f"every subscription is there in {found.google_cloud_project}"

    return _of_google(settings, asked)


def _of_google(settings: Settings, ask: Callable[[Settings], Awaitable[str]]) -> str:
    try:
        found = with_emulators(placed(settings))
    except SettingsRefused:
        return "not asked: first see to the profile"
    except EmulatorsAway:
        return "not asked: the emulators do not run now"
    try:
        return asyncio.run(_in_time(ask(found)))
    except TimeoutError as error:
        raise ProductSilent(f"Nothing was heard within {PATIENCE:g} s") from error


async def _in_time(asked: Awaitable[Answer]) -> Answer:
    async with asyncio.timeout(PATIENCE):
        return await asked


GOOGLE: Mapping[str, Callable[[Settings], str]] = {
    "callers": _callers,
    "pushes": _pushes,
    "Cloud Storage": _lake,
    "BigQuery": _warehouse,
    "Pub/Sub": _topology,
}
