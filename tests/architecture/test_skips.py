"""Where everything must be there (CI=true, as in ``.ci/run``), a skipped test is a failed test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SKIPS = {
    "in the test": "import pytest\ndef test_it():\n    pytest.skip('no browser here')",
    "by a mark": "import pytest\n@pytest.mark.skipif(True, reason='no browser here')\ndef test_it(): ...",
    "in a fixture": "import pytest\n@pytest.fixture\ndef it(): pytest.skip('no browser here')\ndef test_it(it): ...",
    "of a module": "import pytest\npytest.skip('no browser here', allow_module_level=True)\ndef test_it(): ...",
    "of a missing emulator": (
        "from pathlib import Path\nfrom infra.local.emulators import package\n"
        "package.FOLDER = Path('/nowhere')\ndef test_it(storage_emulator): ..."
    ),
    "of nothing to try": (
        "import pytest\n@pytest.mark.parametrize('no', [], ids=['no browser here'][:0])\ndef test_it(no): ..."
    ),
}


def outcome(folder: Path, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a test file below a copy of our conftest."""
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (folder / "test_it.py").write_text(source)
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", "--rootdir", str(folder)],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_fails_where_everything_must_be_there(tmp_path: Path, source: str) -> None:
    done = outcome(tmp_path, source, CI="true")
    assert done.returncode in {1, 2}, done.stdout
    assert "skipped although CI=true" in done.stdout


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_is_a_skip_elsewhere(tmp_path: Path, source: str) -> None:
    done = outcome(tmp_path, source)
    assert done.returncode in {0, 5}, done.stdout
    assert "1 skipped" in done.stdout


def test_an_expected_failure_and_a_success_stay_what_they_are(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.xfail\ndef test_no():\n    assert 0\ndef test_yes(): ..."
    done = outcome(tmp_path, source, CI="true")
    assert done.returncode == 0
    assert "1 passed, 1 xfailed" in done.stdout
