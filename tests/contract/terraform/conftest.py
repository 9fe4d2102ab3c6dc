"""One Terraform for all tests, and copies of the modules that a test may spoil."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.terraform.engine import ROOT, Terraform, found, installed, started

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


def copied(folder: Path) -> Path:
    """Copy what Terraform reads; answers where its own folder lies then."""
    terraform = folder / "infra" / "terraform"
    skipped = shutil.ignore_patterns(".terraform*", "*.tfstate*")
    shutil.copytree(ROOT / "infra" / "terraform", terraform, ignore=skipped)
    shutil.copytree(ROOT / "schemas" / "generated", folder / "schemas" / "generated")
    return terraform


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
