"""The lake in Cloud Storage.

What fits into one request is written by one, on condition that its name is free (``ifGenerationMatch=0``), with its
sha256 in its metadata. A longer stream goes resumably to ``.pending/``, and the service gives it its name on the same
condition once all of it is there: nothing cut short ever has a name, and more bytes need no more memory.

Joined parts are the very generations whose bytes were summed up. Each object's crc32c is compared with what was sent,
and with what comes when it is read. A writer whose answer was lost knows its object by ``writer`` in the metadata.

Cost of an object: one request, or one for each 8 MiB and five more; joining reads every part once.
"""

from infra.gcp.storage.lake import StorageLake

__all__ = ["StorageLake"]
