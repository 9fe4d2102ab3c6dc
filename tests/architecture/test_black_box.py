"""What a system under test knows, it was told by its test."""

from infra.runtime.configuration.variables import defaults
from tests.e2e.conftest import OURS


def test_no_setting_of_whoever_runs_the_tests_reaches_a_system_under_test() -> None:
    assert [one.name for one in defaults() if not one.name.startswith(OURS)] == []
