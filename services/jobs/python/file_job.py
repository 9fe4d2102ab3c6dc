"""What a job says of the file it is about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from schemas.problem import Problem


class FileNeedsKind(Problem):
    """A file alone does not say what is to be done with it."""

    code: ClassVar[str] = "FILE_NEEDS_KIND"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "No kind of job takes a file by its path alone"
    recovery: ClassVar[str] = (
        "Name the `kind` of your own that reads it from its payload's `file_path`. To make a dataset of it, upload it:"
        " POST /api/v1/data-sources/{id}/files answers the id of its job, which get_job and callbacks know too."
    )


def file_job(
    path: str | Path, *, kind: str | None, payload: Mapping[str, Any] | None, metadata: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The fields of the job, with the file's name and size, which may count for its order. Raises ``FileNeedsKind``."""
    file = Path(path)
    if kind is None:
        raise FileNeedsKind(f"{file.name} was given without a kind")
    about = {"filename": file.name, **({"size_bytes": file.stat().st_size} if file.is_file() else {})}
    return {
        "kind": kind,
        "payload": {**(payload or {}), "file_path": str(path)},
        "metadata": {**about, **(metadata or {})},
    }
