"""The programs of the comparison, by name; loaded only in the processes that run them."""

from importlib import import_module

from tests.benchmarks.peers.program import Program

PLACES = {
    "headrace-b10": ("headrace_queue", "Headrace", {"batch": 10}),
    "headrace-b100": ("headrace_queue", "Headrace", {"batch": 100}),
    "pgqueuer-b10": ("pgqueuer_queue", "PgQueuerPeer", {"batch": 10}),
    "pgqueuer-b100": ("pgqueuer_queue", "PgQueuerPeer", {"batch": 100}),
    "procrastinate-c20": ("procrastinate_queue", "Procrastinate", {"concurrency": 20}),
    "rq-simple": ("rq_queue", "Rq", {}),
    "dramatiq-t8": ("dramatiq_queue", "Dramatiq", {"threads": 8}),
}


def program(name: str) -> Program:
    """The program of a name."""
    module, kind, options = PLACES[name]
    made: Program = getattr(import_module(f"tests.benchmarks.peers.{module}"), kind)(**options)
    return made
