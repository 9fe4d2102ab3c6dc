import hashlib
import json
from dataclasses import asdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.problem import Problem
from services.crawling.result.gunzip import ResultCorrupt, ResultTruncated
from services.crawling.result.ndjson import Judge, ResultNotData, ResultTooLarge
from services.crawling.result.tally import Limits, RowRejectLimit, Tally

TOLERANT = Limits(rejects=10**9, reject_share=1.0)
GOOD = b'{"id":1,"photos":["https://a/1","https://a/2"]}'
ERROR = b'{"error":"4XX page","error_code":"dead_page","input":{"url":"x"}}'
BAD = b'{"id":NaN}'

LINES = st.sampled_from(
    [
        *(b"{}", GOOD, ERROR, BAD, b"", b"  ", b"\r", b"[1]", b"null", b'{"a":1}\r', b' {"a":1}', b'{"a":1} {"b":2}'),
        *('{"a":"\u2028\u0085"}'.encode(), b'{"a":"\xff"}', b'{"a":1e400}', b'{"a":' + b"[" * 9 + b"]" * 9 + b"}"),
        *(b'{"a":', b"1}", b'{"deep":' + b"[" * 70 + b"]" * 70 + b"}"),
    ]
)


def judged(
    data: bytes, size: int = 1 << 20, *, limits: Limits = TOLERANT, tally: Tally | None = None
) -> tuple[Judge, bytes]:
    judge = Judge(limits=limits, tally=tally)
    out = [judge.feed(data[start : start + size]) for start in range(0, len(data), size)]
    return judge, b"".join([*out, *judge.finish()])


def verdict(data: bytes, size: int, limits: Limits = TOLERANT) -> object:
    try:
        judge, out = judged(data, size, limits=limits)
    except Problem as problem:
        return type(problem)
    return out, asdict(judge.tally), judge.rejects, judge.digest.hexdigest()


def test_good_lines_come_out_as_they_went_in() -> None:
    data = GOOD + b"\n" + ERROR + b"\r\n" + b' {"b" : 2}\n'

    judge, out = judged(data)

    assert out == data
    assert asdict(judge.tally) == {"rows": 3, "error_rows": 1, "rejected": 0, "media_count": 2, "bytes": len(data)}
    assert judge.digest.hexdigest() == hashlib.sha256(data).hexdigest()


def test_a_bad_line_is_set_aside_with_its_number_and_reason() -> None:
    judge, out = judged(b"\n".join([GOOD, b"", BAD, b"[]" + b" " * 9000, GOOD, b""]))

    assert out == GOOD + b"\n" + GOOD + b"\n"
    assert [(reject.line, reject.reason, len(reject.raw)) for reject in judge.rejects] == [
        (2, "not_json", len(BAD)),
        (3, "not_an_object", 4096),
    ]
    assert judge.tally.bytes == len(out)
    assert judge.digest.hexdigest() == hashlib.sha256(out).hexdigest()


def test_lines_end_at_newlines_and_nowhere_else() -> None:
    data = '{"text":"a\u2028b\u2029c\u0085d\\r"}\n'.encode()

    judge, out = judged(data)

    assert (out, judge.tally.rows, judge.tally.rejected) == (data, 1, 0)
    assert len(data.decode().splitlines()) > 1


def test_an_object_over_two_lines_is_no_line() -> None:
    judge, out = judged(b'{"a":1}\n{"a":\n1}\n{"a":1}{"a":1}\n\n')

    assert out == b'{"a":1}\n'
    assert [reject.line for reject in judge.rejects] == [2, 3, 4]


@given(lines=st.lists(LINES, max_size=30), end=st.sampled_from([b"", b"\n"]), size=st.integers(1, 40))
@settings(deadline=None, derandomize=True, max_examples=400)
def test_how_a_stream_is_cut_into_blocks_never_matters(lines: list[bytes], end: bytes, size: int) -> None:
    data = b"\n".join(lines) + end

    assert verdict(data, size) == verdict(data, 1 << 20)


@given(
    good=st.lists(st.integers(0, 30), max_size=6),
    size=st.integers(1, 60),
    share_from=st.integers(1, 40),
    rejects=st.integers(0, 4),
)
@example(good=[9, 0, 200], size=400, share_from=11, rejects=9)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_how_a_stream_is_cut_into_blocks_never_matters_to_the_limit(
    good: list[int], size: int, share_from: int, rejects: int
) -> None:
    limits = Limits(rejects=rejects, reject_share=0.1, share_from=share_from)
    data = b"".join(b"{}\n" * count + b"[]\n" for count in good) + b"{}\n"

    assert verdict(b"{}\n" + data, size, limits) == verdict(b"{}\n" + data, 1, limits)


@given(st.lists(LINES.filter(lambda line: line.startswith(b"{")), min_size=1, max_size=8))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_counts_are_those_of_the_lines_one_by_one(lines: list[bytes]) -> None:
    judge, out = judged(b"".join(line + b"\n" for line in lines))
    good = out.split(b"\n")[:-1]

    assert judge.tally.rows == len(good)
    assert judge.tally.rows + judge.tally.rejected == len(lines)
    assert all(isinstance(json.loads(line), dict) for line in good)


