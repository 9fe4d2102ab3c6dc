from typing import Any

import pytest

from services.crawling.result.record import BadLine, count_media, decode_ordinary, decode_record, is_error, unmarked


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"a":NaN}', "not_json"),
        (b'{"a":Infinity}', "not_json"),
        (b'{"a":-Infinity}', "not_json"),
        (b'{"a":1e400}', "number_out_of_range"),
        (b'{"a":-1E+400}', "number_out_of_range"),
        (b'{"a":{"b":[1e400]}}', "number_out_of_range"),
        (b'{"a":' + b"9" * 5000 + b"}", "number_out_of_range"),
        (b'{"a":"\\ud800"}', "not_json"),
        (b'{"a":"\\ud800 and more of it"}', "not_json"),
        (b'{"a":"\\udc00 and more of it"}', "not_json"),
        (b'{"\\ud800 and more of it":1}', "not_json"),
        (b'{"a":"\xed\xa0\x80"}', "not_utf8"),
        (b'{"a":"\xff"}', "not_utf8"),
        (b'{"a":"\0"}', "not_json"),
        (b'{"a":1}\0', "not_json"),
        (b'{"a":1}{"a":1}', "not_json"),
        (b'{"a":1} {"a":1}', "not_json"),
        (b'{"a":1},', "not_json"),
        (b'{"a":01}', "not_json"),
        (b'{"a"', "not_json"),
        (b"[1]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (nested(65), "too_deep"),
        (nested(100_000), "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
    ],
)
def test_a_line_some_reader_could_choke_on_is_a_bad_line(line: bytes, fault: str) -> None:
    with pytest.raises(BadLine) as caught:
        decode_record(line)

    assert caught.value.fault == fault
    with pytest.raises((ValueError, RecursionError)):
        decode_ordinary(line)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b' {"a" : [ 1 , 2 ] }\r\n',
        '{"a":"\u2028\u0085\U0001f600"}'.encode(),
        b'{"a":"\\ud83d\\ude00 \\u0000"}',
        b'{"a":123456789012345678901234567890,"b":1e308,"c":1e-400,"d":null,"e":true}',
    ],
)
def test_a_good_line_reads_the_same_both_ways(line: bytes) -> None:
    assert decode_ordinary(line) == decode_record(line)


def test_depth_64_is_a_record_although_it_is_not_ordinary() -> None:
    assert decode_record(nested(64))
    with pytest.raises(ValueError, match="array"):
        decode_ordinary(nested(64))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"error_code": "dead_page"}, True),
        ({"error": "4XX page", "input": {"url": "x"}}, True),
        ({"error": "4XX page"}, False),
        ({"error": None, "error_code": None, "input": {}}, False),
        ({"warning": "slow", "input": {}}, False),
    ],
)
def test_an_error_record_says_so_itself(record: dict[str, Any], *, expected: bool) -> None:
    assert is_error(record) is expected


@pytest.mark.parametrize(
    ("record", "links"),
    [
        ({"image": "https://a/1.png"}, 1),
        ({"image_url": "HTTP://a/1.png"}, 1),
        ({"photos": ["https://a/1", "http://a/2", "data:image/png;base64,AA", None, 7]}, 2),
        ({"videos": [{"url": "https://a/1"}, {"src": "https://a/2"}]}, 1),
        ({"thumbnail": {"url": "https://a/1"}, "video_url": "https://a/2"}, 2),
        ({"media": [["https://a/1"]], "attachments": []}, 1),
        ({"url": "https://a/1", "text": "https://a/2"}, 0),
    ],
)
def test_media_are_links_under_the_names_of_media(record: dict[str, Any], links: int) -> None:
    assert count_media(record) == links
    assert not unmarked(record) or links == 0
