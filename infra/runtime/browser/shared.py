"""The browsers of a process, for all its functions."""

from infra.runtime.browser.pool import Browsers
from infra.runtime.runtime import Runtime

_NOWHERE = "http://127.0.0.1:9"  # what a browser asks for by itself, outside of any page


def shared_browsers(runtime: Runtime) -> Browsers:
    """Through ``runtime.once(shared_browsers)``; each page must be given a proxy, for without it nothing is reached."""
    pool = Browsers(runtime.settings, _NOWHERE)
    runtime.leaving.push_async_callback(pool.close)
    return pool
