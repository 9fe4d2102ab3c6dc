"""The data directory: everything of this machine lives in it."""

import os
from pathlib import Path
from tempfile import TemporaryFile
from typing import ClassVar

from schemas.problem import Problem


class DataDirRefused(Problem):
    """The data directory cannot be made, or not written."""

    code: ClassVar[str] = "DATA_DIR_REFUSED"
    title: ClassVar[str] = "The data directory cannot be used"
    recovery: ClassVar[str] = "Set HEADRACE_DATA_DIR to a directory on a local disk that you may write."


def prepare(data_dir: Path) -> None:
    """Make the directory and try to write there. Raises ``DataDirRefused``."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=data_dir):
            pass
    except FileExistsError as error:
        raise DataDirRefused(f"{data_dir} is not a directory") from error
    except OSError as error:
        raise DataDirRefused(f"{data_dir}: {os.strerror(error.errno or 0)}") from error
