import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

import services.crawling
from schemas import load_source, stored_object
from schemas.problem import Problem
from services.crawling import readme
from services.crawling.failure import STAGES
from services.crawling.phase import COMMANDS, legal
from services.jobs.engine import handling

ANSWERS = {
    "TimezoneUnknown",
    "ScheduleNotFound",
    "ScheduleExists",
    "CronRefused",
    "CronNeverFires",
    "BatchNotFound",
    "BatchTooLarge",
    "BudgetExceeded",
    "CrawlArchived",
    "DeliveryTooLarge",
    "FileNeedsKind",
    "CrawlErased",
    "CrawlNotFound",
    "IdempotencyInProgress",
    "IdempotencyMismatch",
    "IllegalCommand",
    "KindNotAccepted",
    "MetadataTooLarge",
    "ProcessorStopped",
    "QueueFull",
    "NoResult",
    "NotListed",
    "SnapshotGone",
    "SnapshotNotReady",
    "UnknownProvider",
    "WebhookRefused",
    "WebhookUnknown",
    "WebhookUnsigned",
    "WouldBuyAgain",
}
"""Told to whoever asked; no crawl ends by them."""

PASSING = {
    "DatasetFull",  # waited for; NotSentInTime in the end
    "MediaUnavailable",  # tried again; said of the link in the end
    "NotMedia",  # said of the link
    "NotReady",  # waited for; ProviderStalled in the end
    "ObjectNameRefused",  # names are made here
    "ProviderResting",  # waited for
    "SigningFailed",  # lines are answered instead
    "SubmitUnknown",  # looked up; StillUnknown in the end
    "Unanswered",  # a ProviderUnavailable
}


def modules() -> Iterator[object]:
    yield from (load_source, stored_object, handling)
    for module in pkgutil.walk_packages(services.crawling.__path__, "services.crawling."):
        yield importlib.import_module(module.name)


def problems() -> set[str]:
    return {
        name
        for module in modules()
        for name, thing in inspect.getmembers(module, inspect.isclass)
        if issubclass(thing, Problem) and thing.__module__ == getattr(module, "__name__", "")
    }


def cells(part: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in readme.parts()[part].splitlines()[2:]]


def test_every_failure_is_an_ending_an_answer_or_passes() -> None:
    endings = {kind.__name__ for kind in readme.ENDINGS}

    assert problems() - ANSWERS - PASSING == endings
    assert not endings & (ANSWERS | PASSING)


def test_every_phase_has_a_row_and_every_command_an_answer() -> None:
    rows = cells("commands")

    assert [row[0] for row in rows] == list(COMMANDS)
    assert {answer[:3] for row in rows for answer in row[3:]} == {"202", "409"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_code_answers(name: str) -> None:
    answers = dict(
        zip(
            ("cancel", "pause", "resume", "download", "retry-background"),
            cells("commands")[list(COMMANDS).index(name)][3:],
            strict=True,
        )
    )

    for row in readme._rows(name):
        for verb, answer in answers.items():
            living = row["snapshot_dead"] is False
            said = "202" if "living" in answer and living else "409" if "living" in answer else answer
            assert (verb in legal(row)) is (said == "202")


def test_control_a_changed_rule_changes_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    before = readme.parts()["commands"]

    monkeypatch.setitem(COMMANDS, "loading", ("cancel",))

    assert readme.parts()["commands"] != before


def test_every_code_names_its_stage_and_a_way_out() -> None:
    for code, stages, title, recovery in cells("codes"):
        assert code.strip("`").isupper()
        assert set(stages.split(", ")) <= set(STAGES)
        assert title
        assert recovery.endswith(".")
