"""One Terraform for all tests, and copies of the modules that a test may spoil."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.terraform.applied import State, applied
from tests.contract.terraform.engine import Terraform, copied, found, installed, started

Copy = Callable[..., Path]


@pytest.fixture(scope="session")
def terraform() -> Iterator[Terraform]:
    """Terraform with stand-ins for its providers."""
    try:
        command = found() or installed()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no Terraform here: install it, or mend `{error.cmd}`: {error.stderr}")
    with started(command) as terraform:
        yield terraform


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """Copy what Terraform reads, with changes: ``copy({"modules/x/main.tf": ("old", "new")})``."""

    def made(changes: dict[str, tuple[str, str]] | None = None) -> Path:
        terraform = copied(tmp_path)
        for place, (old, new) in (changes or {}).items():
            file = terraform / place
            text = file.read_text()
            assert old in text, f"{place} has no {old!r}"
            file.write_text(text.replace(old, new, 1))
        return terraform

    return made


@pytest.fixture(scope="session")
def state(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> State:
    """All that is applied, by its type; tests that change it take a copy."""
    return applied(terraform, tmp_path_factory.mktemp("state"))
