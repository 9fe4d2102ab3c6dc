"""An upload, as the job that imports it knows it."""

import msgspec

ORIGINAL = "original"


class Upload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that lies in the lake."""

    object_name: str
    filename: str
    sha256: str
    size_bytes: int

    @property
    def own_name(self) -> str | None:
        """What tells it from another upload whose job has the same id; None where no other can have it."""
        name = self.object_name.rpartition("/")[2]
        return None if name == ORIGINAL else name
