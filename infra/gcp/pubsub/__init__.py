"""The bus on Pub/Sub."""

from infra.gcp.pubsub.bus import PubSubBus

__all__ = ["PubSubBus"]
