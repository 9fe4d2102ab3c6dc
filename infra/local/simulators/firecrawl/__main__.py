"""``python -m infra.local.simulators.firecrawl``: a simulator of its own process."""

from pathlib import Path

from infra.local.simulators.firecrawl.app import serve
from infra.local.simulators.serving import arguments, run

if __name__ == "__main__":
    parser = arguments("firecrawl", "Stands in for the paid service.")
    parser.add_argument("--state-file", type=Path, help="journal of purchases, read again at the next start")
    parser.add_argument("--sim", default="", help="what every job does, e.g. ready_after:0.2,documents:100")
    parser.add_argument("--token", help="the only bearer accepted; any will do without it")
    parser.add_argument("--secret", help="signs webhooks; without it they come unsigned")
    run(serve(**vars(parser.parse_args())))
