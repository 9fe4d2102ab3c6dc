"""Pages for people: they name what there is, all of it, and nothing else."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from infra.runtime.configuration.variables import defaults
from schemas.subscribe import Subscriber

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FOLDERS = ("schemas", "services", "functions", "infra", "tests")
PAGES = [
    "README.md",
    *(f"{folder}/README.md" for folder in FOLDERS),
    *(f"services/{name}/README.md" for name in ("crawling", "documents", "intake", "jobs")),
    "infra/terraform/README.md",
]
LONGEST = 40  # lines: what lives here, how to add one
OURS = re.compile(r"\b(?:HEADRACE|BACKGROUND|BRIGHT_DATA|MAX|JOB|PROCESSING|IMMEDIATE)_[A-Z_]*[A-Z]\b")
CONSTANT = re.compile(r"^([A-Z][A-Z_]*[A-Z])(?:: [^=\n]+)? = ", re.MULTILINE)
CODE = re.compile(r'^    code: ClassVar\[str\] = "(\w+)"', re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
OTHERS = {
    "BACKGROUND_BLUE",
    "BACKGROUND_GREEN",
    "BACKGROUND_INTENSITY",
    "BACKGROUND_RED",
    "MAX_WBITS",
}  # names of Windows and of zlib
PLACES = re.compile(r"`((?!roles/)[\w.-]+/[\w./-]+)`|\]\(([\w./-]*(?:#[\w-]+)?)\)")


def routes() -> set[str]:
    document = json.loads((ROOT / "schemas/generated/openapi.json").read_text())
    return {f"{verb.upper()} {path}" for path, verbs in document["paths"].items() for verb in verbs}


def places(text: str) -> Iterator[str]:
    """Files, folders and headings a page names, and no roles: in backticks with a slash inside, or as a link."""
    for quoted, linked in PLACES.findall(text):
        yield quoted or linked


def exists(page: str, place: str) -> bool:
    path, _, anchor = place.partition("#")
    found = [file for base in (ROOT, (ROOT / page).parent) if (file := base / path if path else ROOT / page).exists()]
    return any(not anchor or (file.is_file() and anchor in anchors(file.read_text())) for file in found)


def anchors(text: str) -> set[str]:
    """What a link to a part of a page ends in: its headings in small letters, with hyphens for spaces."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def variables(texts: Iterable[str]) -> set[str]:
    """Names as settings have them that are neither constants nor codes of problems."""
    texts = list(texts)
    named = {name for text in texts for name in OURS.findall(text)}
    settings = {one.name for one in defaults()}
    return (
        named - {name for text in texts for name in [*CONSTANT.findall(text), *CODE.findall(text)]} | named & settings
    )


def unset(text: str) -> list[str]:
    """Variables that a page's commands use before any command before them set them; an environment's are its own."""
    known, wrong = set[str](), list[str]()
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            wrong += [name for name in re.findall(r"\$\{?([a-z]\w*)", line) if name not in known]
            known |= set(re.findall(r"(?:^| )([a-z]\w*)=", line))
    return wrong


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_readme_names_every_route() -> None:
    assert len(routes()) > 10
    assert sorted(route for route in routes() if f"`{route}`" not in README) == []


def test_the_readme_and_the_example_name_every_setting() -> None:
    example = (ROOT / ".env.example").read_text()

    assert [one.name for one in defaults() if f"| `{one.name}` |" not in README] == []
    assert [one.name for one in defaults() if f"\n#{one.name}={one.value}\n" not in example] == []


def test_every_variable_that_anything_names_is_a_setting() -> None:
    sources = [path for folder in FOLDERS[:4] for path in (ROOT / folder).rglob("*.py")]
    named = variables(path.read_text() for path in [*sources, *map(ROOT.joinpath, PAGES)])

    assert {"HEADRACE_DATA_DIR", "MAX_QUEUE_SIZE", "JOB_TIMEOUT", "PROCESSING_MAX_RETRIES"} <= named
    assert named - {one.name for one in defaults()} - OTHERS == {"HEADRACE_SECRET"}  # in the example of a subscriber


def test_control_a_variable_that_is_no_setting_is_noticed() -> None:
    text = 'MAX_TRIES = 8\nclass Late:\n    code: ClassVar[str] = "JOB_LATE"\nraise MAX_QUEUE_LENGTH, not MAX_TRIES'

    assert variables([text, "set `IMMEDIATE_ANSWER`"]) == {"MAX_QUEUE_LENGTH", "IMMEDIATE_ANSWER"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_says_in_one_screen_what_lives_there(folder: str) -> None:
    page = (ROOT / folder / "README.md").read_text()

    assert page.startswith(f"# {folder}\n")
    assert "\n## Add " in page
    assert len(page.splitlines()) <= LONGEST


@pytest.mark.parametrize("page", PAGES)
def test_every_place_that_a_page_names_exists(page: str) -> None:
    named = set(places((ROOT / page).read_text()))

    assert sorted(place for place in named if not exists(page, place)) == []


def test_control_a_place_that_is_not_there_is_noticed() -> None:
    assert list(places("see `tests/chaos/test_nothing.py` and [this](services/nowhere.md)")) == [
        "tests/chaos/test_nothing.py",
        "services/nowhere.md",
    ]
    assert list(places("[this](services/jobs/README.md#nowhere), [that](#here)")) == [
        "services/jobs/README.md#nowhere",
        "#here",
    ]
    assert not exists("README.md", "services/jobs/README.md#nowhere")
    assert not exists("README.md", "services/nowhere.md#add-a-kind-of-job")
    assert exists("functions/README.md", "../services/jobs/README.md#add-a-kind-of-job")
    assert exists("services/jobs/README.md", "#add-a-kind-of-job")
    assert not exists("services/jobs/README.md", "#nowhere")
    assert not exists("README.md", "services/nowhere.md")
    assert exists("services/crawling/README.md", "ports.py")


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_of_a_command_was_set_by_one_before(page: str) -> None:
    assert unset((ROOT / page).read_text()) == []


def test_control_a_variable_that_nothing_set_is_noticed() -> None:
    page = "```sh\nplace=here\ncurl $place $time\n```\n```sh\ncurl ${place}; time=now\necho $time $OURS\n```\n"

    assert unset(page) == ["time"]


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`make ([a-z0-9-]+)", (ROOT / page).read_text()))

    assert named <= targets()


def test_every_context_and_kind_of_test_is_listed() -> None:
    contexts = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}
    tests = ROOT / "tests"  # without asking git: a build gets the files and no repository
    kinds = {path.relative_to(tests).parts[0] for path in tests.glob("*/**/*.py")}

    assert [name for name in contexts if f"| `{name}` |" not in (ROOT / "services/README.md").read_text()] == []
    assert [name for name in kinds if f"| `{name}/` |" not in (ROOT / "tests/README.md").read_text()] == []


def example_with(words: str) -> str:
    """The one example in Python that has these words."""
    (found,) = (one for one in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if words in one)
    return str(found)


def test_the_example_of_a_subscriber_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made: dict[str, object] = {"__name__": "team"}
    exec(compile(example_with("@subscribe"), "README.md", "exec"), made)

    subscriber = made["load"]
    assert isinstance(subscriber, Subscriber)
    assert subscriber.event_type.topic == "data.ingestion.completed"


def test_the_example_of_the_python_face_works(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("python-face")
    code = example_with("create_background_processor")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "HEADRACE_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if re.fullmatch(r"2 of 2 in \d+ s", line)]
    assert sum(line.endswith(" completed None") for line in lines) == 3
    assert [line for line in lines if line.endswith(" %")]
