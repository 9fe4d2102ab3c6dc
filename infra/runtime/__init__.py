"""What runs the code: settings, logs, HTTP, events in and out.

A function's start is billed, so two things are done before anything else is loaded. Structlog comes without rich: it
takes that for tracebacks wherever it is installed, and loading it costs a fifth of a bare function's start, while a
function's tracebacks are text in JSON lines. And what is loaded is not looked through for garbage, of which it has
none: that costs another fifth.
"""

import sys

from infra.runtime import garbage

if "functions_framework" in sys.modules:
    garbage.collect_seldom()

if "functions_framework" in sys.modules and not {"rich", "structlog"} & sys.modules.keys():
    sys.modules["rich"] = None  # type: ignore[assignment]  # what is None here counts as not installed
    try:
        import structlog  # noqa: F401  # see above
    finally:
        del sys.modules["rich"]
