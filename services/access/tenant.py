"""What a tenant may be called: its name stands in names of objects and in addresses."""

import re
from typing import ClassVar

from schemas.problem import Problem

_FORM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class TenantRefused(Problem):
    """No tenant may have this name."""

    code: ClassVar[str] = "TENANT_REFUSED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "This is no name for a tenant"
    recovery: ClassVar[str] = "Use 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end."


def check_tenant(name: str) -> None:
    """Raises ``TenantRefused``."""
    if not _FORM.fullmatch(name):
        raise TenantRefused(f"{name[:80]!r}")
