"""What README.md says of codes, made from the classes that raise them."""

from infra.runtime.markdown import codes
from schemas import stored_object
from schemas.problem import Problem
from services.documents import ports
from services.documents.ontology import concept, delete_concept, etag, tree
from services.documents.reading import document
from services.documents.resources import resource
from services.jobs.engine import handling

TOLD: dict[str, tuple[type[Problem], ...]] = {
    "document": (
        *(stored_object.ObjectMissing, stored_object.StoreUnavailable),
        *(handling.JobTimedOut, handling.PoisonJob, handling.Unexpected, ports.ModelResting),
    ),
    "warning": (ports.InvalidOutput, ports.ModelResting, ports.ModelUnavailable),
    "HTTP": (
        *(concept.ConceptNotFound, delete_concept.ConceptInUse, etag.VersionMissing, etag.VersionStale),
        *(tree.ConceptCycle, tree.ConceptExists, tree.OntologyFull, tree.ParentUnknown),
        *(document.DocumentNotFound, resource.ResourceNotFound),
    ),
}
"""Every problem of this context, by the kind of job that it ends, or as the warning or the answer that it is."""


def parts() -> dict[str, str]:
    """The generated parts of README.md, by name."""
    return {"codes": codes(TOLD)}
