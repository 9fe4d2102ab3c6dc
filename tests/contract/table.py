"""`make adapters`: which adapter keeps which promise of its port, as this run found it.

A pytest plugin: every test that a suite runs over several adapters is a line, every adapter a column.
"""

from collections.abc import Iterator

import pytest

OVER = ("adapter", "rig")  # what suites call the adapter among their parameters
WORDS = ["yes", "-", "differs", "NO"]  # the worst of a sentence's parameters counts
WIDEST = 88

_found: dict[tuple[str, str, str], str] = {}
_why: dict[tuple[str, str], str] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if adapter := next((parameters[name] for name in OVER if name in parameters), None):
            sentence = getattr(item, "originalname", item.name).removeprefix("test_").replace("_", " ")
            item.user_properties.append(("promise", (item.path.parent.name, sentence, adapter)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, promise in report.user_properties:
        if name == "promise":
            port, sentence, adapter = (str(part) for part in promise)  # type: ignore[union-attr]
            before = _found.get((port, sentence, adapter), WORDS[0])
            _found[port, sentence, adapter] = max(before, _word(report), key=WORDS.index)
            if reason := getattr(report, "wasxfail", ""):
                _why[port, sentence] = reason


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _lines():
        terminalreporter.write_line(line)


def _word(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "differs"
    return {"passed": "yes", "skipped": "-"}.get(report.outcome, "NO")


def _lines() -> Iterator[str]:
    for port in sorted({port for port, _, _ in _found}):
        found = {adapter for of, _, adapter in _found if of == port}
        adapters = sorted(found, key=lambda adapter: (adapter != "embedded", adapter))
        sentences = sorted({sentence for of, sentence, _ in _found if of == port})
        widths = [max(len(adapter), 9) for adapter in adapters]
        yield ""
        yield _line(port.upper(), adapters, widths)
        for sentence in sentences:
            words = [_found.get((port, sentence, adapter), "") for adapter in adapters]
            yield f"{_line(sentence, words, widths)}  {_why.get((port, sentence), '')}".rstrip()
        kept = [sum(_found.get((port, one, adapter)) == "yes" for one in sentences) for adapter in adapters]
        yield _line("promises kept", [f"{number} of {len(sentences)}" for number in kept], widths)


def _line(first: str, words: list[str], widths: list[int]) -> str:
    shown = "  ".join(f"{word:<{width}}" for word, width in zip(words, widths, strict=True))
    return f"{first[:WIDEST]:<{WIDEST}}  {shown}".rstrip()
