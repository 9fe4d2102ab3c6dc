"""What runs the code: settings, logs, HTTP, events in and out.

A function's start is billed, so three things are done before anything else is loaded. Structlog comes without rich: it
takes that for tracebacks wherever it is installed, and loading it costs a fifth of a bare function's start, while a
function's tracebacks are text in JSON lines. What is loaded is not looked through for garbage, of which it has none:
that costs another fifth. And pydantic does not look through every installed package for plugins; whoever has one sets
PYDANTIC_DISABLE_PLUGINS to those that are not wanted.
"""

import os
import sys

from infra.runtime import garbage

if "functions_framework" in sys.modules:
    garbage.collect_none_yet()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

if "functions_framework" in sys.modules and not {"rich", "structlog"} & sys.modules.keys():
    sys.modules["rich"] = None  # type: ignore[assignment]  # what is None here counts as not installed
    try:
        import structlog  # noqa: F401  # see above
    finally:
        del sys.modules["rich"]
