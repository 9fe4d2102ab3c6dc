"""What README.md says of codes, made from the classes that raise them."""

from infra.runtime import children
from infra.runtime.browser import chromium, engine
from infra.runtime.egress import refused
from infra.runtime.markdown import codes
from schemas import load_source, stored_object
from schemas.problem import Problem
from services.intake import file_problems
from services.intake.capturing import failures, find_capture
from services.intake.data_sources import delete_source, held_source, source, submit_urls
from services.intake.datasets import export_dataset, find_datasets
from services.intake.files import import_file, submit_import, upload_file
from services.jobs.engine import handling

_LAKE: tuple[type[Problem], ...] = (
    stored_object.ObjectMissing,
    stored_object.StoreForbidden,
    stored_object.StoreQuota,
    stored_object.StoreUnavailable,
)
_WAREHOUSE: tuple[type[Problem], ...] = (
    *(load_source.WarehouseForbidden, load_source.WarehouseMissing, load_source.WarehouseQuota),
    *(load_source.WarehouseRejected, load_source.WarehouseUnavailable),
)
_ANY_JOB: tuple[type[Problem], ...] = (handling.JobTimedOut, handling.PoisonJob, handling.Unexpected)

TOLD: dict[str, tuple[type[Problem], ...]] = {
    "capture": (
        *(failures.CaptureHttp, failures.CaptureHttpPassing, failures.CaptureNotAPage, failures.CaptureTimeout),
        *(failures.CaptureTls, failures.CaptureTooLarge, failures.CaptureUnreachable),
        *(failures.RobotsDisallowed, failures.RobotsUnavailable),
        *(chromium.ChromiumMissing, engine.BrowserCrashed, refused.EgressRefused),
        *_LAKE,
        *_ANY_JOB,
    ),
    "import": (
        *(file_problems.FileBomb, file_problems.FileCorrupt, file_problems.FileEmpty, file_problems.FileEncrypted),
        *(file_problems.FileTooComplex, file_problems.FileTypeMismatch, file_problems.FileTypeUnsupported),
        *(import_file.UploadGone, children.ChildDied),
        *_LAKE,
        *_ANY_JOB,
    ),
    "load_dataset": (*_LAKE, *_WAREHOUSE, *_ANY_JOB),
    "erase_dataset": (*_LAKE, *_WAREHOUSE, *_ANY_JOB),
    "source_run": (held_source.SourceGone, held_source.SourceRunsNothing, *_ANY_JOB),
    "HTTP": (
        *(source.SourceNotFound, find_datasets.DatasetNotFound, find_capture.CaptureNotFound),
        *(find_capture.NotCaptured, delete_source.SourceBuiltIn, delete_source.SourceBusy),
        *(held_source.SourceRunsNothing, submit_urls.SourceTakesNoUrls, submit_import.SourceTakesNoFiles),
        *(upload_file.FileTooLarge, export_dataset.ExportTooLarge, refused.EgressRefused),
        *(children.ChildDied, children.ChildExceeded),
        *_LAKE,
    ),
}
"""Every problem of what comes in, by the kind of job that it ends, or as the answer that it is."""


def parts() -> dict[str, str]:
    """The generated parts of README.md, by name."""
    return {"codes": codes(TOLD)}