def test_a_stream_cut_at_any_byte_is_truncated_or_ends_at_a_line() -> None:
    data = GOOD + b"\n" + ERROR + b"\n"
    whole = {0: 0, len(GOOD): 1, len(GOOD) + 1: 1, len(data) - 1: 2}

    for cut in range(len(data)):
        if cut in whole:
            assert judged(data[:cut])[0].tally.rows == whole[cut]
        else:
            with pytest.raises(ResultTruncated):
                judged(data[:cut])


def test_a_last_line_without_newline_gets_one() -> None:
    assert judged(GOOD)[1] == GOOD + b"\n"


@pytest.mark.parametrize(
    "text", [b"<html>", b"\n\n <!doctype", b"null", b"error", b"\xef\xbb\xbf{}", b"\0{}", b'"a"\n']
)
def test_anything_but_objects_and_an_array_is_not_data(text: bytes) -> None:
    with pytest.raises(ResultNotData):
        judged(text, 1)


@pytest.mark.parametrize("text", [b"", b"\n\n", b"[]", b" [ ]\n"])
def test_nothing_is_zero_rows(text: bytes) -> None:
    judge, out = judged(text)

    assert (out, judge.tally.lines) == (b"", 0)


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_an_array_becomes_lines(size: int) -> None:
    data = b'\n[{"a":1},\n {"photos":\n["https://a/1"]}, 7, {"a":NaN' + b"}]\n"
    data = data.replace(b"NaN", b"1e400")

    judge, out = judged(data, size)

    assert out == b'{"a":1}\n{"photos": ["https://a/1"]}\n'
    assert [(reject.line, reject.reason) for reject in judge.rejects] == [
        (3, "not_an_object"),
        (4, "number_out_of_range"),
    ]
    assert judge.tally.media_count == 1


def test_an_array_that_is_cut_is_truncated_and_a_malformed_one_corrupt() -> None:
    for cut in range(1, 9):
        with pytest.raises(ResultTruncated):
            judged(b'[{"a":1}]'[:cut])
    for data in (b'[{"a":1},]', b"[1][2]", b'[{"a":NaN}]', b"[1] [2]\n[3]"):
        with pytest.raises(ResultCorrupt):
            judged(data)
    with pytest.raises(ResultTruncated):
        judged(b"[" * 100_000)


def test_a_large_array_comes_out_in_blocks_and_whole() -> None:
    data = b"[" + b",".join(b'{"text":"%s"}' % (b"x" * 1000) for _ in range(2000)) + b"]"
    judge = Judge()

    judge.feed(data)
    blocks = list(judge.finish())

    assert judge.tally.rows == b"".join(blocks).count(b"\n") == 2000
    assert max(map(len, blocks)) < 1 << 20


def test_a_line_or_an_array_over_its_limit_is_too_large() -> None:
    limits = Limits(line_bytes=50, array_bytes=60, array_commas=9)
    fits = b'{"a":"' + b"x" * 42 + b'"}'

    assert judged(fits + b"\n", limits=limits)[0].tally.rows == 1
    for data in (fits[:-2] + b'x"}\n', fits[:-2] + b'x"}', b"[" + b" " * 60, b"[" + b"1," * 10 + b"1]"):
        for size in (1, 7, 1000):
            with pytest.raises(ResultTooLarge):
                judged(data, size, limits=limits)


def test_a_few_bad_rows_are_allowed_and_too_many_are_not() -> None:
    bad = [b"[]\n" if number % 100 == 99 else b"{}\n" for number in range(2000)]
    assert judged(b"".join(bad), limits=Limits())[0].tally.rejected == 20

    with pytest.raises(RowRejectLimit):
        judged(b"".join(bad) + b"[]\n", limits=Limits())
    with pytest.raises(RowRejectLimit):
        judged((b"{}\n" * 100 + b"[]\n") * 1001, limits=Limits())


def test_the_share_is_judged_where_it_starts_to_count_whatever_follows_in_the_block() -> None:
    judge = Judge(limits=Limits(share_from=20, reject_share=0.1))
    judge.feed(b"{}\n" + b"[]\n" * 3)

    with pytest.raises(RowRejectLimit, match="3 of 20"):
        judge.feed(b"{}\n" * 200)


def test_the_share_of_bad_rows_waits_for_the_end_of_the_last_part() -> None:
    judge = Judge()
    judge.feed(b"{}\n[]\n")
    list(judge.finish(last=False))

    with pytest.raises(RowRejectLimit):
        list(judge.finish())


def test_several_parts_count_as_one_result_and_carry_on_after_a_crash() -> None:
    first = Judge(limits=TOLERANT)
    kept = first.feed(b"{}\n{\n") + b"".join(first.finish(last=False))
    restored = Tally(**asdict(first.tally))
    second = Judge(tally=restored, digest=first.digest, limits=TOLERANT)

    kept += second.feed(b"{\n{}\n")
    list(second.finish())

    assert (restored.rows, restored.lines, second.rejects[0].line) == (2, 4, 3)
    assert second.digest.hexdigest() == hashlib.sha256(kept).hexdigest()
