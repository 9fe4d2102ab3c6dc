"""Where Chromium is on this machine."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from infra.runtime.configuration.settings import Settings
from schemas.problem import Problem

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_CACHES = (Path(".cache/ms-playwright"), Path("Library/Caches/ms-playwright"))
_PLAYWRIGHTS = ("chromium-*/chrome-*/chrome", "chromium_headless_shell-*/*/*headless*shell")


class ChromiumMissing(Problem):
    """No Chromium is where one is looked for."""

    code: ClassVar[str] = "CHROMIUM_MISSING"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "There is no Chromium to capture pages with"
    recovery: ClassVar[str] = (
        "Install it (`apt-get install chromium`, or `.venv/bin/playwright install chromium`), or name one in"
        " HEADRACE_CHROMIUM; then retry."
    )


def find_chromium(settings: Settings, environment: Mapping[str, str] = os.environ) -> Path:
    """HEADRACE_CHROMIUM, else the system's Chromium or Chrome, else Playwright's own. Raises ``ChromiumMissing``."""
    if settings.chromium is not None:
        if not os.access(settings.chromium, os.X_OK) or settings.chromium.is_dir():
            raise ChromiumMissing(f"HEADRACE_CHROMIUM is {settings.chromium}, which is no program")
        return settings.chromium
    for found in _candidates(environment):
        return found
    raise ChromiumMissing(f"None of {', '.join(PROGRAMS)} is on the PATH, and Playwright has none of its own")


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    for program in PROGRAMS:
        if found := shutil.which(program, path=environment.get("PATH", "")):
            yield Path(found)
    named, home = environment.get("PLAYWRIGHT_BROWSERS_PATH"), Path(environment.get("HOME", "/"))
    for cache in (Path(named),) if named else tuple(home / one for one in _CACHES):
        for pattern in _PLAYWRIGHTS:
            yield from (one for one in sorted(cache.glob(pattern), reverse=True) if os.access(one, os.X_OK))
