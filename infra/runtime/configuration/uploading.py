"""Settings of files that callers upload."""

from typing import Annotated

from infra.runtime.configuration.places import Places
from infra.runtime.configuration.setting import Setting


class Uploading(Places, frozen=True, kw_only=True):
    """A part of ``Settings``."""

    max_upload_bytes: Annotated[int, Setting("Bytes an uploaded file may have.", ge=1, le=10_737_418_240)] = 104_857_600
    upload_seconds: Annotated[float, Setting("Seconds an upload may take to arrive.", gt=0)] = 600.0
    import_workers: Annotated[int, Setting("Files a process reads at once, each in a child.", ge=1, le=100)] = 2
