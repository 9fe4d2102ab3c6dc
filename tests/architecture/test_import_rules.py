"""The import contracts see every file, name every place, and break when they should."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ["functions", "services", "infra", "schemas"]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="module")
def named() -> Callable[[str, str], set[str]]:
    """What an option of a contract names, one entry a line or separated by bars."""
    config = ConfigParser()
    config.read(ROOT / ".importlinter")

    def read(contract: str, option: str) -> set[str]:
        words = config[f"importlinter:{contract}"][option].replace("|", "\n").split()
        return {word.strip("()") for word in words}

    return read


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def modules(pattern: str) -> set[str]:
    """Modules and packages that match, but not the package they lie in."""
    parent = module(ROOT / pattern.partition("*")[0] / "__init__.py")
    return {module(path) for path in ROOT.glob(pattern)} - {parent}


def folders(parent: str) -> set[str]:
    return {path.parent.name for path in ROOT.glob(f"{parent}/*/*.py")}


def test_the_graph_contains_every_file(graph: grimp.ImportGraph) -> None:
    files = {module(path) for package in PACKAGES for path in ROOT.glob(f"{package}/**/*.py")}
    assert files - graph.modules == set()


@pytest.mark.parametrize(
    ("contract", "option", "places"),
    [
        ("functions", "modules", ["functions/*.py"]),
        ("providers", "modules", ["services/crawling/providers/*.py services/crawling/providers/*/__init__.py"]),
        ("entry-points", "protected_modules", ["functions/*.py", "services/*/main.py"]),
    ],
)
def test_a_contract_with_wildcards_matches_every_file_it_is_about(
    graph: grimp.ImportGraph, named: Callable[[str, str], set[str]], contract: str, option: str, places: list[str]
) -> None:
    matched = {found for name in named(contract, option) for found in graph.find_matching_modules(name)}
    for place in places:
        expected = {found for pattern in place.split() for found in modules(pattern)}
        assert expected, f"nothing at {place}: the contract {contract} would be vacuous"
        assert expected <= matched


def test_every_context_has_its_place(named: Callable[[str, str], set[str]]) -> None:
    assert folders("services") <= named("contexts", "layers")


def test_everything_but_the_adapter_for_google_is_kept_from_google(named: Callable[[str, str], set[str]]) -> None:
    expected = {"functions", "services", "schemas"} | {f"infra.{folder}" for folder in folders("infra") - {"gcp"}}
    assert named("google", "source_modules") == expected


def test_every_adapter_is_kept_from_services(named: Callable[[str, str], set[str]]) -> None:
    expected = {f"infra.{folder}" for folder in folders("infra") - {"postgres", "runtime"}}
    assert named("adapters", "protected_modules") == expected


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree's Python files and contracts, free to be spoiled."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=_other_than_python)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def _other_than_python(folder: str, names: list[str]) -> list[str]:
    kept = {name for name in names if name.endswith(".py") or (Path(folder) / name).is_dir()}
    return [name for name in names if name not in kept - {"__pycache__", "node_modules"}]


def lint(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--config",
        ".importlinter",
        "--no-cache",
        "--no-logo",
    ]
    return subprocess.run([*command, *arguments], cwd=tree, capture_output=True, text=True, check=False)


def test_the_tree_keeps_every_contract(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("contract", "spoiled"),
    [
        ("layers", {"infra/runtime/spoiled.py": "import services.jobs"}),
        ("layers", {"schemas/spoiled.py": "import infra.runtime"}),
        ("contexts", {"services/crawling/spoiled.py": "import services.events"}),
        ("contexts", {"services/console/spoiled.py": "import services.crawling"}),
        ("contexts", {"services/console/spoiled.py": "import services.access.create_key"}),
        ("contexts", {"services/jobs/spoiled.py": "import services.crawling"}),
        ("contexts", {"services/unheard_of/__init__.py": ""}),
        ("functions", {"functions/one.py": "", "functions/two.py": "import functions.one"}),
        (
            "providers",
            {
                "services/crawling/providers/one.py": "",
                "services/crawling/providers/two.py": "import services.crawling.providers.one",
            },
        ),
        ("entry-points", {"functions/one.py": "", "services/jobs/spoiled.py": "import functions.one"}),
        ("entry-points", {"services/unheard_of/main.py": "", "functions/one.py": "import services.unheard_of.main"}),
        ("adapters", {"services/crawling/spoiled.py": "import infra.embedded"}),
        ("adapters", {"services/console/main.py": "import infra.local"}),
        ("google", {"infra/postgres/spoiled.py": "import google.cloud.storage"}),
        ("google", {"services/jobs/spoiled.py": "def late() -> None:\n    import google.cloud.storage"}),
        ("blind", {"infra/postgres/spoiled.py": "import schemas.events.crawl_failed"}),
        ("blind", {"infra/postgres/spoiled.py": "import schemas.records.crawl_record"}),
    ],
)
def test_a_spoiled_tree_breaks_the_contract(copy: Path, contract: str, spoiled: dict[str, str]) -> None:
    for path, text in spoiled.items():
        target = copy / path
        target.parent.mkdir(exist_ok=True)
        (target.parent / "__init__.py").touch()
        target.write_text(text)

    done = lint(copy, "--contract", contract)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout
