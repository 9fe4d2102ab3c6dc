"""The bus on Pub/Sub.

``schemas/generated/topology.json`` says what there must be: a topic an event and a doorbell, a subscription a reader
(``function.topic``), and ``dead-letters``, a topic and a subscription for what nobody acknowledged. infra/terraform
makes it on Google Cloud, ``headrace up`` on emulators, ``headrace topology`` anywhere else.
"""

from infra.gcp.pubsub.bus import PubSubBus
from infra.gcp.pubsub.lay_out import lacking, lay_out

__all__ = ["PubSubBus", "lacking", "lay_out"]
