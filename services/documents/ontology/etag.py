"""Versions as HTTP tells them: who changes something says which version they saw."""

from typing import ClassVar

from schemas.problem import Problem

ANY = "*"


class VersionMissing(Problem):
    """A change does not say what it changes."""

    code: ClassVar[str] = "VERSION_MISSING"
    status: ClassVar[int] = 428
    title: ClassVar[str] = "Say which version you change"
    recovery: ClassVar[str] = "Send the ETag of your last GET as If-Match; `*` changes whatever is there."


class VersionStale(Problem):
    """Somebody else changed it meanwhile."""

    code: ClassVar[str] = "VERSION_STALE"
    status: ClassVar[int] = 412
    title: ClassVar[str] = "It was changed since you read it"
    recovery: ClassVar[str] = "GET it again, repeat your change on what is there now, and send its ETag."


def etag(version: int) -> str:
    """The header of a version."""
    return f'"{version}"'


def check_match(if_match: str | None, version: int, *, needed: bool = True) -> None:
    """Raises ``VersionMissing`` where nothing is said but has to be, ``VersionStale`` where it is another version."""
    if if_match is None:
        if needed:
            raise VersionMissing
        return
    said = {one.strip() for one in if_match.split(",")}
    if ANY not in said and etag(version) not in said:
        raise VersionStale(f"It is version {version} now")
