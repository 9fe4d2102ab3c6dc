"""The lake in Cloud Storage."""

from infra.gcp.storage.lake import StorageLake

__all__ = ["StorageLake"]
