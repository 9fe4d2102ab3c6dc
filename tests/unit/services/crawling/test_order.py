"""A trigger's body: every wrong field names itself, and equal meanings have one fingerprint."""

import json
from typing import Any

import pytest

from infra.runtime.http.invalid import InvalidRequest, MalformedJson
from schemas.problem import Problem
from services.crawling.face.read_order import read_order
from services.crawling.order import Order
from services.crawling.provider_options import UnknownProvider
from services.crawling.providers.bright_data import BrightData
from services.jobs.rank import Priority
from services.jobs.submitting.idempotency import read_key

GOOD = {"dataset_id": "gd_1", "platform": "facebook", "competitor": "nutifood"}
NOBODY: Any = None  # what an order says is judged without asking anybody
PROVIDERS = {"bright_data": BrightData(NOBODY)}
URL = "https://www.facebook.com/competitor"


def read(**changes: Any) -> Order:
    given = {name: value for name, value in {**GOOD, "url": URL, **changes}.items() if value != "left out"}
    return read_order(json.dumps(given).encode(), providers=PROVIDERS)[0]


def fields_of(problem: Problem) -> set[str]:
    errors: Any = problem.extra["errors"]
    return {error["field"] for error in errors}


def test_the_smallest_order_is_one_url_of_normal_priority_for_the_usual_provider() -> None:
    order = read()

    assert order.provider_inputs == [{"url": URL}]
    assert (order.provider, order.priority, order.warehouse) == ("bright_data", 2, "async")


def test_many_urls_and_whole_inputs_go_to_the_provider_in_their_order() -> None:
    rows = [{"url": URL, "limit": 3}, {"keyword": "milk"}]

    assert read(url=None, urls=[URL, f"{URL}/b"]).provider_inputs == [{"url": URL}, {"url": f"{URL}/b"}]
    assert read(url=None, inputs=rows).provider_inputs == rows
    assert len(read(url=None, urls=[URL] * 10_000).provider_inputs) == 10_000


def test_priorities_have_numbers_and_names() -> None:
    assert [read(priority=name.lower()).priority for name in Priority.__members__] == [0, 1, 2, 3, 4]
    assert [read(priority=number).priority for number in range(5)] == [0, 1, 2, 3, 4]


BAD_URLS = [
    "ftp://a/b",
    "javascript:alert(1)",
    "file:///etc/hostname",
    "data:text/html,x",
    "//a/b",
    "www.facebook.com",
    "http://",
    "https:///path",
    "http://[::1",
    "http://a:b/",
    "http://a:99999/",
    "http://a:0/",
    "https://user:secret@a/",
    "https://user@a/",
    "https://a/ b",
    "https://a/\n",
    "\thttps://a/",
    "https://a/" + "x" * 2048,
    "",
    7,
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_url_that_is_no_web_address_is_refused_wherever_it_stands(url: Any) -> None:
    with pytest.raises(InvalidRequest) as single:
        read(url=url)
    with pytest.raises(InvalidRequest) as among_others:
        read(url=None, urls=[URL, url])

    assert fields_of(single.value) == {"url"}
    assert fields_of(among_others.value) == {"urls.1"}


@pytest.mark.parametrize("url", ["ftp://a/b", "https://user:secret@a/", "http://[::1"])
def test_a_bad_url_inside_an_input_says_which_input(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(url=None, inputs=[{"url": URL}, {"url": url}])

    assert fields_of(refused.value) == {"inputs"}
    assert refused.value.detail.startswith("inputs: input 1: url ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dataset_id", "left out"),
        ("dataset_id", "gd 1"),
        ("dataset_id", "gd_1\n"),
        ("dataset_id", "../gd"),
        ("dataset_id", "x" * 129),
        ("dataset_id", ""),
        ("platform", "left out"),
        ("platform", ""),
        ("platform", "x" * 201),
        ("platform", 5),
        ("competitor", "left out"),
        ("competitor", None),
        ("provider", "x" * 65),
        ("priority", 5),
        ("priority", -1),
        ("priority", 1.5),
        ("priority", True),
        ("priority", "urgent"),
        ("source_id", "x" * 201),
        ("metadata", ["a"]),
        ("metadata", "a"),
        ("options", "a"),
        ("warehouse", "never"),
        ("urgent", True),
    ],
)
def test_every_bad_field_names_itself(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**{field: value})

    assert fields_of(refused.value) == {field}
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"urls": []}, "urls"),
        ({"urls": [URL] * 10_001}, "urls"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [{"url": URL}] * 10_001}, "inputs"),
        ({"inputs": [{}]}, "inputs"),
        ({"inputs": [URL]}, "inputs.0"),
        ({"options": {"limit": [1]}}, "options"),
        ({}, "body"),
        ({"url": URL, "urls": [URL]}, "body"),
    ],
)
def test_what_to_collect_is_said_in_one_way_and_within_limits(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**{"url": None, **changes})

    assert all(name.startswith(field) for name in fields_of(refused.value))


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(platform="", priority=9, url="ftp://a")

    assert fields_of(refused.value) == {"platform", "priority", "url"}


def test_an_unknown_provider_is_told_which_there_are() -> None:
    with pytest.raises(UnknownProvider) as refused:
        read(provider="nobody")

    assert fields_of(refused.value) == {"provider"}
    assert refused.value.extra["allowed"] == ["bright_data"]


def body(metadata: str) -> bytes:
    return f'{json.dumps({**GOOD, "url": URL})[:-1]}, "metadata": {{"a": {metadata}}}}}'.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{} {}",
        b"\xff\xfe{}",
        b"[" * 100_000,
        body("NaN"),
        body("Infinity"),
        body("1e400"),
        body("9" * 5000),
        body('"\\ud800"'),
        body('"\\x00"'),
        body("[" * 100_000 + "]" * 100_000),
        body("[" * 900 + "]" * 900),
        body("[" * 63 + "]" * 63),
    ],
)
def test_what_is_no_json_or_nests_without_end_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedJson):
        read_order(raw, providers=PROVIDERS)


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"a"', b"1"])
def test_json_that_is_no_object_is_refused_as_body(raw: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_order(raw, providers=PROVIDERS)

    assert fields_of(refused.value) == {"body"}


def test_nesting_up_to_the_limit_is_read() -> None:
    order, meant = read_order(body("[" * 62 + "]" * 62), providers=PROVIDERS)

    assert read_key("k", meant) is not None
    assert order.metadata["a"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"platform": "a\0b"}, "platform"),
        ({"metadata": {"deep": [{"er": "a\0"}]}}, "metadata.deep.0.er"),
        ({"metadata": {"a\0": 1}}, "metadata"),
        ({"metadata": {"n": 2**63}}, "metadata.n"),
        ({"metadata": {"n": -(2**63) - 1}}, "metadata.n"),
    ],
)
def test_what_the_database_could_not_keep_is_refused_with_its_place(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**changes)

    assert fields_of(refused.value) == {field}


def test_a_key_belongs_to_what_the_body_means_not_to_its_bytes() -> None:
    one = read_key("k", {"a": 1, "b": {"c": 2, "d": 3}})
    same = read_key("k", {"b": {"d": 3, "c": 2}, "a": 1})
    other = read_key("k", {"a": 1, "b": {"c": 2, "d": 4}})

    assert one == same != other
    assert read_key(None, {}) is None


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\0"])
def test_a_key_that_cannot_be_one_names_its_header(key: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_key(key, {})

    assert fields_of(refused.value) == {"Idempotency-Key"}
