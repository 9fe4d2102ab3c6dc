"""What runs the code: settings, logs, HTTP, events in and out.

Under functions-framework structlog is loaded without rich. It takes rich for tracebacks wherever that is installed, and
loading it costs a fifth of a bare function's start, while a function's tracebacks are text in JSON lines.
"""

import sys

if "functions_framework" in sys.modules and not {"rich", "structlog"} & sys.modules.keys():
    sys.modules["rich"] = None  # type: ignore[assignment]  # what is None here counts as not installed
    try:
        import structlog  # noqa: F401  # see above
    finally:
        del sys.modules["rich"]
