"""Chromium is found where it is, and named where it is nowhere."""

from pathlib import Path

import pytest

from infra.runtime.browser.chromium import ChromiumMissing, find_chromium
from infra.runtime.configuration.settings import read_settings


def program(path: Path, *, executable: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(0o755 if executable else 0o644)
    return path


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
def test_the_systems_own_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    made = program(tmp_path / "bin" / name)

    assert find_chromium(read_settings(), {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}) == made


def test_what_is_named_goes_before_what_is_found(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium")
    made = program(tmp_path / "mine")

    assert find_chromium(read_settings(chromium=made), {"PATH": str(tmp_path / "bin")}) == made


@pytest.mark.parametrize(
    "place", ["chromium-1200/chrome-linux/chrome", "chromium_headless_shell-1200/chrome-linux/headless_shell"]
)
@pytest.mark.parametrize("named", [True, False])
def test_playwrights_own_is_the_last_resort(tmp_path: Path, place: str, *, named: bool) -> None:
    cache = tmp_path / ("elsewhere" if named else ".cache/ms-playwright")
    made = program(cache / place)
    told = {"PLAYWRIGHT_BROWSERS_PATH": str(cache)} if named else {}

    assert find_chromium(read_settings(), {"PATH": "", "HOME": str(tmp_path), **told}) == made


def test_the_newest_of_playwrights_is_taken(tmp_path: Path) -> None:
    old, new = (tmp_path / f".cache/ms-playwright/chromium-{number}/chrome-linux/chrome" for number in (1100, 1200))
    program(old)
    program(new)

    assert find_chromium(read_settings(), {"HOME": str(tmp_path)}) == new


def test_where_there_is_none_it_says_what_helps(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium", executable=False)

    with pytest.raises(ChromiumMissing, match="chromium, chromium-browser") as missing:
        find_chromium(read_settings(), {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})

    assert "apt-get install chromium" in missing.value.recovery
    assert "HEADRACE_CHROMIUM" in missing.value.recovery


@pytest.mark.parametrize("name", ["nothing", "plain", "."])
def test_what_is_named_must_be_a_program(tmp_path: Path, name: str) -> None:
    program(tmp_path / "plain", executable=False)

    with pytest.raises(ChromiumMissing, match="HEADRACE_CHROMIUM"):
        find_chromium(read_settings(chromium=tmp_path / name), {"PATH": "/usr/bin"})
