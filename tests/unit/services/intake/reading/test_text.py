"""Text is read where it lies if it is UTF-8 with line feeds already; all else is written anew."""

from pathlib import Path

import pytest

from services.intake.file_problems import FileCorrupt
from services.intake.reading.text import to_utf8

WESTERN = "naam;prijs\nZoë;1,5\nRenée;2\n€;3\n"


def read(content: bytes, folder: Path) -> tuple[bool, str, str]:
    """Whether a copy was written, the text, and the encoding that it had."""
    (folder / "file").write_bytes(content)
    path, encoding = to_utf8(folder / "file", folder / "plain")
    return path != folder / "file", path.read_text("utf-8"), encoding


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "Zoë\n😀\n", "no line end", "a\tb\x0b\x0c\n"])
def test_what_is_plain_already_is_not_copied(text: str, tmp_path: Path) -> None:
    assert read(text.encode(), tmp_path) == (False, text, "utf-8")


def test_a_character_may_lie_across_two_blocks(tmp_path: Path) -> None:
    text = "x" * ((1 << 20) - 1) + "é"

    assert read(text.encode(), tmp_path) == (False, text, "utf-8")


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        (b"a\r\nb\r\n", "a\nb\n", "utf-8"),
        (b"a\rb", "a\nb", "utf-8"),
        (b"x" * (1 << 20) + b"\r\nb", "x" * (1 << 20) + "\nb", "utf-8"),
        (b"\xef\xbb\xbfa\n", "a\n", "utf-8"),
        (WESTERN.encode("cp1252"), WESTERN, "cp1252"),
        ("Zoë\n".encode("utf-16"), "Zoë\n", "utf-16"),
        ("name\n".encode("utf-16-le"), "name\n", "utf-16-le"),
    ],
    ids=["windows", "old mac", "late", "mark", "cp1252", "utf-16", "utf-16 bare"],
)
def test_what_is_not_is_written_as_utf8_with_line_feeds(
    content: bytes, text: str, encoding: str, tmp_path: Path
) -> None:
    assert read(content, tmp_path) == (True, text, encoding)


@pytest.mark.parametrize("byte", [0x01, 0x08, 0x0E, 0x1B, 0x1F, 0x7F])
def test_bytes_that_no_text_has_are_refused_wherever_they_are(byte: int, tmp_path: Path) -> None:
    with pytest.raises(FileCorrupt):
        read(b"a,b\n" * 300_000 + bytes([byte]), tmp_path)
