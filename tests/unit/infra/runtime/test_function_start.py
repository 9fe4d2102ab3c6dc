"""What a function does not do before it is there; other processes of ours do."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
FUNCTION = "import functions_framework.aio"
OTHER = "pass"
PLUGIN = "[pydantic]\nabsent = absent_plugin:plugin\n"


def said(first: str, then: str, *, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    code = f"import gc, sys; sys.path.insert(0, {str(path)!r}); {first}; {then}"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)


@pytest.mark.parametrize(("first", "looked"), [(FUNCTION, False), (OTHER, True)])
def test_a_function_looks_for_no_garbage_while_it_loads(first: str, *, looked: bool) -> None:
    looks = "sum(one['collections'] for one in gc.get_stats())"
    done = said(first, f"before = {looks}; import functions.sweep; print({looks} > before)")
    assert done.stdout.strip() == str(looked)


@pytest.mark.parametrize(("first", "looked"), [(FUNCTION, False), (OTHER, True)])
def test_a_function_looks_for_no_plugins_of_pydantic(first: str, tmp_path: Path, *, looked: bool) -> None:
    package = tmp_path / "absent-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: absent\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(PLUGIN)
    done = said(first, "import infra.runtime, services.documents.ontology.concept", path=tmp_path)
    assert ("`absent` Pydantic plugin" in done.stderr) is looked
