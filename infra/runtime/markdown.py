"""Tables of pages that are written by code."""

from collections.abc import Iterable, Mapping, Sequence

from schemas.problem import Problem


def table(rows: Iterable[Sequence[str]]) -> str:
    """A table; the first row is its head."""
    head, *rest = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *rest))


def codes(told: Mapping[str, Sequence[type[Problem]]]) -> str:
    """A table of problems by their codes; ``told`` has them by what they end. Under "HTTP" the status is said too."""
    found: dict[type[Problem], list[str]] = {}
    for where, kinds in told.items():
        for kind in kinds:
            found.setdefault(kind, []).append(f"{where} {kind().status}" if where == "HTTP" else where)
    rows = sorted(found.items(), key=lambda one: (one[0].code, one[0].__name__))
    said = ([f"`{kind.code}`", ", ".join(where), kind.title, kind().by_hand] for kind, where in rows)
    return table([["Code", "Told by", "Meaning", "Way out"], *said])
