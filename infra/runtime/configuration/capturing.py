"""Settings of the browser that pages are captured with."""

from pathlib import Path
from typing import Annotated

from infra.runtime.configuration.costs import Costs
from infra.runtime.configuration.setting import Setting


class Capturing(Costs, frozen=True, kw_only=True):
    """A part of ``Settings``."""

    chromium: Annotated[
        Path | None, Setting("Chromium or Chrome to capture pages with; unset: the system's, else Playwright's own.")
    ] = None
    capture_workers: Annotated[int, Setting("Pages a process captures at once.", ge=1, le=32)] = 2
