"""``headrace doctor``: is everything there that the system needs, and what helps where it is not."""

import asyncio
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import ClassVar

from infra.local.data_dir import prepare
from infra.local.doctor_google import GOOGLE
from infra.local.emulators import provision
from infra.local.stack import listen, loopback_only
from infra.postgres import foreign
from infra.postgres.installation import locate
from infra.postgres.unavailable import DatabaseDiskFull
from infra.runtime.adapters import installed
from infra.runtime.browser.chromium import find_chromium
from infra.runtime.configuration.alerting import alerting
from infra.runtime.configuration.emulated import EMULATORS, must_answer, needed
from infra.runtime.configuration.profile import placed
from infra.runtime.configuration.setting import PREFIX
from infra.runtime.configuration.settings import DECLARED, Settings
from infra.runtime.configuration.stand_in import STAND_INS, stood_in
from schemas.problem import Problem

ROOM = 200 << 20  # bytes: an embedded PostgreSQL and some results


class AlertsIncomplete(Problem):
    """A way of telling alerts is set up in part."""

    code: ClassVar[str] = "ALERTS_INCOMPLETE"
    title: ClassVar[str] = "Alerts would reach nobody"
    recovery: ClassVar[str] = (
        "Set the variables that are named, or unset the others of HEADRACE_ALERT_* and HEADRACE_SMTP_URL."
    )


class VariableUnknown(Problem):
    """A variable of ours that sets nothing."""

    code: ClassVar[str] = "VARIABLE_UNKNOWN"
    title: ClassVar[str] = "A variable sets nothing"
    recovery: ClassVar[str] = "Correct its name, or unset it; .env.example has all there are."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found. ``fix`` is empty when all is well."""

    what: str
    found: str
    fix: str = ""


def examine(settings: Settings) -> list[Finding]:
    """All checks; all they leave behind is the data directory."""
    checks = _CHECKS if settings.profile == "embedded" else {**_CHECKS, **GOOGLE}
    return [_finding(what, check, settings) for what, check in checks.items()]


def _finding(what: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(what=what, found=check(settings))
    except Problem as problem:
        return Finding(what=what, found=f"{problem.title}: {problem.detail}", fix=problem.recovery)


def _address(settings: Settings) -> str:
    loopback_only(settings)
    return f"{settings.host} is this machine only" if settings.on_loopback else f"{settings.host} asks for credentials"


def _variables(_: Settings) -> str:
    known = {one.variable for one in DECLARED.values()}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise VariableUnknown("; ".join(f"{name}{_meant(name, known)}" for name in unknown))
    return "all that are set are read"


def _meant(name: str, known: Collection[str]) -> str:
    same = [one for one in sorted(known) if one.endswith(name.removeprefix(PREFIX.rstrip("_")))]
    near = same or get_close_matches(name, known, n=1)
    return f", perhaps {near[0]} is meant" if near else ""


def _port(settings: Settings) -> str:
    listen(settings).close()
    return f"{settings.port} is free" if settings.port else "a free one is chosen"


def _data_dir(settings: Settings) -> str:
    prepare(settings.data_dir)
    free = shutil.disk_usage(settings.data_dir).free
    if free < ROOM:
        raise DatabaseDiskFull(f"{free >> 20} MiB are free")
    return f"{settings.data_dir.resolve()} can be written, {free >> 30} GiB are free"


def _database(settings: Settings) -> str:
    if settings.database_url is None:
        return f"embedded, from {locate().programs}"
    asyncio.run(_reached(settings.database_url.clear))
    return "HEADRACE_DATABASE_URL answers"


async def _reached(dsn: str) -> None:
    database = await foreign.connect(dsn, size=1)
    await database.close()


def _profile(settings: Settings) -> str:
    found = placed(settings)
    if settings.profile == "embedded":
        return "embedded: bus in PostgreSQL, lake and warehouse in folders"
    for product in EMULATORS:
        installed(product)
    return f"{settings.profile}: project {found.google_cloud_project}, {found.lake_url}, {found.warehouse_url}"


def _emulators(settings: Settings) -> str:
    wanted = needed(placed(settings)) if settings.profile == "emulators" else []
    named = {name: host for name in wanted if (host := getattr(settings, f"{name}_emulator_host")) is not None}
    must_answer(named)
    return "; ".join(named.get(name) or provision(name) for name in wanted) or "none is needed"


def _provider(name: str, settings: Settings) -> str:
    if name in stood_in(settings):
        return "the bundled simulator"
    return getattr(settings, STAND_INS[name][0]) or "the real one: crawls cost money"


def _chromium(settings: Settings) -> str:
    return f"pages are captured with {find_chromium(settings)}"


def _alerts(settings: Settings) -> str:
    told = alerting(settings)
    half = [f"{' and '.join(lacking)} unset, so they are not {way}" for way, lacking in told.items() if lacking]
    if half:
        raise AlertsIncomplete("; ".join(half))
    return f"{' and '.join(told)} to whom the settings name" if told else "only shown, at /api/background/alerts"


_CHECKS: Mapping[str, Callable[[Settings], str]] = {
    "variables": _variables,
    "profile": _profile,
    "address": _address,
    "port": _port,
    "data directory": _data_dir,
    "PostgreSQL": _database,
    "emulators": _emulators,
    "Bright Data": partial(_provider, "bright_data"),
    "Firecrawl": partial(_provider, "firecrawl"),
    "Chromium": _chromium,
    "alerts": _alerts,
}
