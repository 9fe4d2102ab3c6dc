"""Every file of the source tree that is made from code: what it must say, which ones do not, and how to mend that.

``schemas/generated`` belongs to the generator whole; to ``schemas/released`` it only adds. Of pages written by hand
only what stands between ``<!-- generated: name -->`` and ``<!-- end -->`` is replaced.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from infra.local import pages
from infra.local.faces import openapi
from infra.runtime.functions import topology
from infra.runtime.runtime import ROOT
from schemas import generate as language
from schemas.problem import Problem

_PART = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_OWNED = "schemas/generated"


class PartUnknown(Problem):
    """A page asks for a part that no code makes, or a part has no place in its page."""

    code: ClassVar[str] = "PART_UNKNOWN"
    title: ClassVar[str] = "The generated parts of a page are not those that code makes"
    recovery: ClassVar[str] = "Compare the names in the page's `<!-- generated: name -->` lines with those named here."


async def wanted(root: Path = ROOT) -> dict[str, str]:
    """Every generated file (path in the tree) with the text it must have.

    Raises ``PartUnknown``, and ``BreakingChange`` where a published event would change under its readers.
    """
    made = {f"schemas/{path}": text for path, text in language.generated(root / "schemas").items()}
    tree = topology.read(root)
    document = await openapi(tree["services"])
    made[f"{_OWNED}/topology.json"] = topology.text(tree)
    made[f"{_OWNED}/openapi.json"] = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    made[".env.example"] = pages.env_example()
    made["README.md"] = _filled(root, "README.md", {"settings": pages.settings(), "routes": pages.routes(document)})
    for service in tree["services"]:
        if parts := topology.readme(service):
            made[f"services/{service}/README.md"] = _filled(root, f"services/{service}/README.md", parts)
    return made


async def stale(root: Path = ROOT) -> dict[str, str | None]:
    """The files that are not as they must be, with the right text; None for those that must go."""
    right = await wanted(root)
    wrong: dict[str, str | None] = {path: text for path, text in right.items() if _read(root / path) != text}
    there = (path for path in (root / _OWNED).rglob("*") if path.is_file())
    left_over = {path.relative_to(root).as_posix() for path in there} - right.keys()
    return wrong | dict.fromkeys(sorted(left_over))


def write(texts: Mapping[str, str | None], root: Path = ROOT) -> None:
    """Put these texts in their places."""
    for path, text in texts.items():
        if text is None:
            (root / path).unlink()
            continue
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _filled(root: Path, path: str, parts: Mapping[str, str]) -> str:
    page = _read(root / path) or ""
    asked = sorted(found["name"] for found in _PART.finditer(page))
    if asked != sorted(parts):
        raise PartUnknown(f"{path} has {', '.join(asked) or 'none'}; code makes {', '.join(sorted(parts))}")
    return _PART.sub(lambda found: f"{found[1]}{parts[found['name']]}{found[3]}", page)
