"""Many objects become one, joined by the service itself: 32 at a time, in rounds."""

import contextlib
from collections.abc import Sequence
from uuid import uuid4

from infra.gcp.storage.answers import Unmet
from infra.gcp.storage.bucket import Bucket, Found
from infra.gcp.storage.mark import Mark, settle
from infra.gcp.storage.upload import PENDING
from schemas.problem import Problem
from schemas.stored_object import ObjectMissing

_MOST = 32  # https://cloud.google.com/storage/docs/composite-objects


def join(bucket: Bucket, name: str, parts: Sequence[Found], mark: Mark) -> Found:
    """One object of any number of parts, exactly those that were found; blocks.

    Raises ``ObjectExists``, ``ObjectMissing``, and what ``as_problems`` raises.
    """
    with contextlib.ExitStack() as piles:
        while len(parts) > _MOST:
            parts = [_pile(bucket, parts[start : start + _MOST], piles) for start in range(0, len(parts), _MOST)]
        return settle(bucket, name, mark, lambda: bucket.join(name, parts, mark.metadata))


def _pile(bucket: Bucket, parts: Sequence[Found], piles: contextlib.ExitStack) -> Found:
    place = f"{PENDING}{uuid4()}"
    piles.callback(_remove, bucket, place)
    try:
        return bucket.join(place, parts, {})
    except Unmet as error:
        found = bucket.find(place)  # nobody else knows the place: the answer to a first try was lost
        if found is None:
            raise ObjectMissing("A part is gone.") from error
        return found


def _remove(bucket: Bucket, place: str) -> None:
    with contextlib.suppress(Problem):  # the sweep takes what cannot be removed now
        bucket.remove(place)
