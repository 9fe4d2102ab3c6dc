"""Names of tenants stand in names of objects: none leads anywhere else."""

import pytest

from infra.runtime.auth.caller import HOME
from services.access.tenant import TenantRefused, check_tenant


@pytest.mark.parametrize("name", [HOME, "a", "7", "north-mill-2", "a" * 63])
def test_plain_names_are_taken(name: str) -> None:
    check_tenant(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../a", "A", "a b", "a\n", "-a", "a-", "é", "a" * 64, "a_b", "a%2fb", "a\0"]
)
def test_names_that_mean_something_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(TenantRefused):
        check_tenant(name)
