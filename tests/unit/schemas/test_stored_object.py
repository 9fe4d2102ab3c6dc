import pytest

from schemas.stored_object import ObjectNameRefused, checked_name


@pytest.mark.parametrize("name", ["a", "crawls/c1/1/records.ndjson.gz", "é/日本", "a b", "a" * 255, "a..b", "-a/~b"])
def test_an_ordinary_name_is_kept_as_it_is(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "../a",
        "a/../b",
        "./a",
        "a/.",
        ".lake-id",
        "a/.tmp/b",
        "a\x00b",
        "a\nb",
        f"a{chr(0xD800)}",
        "a" * 256,
        "é" * 128,
        "/".join(["abc"] * 300),
    ],
)
def test_a_name_that_some_lake_cannot_keep_is_refused(name: str) -> None:
    with pytest.raises(ObjectNameRefused):
        checked_name(name)
