"""Why a file cannot be taken in. The original is kept, so that somebody can look at it."""

from typing import ClassVar

from schemas.problem import Problem, ProblemClass


class FileEmpty(Problem):
    """The file has no bytes, or no rows."""

    code: ClassVar[str] = "FILE_EMPTY"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "There is nothing in the file"
    recovery: ClassVar[str] = "Send the file again with at least one row below its header."


class FileEncrypted(Problem):
    """The file cannot be read without its password."""

    code: ClassVar[str] = "FILE_ENCRYPTED"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The file is encrypted"
    recovery: ClassVar[str] = "Save it without a password and send it again."


class FileCorrupt(Problem):
    """The file is not what its own beginning says."""

    code: ClassVar[str] = "FILE_CORRUPT"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The file is damaged"
    recovery: ClassVar[str] = "Open and save it with the program that made it, then send it again."


class FileTypeMismatch(Problem):
    """The file's name says something else than its bytes."""

    code: ClassVar[str] = "FILE_TYPE_MISMATCH"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The file is not what its name says"
    recovery: ClassVar[str] = "Give it the extension of what it is, or send the file that the name promises."


class FileTypeUnsupported(Problem):
    """Nothing here reads rows from files of this type."""

    code: ClassVar[str] = "FILE_TYPE_UNSUPPORTED"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 415
    title: ClassVar[str] = "Files of this type have no rows to import"
    recovery: ClassVar[str] = (
        "Send CSV, XLSX, JSON (an array of objects), NDJSON or Parquet; the file itself was kept as it came."
    )


class FileBomb(Problem):
    """The file unpacks to more than it may."""

    code: ClassVar[str] = "FILE_BOMB"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The file unpacks to a suspicious size"
    recovery: ClassVar[str] = "Send its rows as CSV or Parquet, or in several files."


class FileTooComplex(Problem):
    """Reading the file took more memory or time than a file may."""

    code: ClassVar[str] = "FILE_TOO_COMPLEX"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The file takes too much memory or time to read"
    recovery: ClassVar[str] = "Send it in several smaller files, or as CSV or Parquet."
