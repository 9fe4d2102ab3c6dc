"""Unit tests lie where what they test lies."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USED = re.compile(r"^from services\.jobs\.(\w+)\.\w+ import", re.MULTILINE)
BESIDE = {"store"}  # rooms whose rows tests of other rooms use


def room(text: str) -> str | None:
    """The one room of the jobs that a test is about; None if it is about several, or none."""
    rooms = set(USED.findall(text)) - BESIDE
    return rooms.pop() if len(rooms) == 1 else None


def test_a_test_of_one_room_of_the_jobs_lies_in_the_folder_of_its_name() -> None:
    tests = ROOT / "tests/unit/services/jobs"
    found = {path.relative_to(tests): room(path.read_text()) for path in tests.rglob("test_*.py")}

    assert len(found) > 10
    assert [str(path) for path, of in found.items() if of not in {None, path.parent.name}] == []


@pytest.mark.parametrize(
    ("imports", "of"),
    [
        (["alerts.judge", "store.dead"], "alerts"),
        (["alerts.judge", "reading.eta"], None),
        (["store.queues"], None),
    ],
)
def test_control_the_room_of_a_test_is_known_by_what_it_imports(imports: list[str], of: str | None) -> None:
    assert room("\n".join(f"from services.jobs.{one} import x" for one in imports)) == of
