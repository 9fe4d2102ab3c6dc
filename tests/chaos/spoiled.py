"""Copies of the sources with one thing spoiled: what a proof must not let through."""

import shutil
from pathlib import Path

from tests.chaos.program import ROOT


def spoiled(folder: Path, place: str, old: str, new: str) -> Path:
    """Where the copy lies, in which ``place`` says ``new`` instead of ``old``."""
    tree = folder / "tree"
    for part in ("schemas", "services", "functions", "infra"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    source = (tree / place).read_text()
    assert source.count(old) == 1, f"{place} does not say this any more: {old}"
    (tree / place).write_text(source.replace(old, new))
    return tree
