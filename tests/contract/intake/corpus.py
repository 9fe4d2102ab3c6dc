"""Awkward files, each with what must become of it: a code, or rows, rejects and types of columns."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.contract.intake import workbooks

EMPTY, ENCRYPTED, CORRUPT = "FILE_EMPTY", "FILE_ENCRYPTED", "FILE_CORRUPT"
MISMATCH, UNSUPPORTED, BOMB = "FILE_TYPE_MISMATCH", "FILE_TYPE_UNSUPPORTED", "FILE_BOMB"


@dataclass(frozen=True)
class Case:
    """A file under its name, and its outcome."""

    filename: str
    data: bytes | Callable[[], bytes]
    code: str | None = None
    rows: int = 0
    rejects: int = 0
    types: str = ""  # one letter a column
    encoding: str | None = None

    @property
    def content(self) -> bytes:
        return self.data if isinstance(self.data, bytes) else self.data()


def good(filename: str, data: bytes | Callable[[], bytes], rows: int, types: str, **more: Any) -> Case:
    return Case(filename, data, rows=rows, types=types, **more)


def bad(filename: str, data: bytes | Callable[[], bytes], code: str) -> Case:
    return Case(filename, data, code)


def parquet(**columns: Any) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table(columns), made)
    return made.getvalue()


def odd_parquet() -> bytes:
    at = datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001  # as many files have it
    return parquet(i=[1, None], f=[1.5, float("nan")], s=["007", "x"], t=[at, at], l=[[1], None], b=[True, False])


def numbered(rows: int) -> bytes:
    return b"id,text\n" + b"".join(b"%d,some text %d\n" % (n, n) for n in range(rows))


def wide(columns: int) -> bytes:
    names = ",".join(f"c{n}" for n in range(columns))
    return f"{names}\n{','.join(['1.5', 'x'] * (columns // 2))}\n".encode()


TABLE = "naam;prijs\nZoë;1,5\nRenée;2\n"

TEXTS = [
    good("comma.csv", b"a,b\n1,2\n3,4\n", 2, "ii"),
    good("semicolon.csv", b"a;b\n1;x\n", 1, "is"),
    good("tabs.tsv", b"a\tb\n1\tx\n", 1, "is"),
    good("pipes.csv", b"a|b\n1|x\n2|y\n", 2, "is"),
    good("says_sep.csv", b"sep=;\na;b\n1;2\n", 1, "ii"),
    good("no_extension", b"a,b\n1,2\n3,4\n", 2, "ii"),
    good("one_column.csv", b"name\nann\nbob\n", 2, "s"),
    good("no_header.csv", b"1,2\n3,4\n", 2, "ii"),
    good("no_last_line_end.csv", b"a,b\n1,2", 1, "ii"),
    good("windows_lines.csv", b"a,b\r\n1,2\r\n3,4\r\n", 2, "ii"),
    good("old_mac_lines.csv", b"a,b\r1,2\r3,4\r", 2, "ii"),
    good("mixed_lines.csv", b"a,b\n1,2\r\n3,4\n", 2, "ii"),
    good("blank_lines.csv", b"\n\na,b\n1,2\n\n3,4\n", 2, "ii"),
    good("quoted_lines.csv", b'a,b\n1,"x\ny"\n2,"say ""hi"""\n', 2, "is"),
    good("leading_zeros.csv", b"zip,n\n00123,1\n99999,2\n", 2, "si"),
    good("long_numbers.csv", b"n,m\n123456789012345678901,1\n2,2\n", 2, "si"),
    good("decimal_comma.csv", b"n;m\n1,5;1\n2,5;2\n", 2, "si"),
    good("exponents.csv", b"n,m\n1e3,1\n2.5E-3,2\n", 2, "ni"),
    good("not_numbers.csv", b"a,b\nnan,inf\n1,2\n", 2, "ss"),
    good("booleans.csv", b"a,b\ntrue,yes\nFALSE,no\n", 2, "bs"),
    good("days.csv", b"a,b\n2024-02-29,2024-02-30\n2024-01-01,2024-01-01\n", 2, "ds"),
    good("moments.csv", b"a,b\n2024-01-01T10:00:00Z,2024-01-01\n2024-01-01 11:00,2024-01-02 10:00:00.5\n", 2, "tt"),
    good("missing_values.csv", b"a,b\n1,\n,x\n", 2, "is"),
    good("all_missing.csv", b"a,b\n1,\n2,\n", 2, "is"),
    good("same_names.csv", b"a,A,,a\n1,2,3,4\n", 1, "iiii"),
    good("ragged.csv", b"a,b\n1,2\n3,4,5\n6\n7,8\n9,10\n", 3, "ii", rejects=2),
    good("open_quote.csv", b'a,b\n1,2\n3,4\n5,6\n7,8\n9,10\n"11,12\n13,14\n', 5, "ii", rejects=1),
    good("trailing_delimiter.csv", b"a,b,\n1,2,\n3,4,\n", 2, "iis"),
    good("formulas.csv", b"a,b\n=1+1,@x\n-2,+3\n", 2, "ss"),
    good("utf8_mark.csv", b"\xef\xbb\xbf" + TABLE.encode(), 2, "ss", encoding="utf-8"),
    good("cp1252.csv", (TABLE + "\u20ac;3\n").encode("cp1252"), 3, "ss", encoding="cp1252"),
    good("late_cp1252.csv", b"a;b\n" + b"x;y\n" * 50_000 + b"Zo\xeb;z\n", 50_001, "ss", encoding="cp1252"),
    good("utf16_mark.csv", TABLE.encode("utf-16"), 2, "ss", encoding="utf-16"),
    good("utf16_bare.csv", TABLE.encode("utf-16-be"), 2, "ss", encoding="utf-16-be"),
    good("utf32.csv", TABLE.encode("utf-32"), 2, "ss", encoding="utf-32"),
    good("one_accent.csv", "name;preis\nÄ;1.234,56\nB;7,5\n".encode("cp1252"), 2, "ss", encoding="cp1252"),
    good("japanese.csv", "名前,都市\nテスト,東京\n山田,大阪\n".encode("shift_jis"), 2, "ss", encoding="shift_jis"),
    good(
        "cyrillic.csv",
        ("имя;город\n" + "Анна;Москва\nБорис;Казань\n" * 5).encode("cp1251"),  # noqa: RUF001  # as it is written there
        10,
        "ss",
        encoding="cp1251",
    ),
    good("emoji.csv", "a,b\n😀,é\n".encode(), 1, "ss", encoding="utf-8"),
    good("orcid.csv", b"ORCID,name\n0000-0001,Ann\n", 1, "ss"),
    good("par1.csv", b"PAR1,PAR2\n1,2\n", 1, "ii"),
    good("mz_without_extension", b"MZ;n\n1;2\n3;4\n", 2, "ii"),
    good("brackets.csv", b"[id],[name]\n1,Ann\n", 1, "is"),
    good("braces.csv", b"{id};{name}\n1;Ann\n", 1, "is"),
    bad("objects.csv", b'[{"id":1,"name":"Ann"}]', MISMATCH),
    bad("bare_names.json", b"{id: 1, name: 2}\n", CORRUPT),
    bad("program.csv", b"MZ\x90\0,\n,\n", MISMATCH),
    good("wide.csv", lambda: wide(1_000), 1, "ns" * 500),
    good("wide.json", lambda: json.dumps([{f"c{n}": n for n in range(1_000)}] * 2).encode(), 2, "i" * 1_000),
    bad("empty.csv", b"", EMPTY),
    bad("blank.csv", b" \n\n\t\n", EMPTY),
    bad("only_a_mark.csv", b"\xef\xbb\xbf", EMPTY),
    bad("zeros.csv", b"\0" * 5_000, EMPTY),
    bad("header_only.csv", b"a,b\n", EMPTY),
    bad("binary_inside.csv", b"a,b\n1,2\n" * 20_000 + b"\0\x01\x02\n", CORRUPT),
    bad("prose.txt", b"Dear Sir or Madam\nit is a pity that\nI have to write\n", UNSUPPORTED),
    bad("noise.bin", bytes(range(256)) * 20, UNSUPPORTED),
    good("object_list.json", json.dumps([{"a": 1, "b": "x"}, {"a": 2.5, "c": [1]}]).encode(), 2, "nsj"),
    good("odd_members.json", b'[{"a":1},3,null,{"a":2}]', 2, "i", rejects=2),
    good("mixed_values.json", b'[{"a":1,"b":true},{"a":"x","b":false}]', 2, "sb"),
    good("big_numbers.json", b'[{"a":12345678901234567890},{"a":1}]', 2, "s"),
    good("indented.json", json.dumps([{"a": {"b": [1, {}]}, "c": "x\ny"}, {"a": []}], indent=2).encode(), 2, "js"),
    good("long_fractions.json", b'[{"a":0.1},{"a":12345678901234567.891}]', 2, "s"),
    good("short_fractions.json", b'[{"a":0.10000000000000001},{"a":1.5}]', 2, "n"),
    good("zero_character.json", b'[{"a":"\\u0000x"},{"a":"y"}]', 2, "s"),
    good("lines.ndjson", b'{"a":1}\n{"a":2}\n', 2, "i"),
    good("spoiled_lines.ndjson", b'{"a":1}\n{"a":\n\n{"a":3}\n', 2, "i", rejects=1),
    bad("cut.json", b'[{"a":1},{"a":2', CORRUPT),
    bad("numbers.json", b"[1,2,3]", UNSUPPORTED),
    bad("one_object.json", b'{\n "a": 1\n}', UNSUPPORTED),
    bad("empty_list.json", b"[]", EMPTY),
    bad("only_junk.ndjson", b'{"a}\n' * 5, CORRUPT),
    bad("deep.json", b'[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}]", CORRUPT),
    bad("many_members.json", lambda: json.dumps([{f"m{n}": n for n in range(3_000)}]).encode(), BOMB),
]
FILES = [
    good("plain.xlsx", workbooks.plain, 2, "idns"),
    good("moments.xlsx", workbooks.moments, 2, "t"),
    good("formulas.xlsx", workbooks.formulas, 2, "ii"),
    good("second_sheet.xlsx", lambda: workbooks.workbook([], [["a"], [1]]), 1, "i"),
    good("whole.parquet", odd_parquet, 2, "instjb"),
    good("only_nulls.parquet", lambda: parquet(a=[1, 2], b=pa.nulls(2)), 2, "is"),
    bad("header_only.xlsx", lambda: workbooks.workbook([["a", "b"]]), EMPTY),
    bad("no_cells.xlsx", lambda: workbooks.workbook([]), EMPTY),
    bad("no_rows.parquet", lambda: parquet(a=pa.array([], pa.int64())), EMPTY),
    bad("far_cell.xlsx", workbooks.far_cell, BOMB),
    bad("far_cell_unseen.xlsx", workbooks.far_cell_unseen, CORRUPT),
    bad("far_row.xlsx", workbooks.far_row, BOMB),
    good("wide_dimension.xlsx", workbooks.wide_dimension, 2, "i"),
    good("cells_without_places.xlsx", workbooks.many_empty_rows, 3, "i"),
    bad("far_cell_small.xlsx", lambda: workbooks.far_cell(letters="xfd"), BOMB),
    bad("far_cell_elsewhere.xlsx", lambda: workbooks.far_cell(sheet="xl/other/One.XML"), BOMB),
    bad("fat_sheet.xlsx", workbooks.fat_sheet, BOMB),
    bad("fat_strings.xlsx", workbooks.fat_strings, BOMB),
    bad("fat_document.docx", workbooks.fat_document, BOMB),
    bad("many_parts.xlsx", workbooks.many_parts, BOMB),
    bad("nested.xlsx", workbooks.nested, BOMB),
    bad("overlapping.xlsx", workbooks.overlapping, BOMB),
    bad("encrypted.xlsx", workbooks.encrypted, ENCRYPTED),
    bad("password.xlsx", workbooks.password, ENCRYPTED),
    bad("escaping.xlsx", workbooks.escaping, CORRUPT),
    bad("damaged.xlsx", workbooks.damaged, CORRUPT),
    bad("cut.xlsx", lambda: workbooks.plain()[:-200], CORRUPT),
    bad("cut.parquet", lambda: odd_parquet()[:-50], CORRUPT),
    bad("spoiled.parquet", lambda: b"PAR1" + b"\xff" * 400 + b"PAR1", CORRUPT),
    bad("secret.parquet", b"PAR1" + b"x" * 100 + b"PARE", ENCRYPTED),
    bad("workbook.csv", workbooks.plain, MISMATCH),
    bad("table.xlsx", b"a,b\n1,2\n", MISMATCH),
    bad("page.xlsx", b"<html><table><tr><td>1</td></tr></table></html>", MISMATCH),
    bad("table.pdf", b"a,b\n1,2\n", MISMATCH),
    bad("rows.json", b"a,b\n1,2\n", MISMATCH),
    bad("picture.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, MISMATCH),
    bad("program.xlsx", b"MZ" + b"\0" * 100, MISMATCH),
    bad("packed.csv", b"\x1f\x8b\x08" + b"\0" * 50, MISMATCH),
    bad("page_and_archive.xlsx", lambda: b"PK\x03\x04" + b"<html>" * 20 + workbooks.plain(), MISMATCH),
    bad("report.pdf", b"%PDF-1.7\n1 0 obj", UNSUPPORTED),
    bad("letter.docx", lambda: workbooks.archive({"word/document.xml": "<w:document/>"}), UNSUPPORTED),
    bad("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, UNSUPPORTED),
    bad("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", UNSUPPORTED),
    bad("page.html", b"<!DOCTYPE html><p>a,b</p>", UNSUPPORTED),
    bad("files.zip", lambda: workbooks.archive({"a.csv": "a,b\n1,2\n"}), UNSUPPORTED),
    bad("bare.xml", b"<feed><entry/></feed>", UNSUPPORTED),
    bad("feed.xml", b"<?xml version='1.0'?><r/>", UNSUPPORTED),
    bad("entities.xlsx", workbooks.entities, CORRUPT),
]
CASES = [*TEXTS, *FILES]
