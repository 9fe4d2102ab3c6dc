"""Records of every provider as documents."""

from typing import Any

import msgspec
import pytest

from services.documents.extraction.record import MAX_DOCUMENT, extracted

FIRECRAWL = {
    "markdown": "# Lamp Nord\n\nPrice: 49 EUR\n",
    "html": "<h1>Lamp Nord</h1>",
    "rawHtml": "<html>",
    "links": ["https://shop.example/"],
    "metadata": {
        "title": "Lamp Nord - shop",
        "sourceURL": "https://shop.example/lamp?ref=1",
        "url": "https://shop.example/lamp",
        "statusCode": 200,
        "creditsUsed": 1,
    },
}
WEBSITE = {
    "url": "https://shop.example/lamp",
    "depth": 1,
    "fetched_at": "2025-11-22T09:30:00+00:00",
    "final_url": "https://shop.example/lamp/",
    "status": 200,
    "content_type": "text/html",
    "title": "Lamp Nord",
    "text": "Lamp Nord\nOrder now",
    "links": ["https://shop.example/"],
    "truncated": False,
    "error": None,
}
POST = {
    "post_id": "17",
    "url": "https://www.facebook.com/north-mill/posts/17",
    "content": "Opening hours change next week.\nDogs welcome.",
    "date_posted": "2026-03-01T10:00:00.000Z",
    "likes": 12,
    "num_shares": None,
    "hashtags": ["#mill"],
    "photos": None,
    "page_name": "North Mill",
    "timestamp": "2026-03-02T10:00:00.000Z",
    "input": {"url": "https://www.facebook.com/north-mill"},
}
PICTURE = {"url": "https://www.instagram.com/p/a", "caption": "The mill", "description": "A photo", "is_video": True}
PRODUCT = {
    "name": "Lamp",
    "final_price": 12.5,
    "in_stock": True,
    "brand": "Northmill",
    "about": "",
    "description": "Oak",
}


def one(record: Any) -> tuple[str, str, str]:
    """Address, title and text of the document of a record."""
    [made] = extracted([msgspec.json.encode(record)], first=1)
    return made.url, made.title, made.text


@pytest.mark.parametrize(
    ("record", "url", "title", "text"),
    [
        (FIRECRAWL, "https://shop.example/lamp", "Lamp Nord - shop", "# Lamp Nord\n\nPrice: 49 EUR"),
        (
            WEBSITE,
            "https://shop.example/lamp",
            "Lamp Nord",
            "Lamp Nord\nOrder now",
        ),
        (
            POST,
            "https://www.facebook.com/north-mill/posts/17",
            "North Mill",
            (
                "Opening hours change next week.\nDogs welcome.\npost id: 17\ndate posted: 2026-03-01T10:00:00.000Z\n"
                "likes: 12\npage name: North Mill\ntimestamp: 2026-03-02T10:00:00.000Z"
            ),
        ),
        ({"text": "x", "status": "open", "depth": 3}, "", "", "x\nstatus: open\ndepth: 3"),
        (PICTURE, "https://www.instagram.com/p/a", "", "The mill\ndescription: A photo\nis video: true"),
        (PRODUCT, "", "Lamp", "Oak\nname: Lamp\nfinal price: 12.5\nin stock: true\nbrand: Northmill"),
        ({"input": {"url": "https://a.example"}, "text": "x"}, "https://a.example", "", "x"),
        ({"n": 1}, "", "", "n: 1"),
        ({}, "", "", ""),
    ],
    ids=[
        "firecrawl",
        "website",
        "a post",
        "a state",
        "a picture",
        "a product",
        "only asked for",
        "a number",
        "nothing",
    ],
)
def test_a_record_says_its_address_its_title_and_its_text(record: Any, url: str, title: str, text: str) -> None:
    assert one(record) == (url, title, text)


@pytest.mark.parametrize(
    "line",
    [
        msgspec.json.encode({"timestamp": "t", "input": {"url": "u"}, "error": "4XX page", "error_code": "dead_page"}),
        msgspec.json.encode({"error": "robots.txt forbids this page", "error_code": "ROBOTS_BLOCKED", "input": {}}),
        msgspec.json.encode({"url": "u", "depth": 0, "error_code": "TIMEOUT", "error": "too slow", "final_url": None}),
        msgspec.json.encode({"error": "failed", "input": {"url": "u"}}),
        b"",
        b"[1]",
        b'{"cut',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_an_error_or_no_record_is_no_document_and_still_counts_as_a_line(line: bytes) -> None:
    made = extracted([b"{}", line, b'{"text": "after"}'], first=7)

    assert [(one.ordinal, one.text) for one in made] == [(7, ""), (9, "after")]


@pytest.mark.parametrize("record", [{"error": "Error 404 - a film", "text": "x"}, {"error_code": None, "text": "x"}])
def test_control_a_record_that_only_speaks_of_errors_is_a_document(record: Any) -> None:
    assert one(record)[2].startswith("x")


def test_a_text_is_cut_where_it_is_too_long_and_holds_nothing_that_no_database_keeps() -> None:
    url, title, text = one({"url": "u\0", "title": "t" * 999, "text": "x\0" * MAX_DOCUMENT, "more": "lost"})

    assert (url, len(title), len(text)) == ("u\ufffd", 300, MAX_DOCUMENT)
    assert text.startswith("x\ufffdx")


def test_values_that_are_no_scalars_are_left_out() -> None:
    assert one({"a": [1], "b": {"c": 2}, "d": None, "e": "", "f": 0, "g": False})[2] == "f: 0\ng: false"
