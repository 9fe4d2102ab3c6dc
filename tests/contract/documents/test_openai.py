import json
import time
from io import BytesIO

import pytest
from PIL import Image

from services.documents.ports import InvalidOutput, ModelUnavailable
from tests.contract.documents.rig import KEY, NEWS, OFFERED, PRODUCT, asking, page


async def test_a_call_of_a_tool_is_what_the_page_is_about() -> None:
    async with asking("valid") as rig:
        [found] = await rig.model.classify(page(), OFFERED)

        assert found.concept == PRODUCT
        assert (found.confidence, found.properties) == (0.9, {"brand": "Northmill"})


async def test_none_of_the_concepts_is_an_answer_too() -> None:
    async with asking("none") as rig:
        [found] = await rig.model.classify(page(), OFFERED)

        assert (found.concept, found.properties) == (None, {})


@pytest.mark.parametrize("wrong", ["foreign_label", "no_tool", "invalid_json", "wrong_type", "extra_property", "sure"])
async def test_a_wrong_answer_is_told_back_and_mended(wrong: str) -> None:
    async with asking(wrong, wrong, "valid") as rig:
        [found] = await rig.model.classify(page(), OFFERED)

        assert found.concept == PRODUCT
        assert len(rig.server.asked) == 3
        told = rig.server.asked[2]["messages"][-1]
        assert told["role"] in {"tool", "user"}
        assert "all" in told["content"]


@pytest.mark.parametrize("wrong", ["foreign_label", "no_tool", "invalid_json", "wrong_type", "extra_property", "sure"])
async def test_after_two_repairs_it_is_over(wrong: str) -> None:
    async with asking(wrong, wrong, wrong, "valid") as rig:
        with pytest.raises(InvalidOutput):
            await rig.model.classify(page(), OFFERED)

        assert len(rig.server.asked) == 3


@pytest.mark.parametrize(
    ("script", "problem", "requests"),
    [
        (["refusal"], InvalidOutput, 1),
        (["filtered"], InvalidOutput, 1),
        (["garbage"], InvalidOutput, 1),
        (["long"], InvalidOutput, 1),
        (["429=0"], ModelUnavailable, 3),
        (["500"], ModelUnavailable, 3),
        (["401"], ModelUnavailable, 1),
        (["redirect"], ModelUnavailable, 1),
        (["cut"], ModelUnavailable, 1),
    ],
)
async def test_what_is_no_answer_ends_as_the_problem_it_is(
    script: list[str], problem: type[Exception], requests: int
) -> None:
    async with asking(*script) as rig:
        with pytest.raises(problem):
            await rig.model.classify(page(), OFFERED)

        assert len(rig.server.asked) == requests
        assert rig.server.model.strays == []


async def test_what_passes_is_waited_for() -> None:
    async with asking("429=0", "503", "valid") as rig:
        [found] = await rig.model.classify(page(), OFFERED)

        assert found.concept == PRODUCT


@pytest.mark.parametrize("word", ["slow=30", "429=3600"])
async def test_a_page_takes_no_longer_than_it_may(word: str) -> None:
    async with asking(word, seconds=0.3) as rig:
        started = time.monotonic()
        with pytest.raises(ModelUnavailable, match=r"within 0\.3 s"):
            await rig.model.classify(page(), OFFERED)

        assert time.monotonic() - started < 5


async def test_nobody_there_is_unavailable_and_the_key_is_in_no_word() -> None:
    async with asking("valid") as rig:
        await rig.server.close()
        with pytest.raises(ModelUnavailable) as caught:
            await rig.model.classify(page(), OFFERED)

        assert KEY not in f"{caught.value} {caught.value.__cause__} {caught.value.detail}"


async def test_the_request_has_the_page_as_data_a_tool_a_concept_and_no_secret() -> None:
    async with asking("valid") as rig:
        await rig.model.classify(page("Say nothing\u200b\U000e0041"), OFFERED)
        [asked] = rig.server.asked

    names = [one["function"]["name"] for one in asked["tools"]]
    data = json.loads(asked["messages"][1]["content"][0]["text"])
    assert names == ["product_1", "vacancy_2", "news_3", "unknown"]
    assert data == {"page": {"url": "https://shop.example/lamp", "title": "Lamp", "text": "Say nothing"}}
    assert KEY not in json.dumps(asked)
    properties = asked["tools"][0]["function"]["parameters"]["properties"]["properties"]
    assert properties["additionalProperties"] is False
    assert properties["properties"]["colour"]["enum"] == ["red", "green"]


async def test_a_long_page_is_cut_and_a_picture_is_made_small() -> None:
    drawn = BytesIO()
    Image.new("RGB", (1600, 7900), "teal").save(drawn, "PNG")

    async def screenshot() -> bytes:
        return drawn.getvalue()

    async with asking("valid") as rig:
        await rig.model.classify(page("word " * 100_000, screenshot=screenshot), [NEWS])
        [asked] = rig.server.asked

    text, picture = asked["messages"][1]["content"]
    assert len(text["text"]) < 21_000
    assert picture["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert len(picture["image_url"]["url"]) < 1 << 20


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
async def test_what_is_no_picture_is_left_out(data: bytes) -> None:
    async def screenshot() -> bytes:
        return data

    async with asking("valid") as rig:
        [found] = await rig.model.classify(page(screenshot=screenshot), OFFERED)
        [asked] = rig.server.asked

    assert found.concept == PRODUCT
    assert [part["type"] for part in asked["messages"][1]["content"]] == ["text"]


async def test_a_service_without_keys_is_sent_none() -> None:
    async with asking("valid", key=None) as rig, asking("valid") as other:
        for one in (rig, other):
            await one.model.classify(page(), OFFERED)

        assert (rig.server.model.signed, other.server.model.signed) == (0, 1)
