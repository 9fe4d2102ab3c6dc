from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.local.simulators.llm import Llm, serve
from infra.runtime.configuration.secret import Secret
from services.documents.models.resting import MOST_SILENCES
from services.documents.wiring import documents
from tests.flow.documents.desk import PRODUCT, Desk, classified, desk


@asynccontextmanager
async def asking(
    database_dsn: str, folder: Path, *script: str, seconds: float = 5.0
) -> AsyncIterator[tuple[Desk, Llm]]:
    """A desk whose settings name a model."""
    server = await serve(script=script)
    given: dict[str, Any] = {
        "openai_base_url": server.url,
        "openai_api_key": Secret("sk-x"),
        "openai_model": "eyes",
        "classify_seconds": seconds,
    }
    try:
        async with desk(database_dsn, folder, **given) as opened:
            await opened.made(PRODUCT)
            yield opened, server
    finally:
        await server.close()


async def found(editor: Desk, **given: Any) -> dict[str, Any]:
    """What the chosen model finds."""
    return await classified(editor.runtime.database, editor.runtime.once(documents).model, **given)


async def test_without_a_model_the_local_classifier_answers_and_says_so(editor: Desk) -> None:
    await editor.made(PRODUCT)

    said = await found(editor)

    assert said["resources"][0]["classification"]["model"] == "local"


async def test_settings_name_who_is_asked(database_dsn: str, tmp_path: Path) -> None:
    async with asking(database_dsn, tmp_path, "valid") as (editor, server):
        said = await found(editor, text="brand: Northmill\nArticle for sale.")
        [resource] = said["resources"]

        assert resource["classification"]["label"] == "Product"
        assert (resource["classification"]["model"], resource["provenance"]["prompt_version"]) == ("eyes", "tools-1")
        assert resource["extracted_properties"] == {"brand": "Northmill"}
        assert [asked["model"] for asked in server.asked] == ["eyes"]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("invalid_json", "INVALID_OUTPUT"),
        ("foreign_label", "INVALID_OUTPUT"),
        ("refusal", "INVALID_OUTPUT"),
        ("long", "INVALID_OUTPUT"),
        ("garbage", "INVALID_OUTPUT"),
        ("429=0", "CLASSIFY_UNAVAILABLE"),
        ("500", "CLASSIFY_UNAVAILABLE"),
        ("cut", "CLASSIFY_UNAVAILABLE"),
        ("slow=30", "CLASSIFY_UNAVAILABLE"),
    ],
)
async def test_whatever_a_model_does_a_page_ends_with_a_label_and_a_warning(
    database_dsn: str, tmp_path: Path, word: str, code: str
) -> None:
    seconds = 0.2 if word.startswith("slow") else 5.0
    async with asking(database_dsn, tmp_path, word, seconds=seconds) as (editor, _):
        said = await found(editor)
        [resource] = said["resources"]

        assert (resource["classification"]["label"], resource["classification"]["needs_review"]) == ("unknown", True)
        assert [one["code"] for one in said["warnings"]] == [code]
        assert said["warnings"][0]["recovery"].endswith(".")


async def test_a_model_that_is_away_is_not_waited_for_by_every_page(database_dsn: str, tmp_path: Path) -> None:
    async with asking(database_dsn, tmp_path, "slow=30", seconds=0.2) as (editor, server):
        told = [(await found(editor))["warnings"][0]["code"] for _ in range(MOST_SILENCES + 2)]

        assert told == ["CLASSIFY_UNAVAILABLE"] * (MOST_SILENCES - 1) + ["MODEL_RESTING"] * 3
        assert len(server.asked) == MOST_SILENCES


async def test_a_failed_attempt_asks_again_only_as_a_new_attempt(database_dsn: str, tmp_path: Path) -> None:
    async with asking(database_dsn, tmp_path, "401", "valid") as (editor, server):
        job_id = uuid4()
        labels = [
            (await found(editor, job_id=job_id, attempt=attempt))["resources"][0]["classification"]["label"]
            for attempt in (1, 1, 2)
        ]

        assert (labels, len(server.asked)) == (["unknown", "unknown", "Product"], 2)
