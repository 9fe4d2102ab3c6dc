"""How fast results are judged, beside the fastest strict decoder there is; per CPU second, in interleaved rounds."""

import time
from collections.abc import Callable
from statistics import median

import msgspec
import pytest

from services.crawling.result.ndjson import Judge

ROUNDS = 5
LINE = msgspec.json.encode({"post_id": "1", "content": "água é vida " * 40, "likes": 7, "hashtags": ["#a"] * 20})
BLOCK = (LINE + b"\n") * ((1 << 20) // len(LINE))
BLOCKS = 32


def _decode() -> None:
    decoder = msgspec.json.Decoder()
    for _ in range(BLOCKS):
        decoder.decode_lines(BLOCK)


def _judge() -> None:
    judge = Judge()
    for _ in range(BLOCKS):
        judge.feed(BLOCK)
    assert judge.tally.rows == BLOCKS * BLOCK.count(b"\n")


def _megabytes_a_cpu_second(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return BLOCKS * len(BLOCK) / 1e6 / (time.process_time() - began)


def test_judging_keeps_up_with_decoding(capsys: pytest.CaptureFixture[str]) -> None:
    rounds = [(_megabytes_a_cpu_second(_judge), _megabytes_a_cpu_second(_decode)) for _ in range(ROUNDS)]
    ratio = median(judged / decoded for judged, decoded in rounds)

    with capsys.disabled():
        judged, decoded = (median(one[place] for one in rounds) for place in (0, 1))
        print(f"\njudge with sha256 {judged:.0f} MB/s, msgspec decode_lines {decoded:.0f} MB/s, ratio {ratio:.2f}")  # noqa: T201  # the figure is the point
    # the judge decodes as strictly, hashes, counts and keeps the bytes; a third is far below every quiet run
    assert ratio > 1 / 3
