"""The bus on Pub/Sub."""

from infra.gcp.pubsub.bus import PubSubBus
from infra.gcp.pubsub.lay_out import lay_out

__all__ = ["PubSubBus", "lay_out"]
