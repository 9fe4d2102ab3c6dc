"""``python -m infra.local.simulators.bright_data``: a simulator of its own process."""

from pathlib import Path

from infra.local.simulators.bright_data.app import serve
from infra.local.simulators.serving import arguments, run

if __name__ == "__main__":
    parser = arguments("bright_data", "Stands in for the paid service.")
    parser.add_argument("--state-file", type=Path, help="journal of purchases, read again at the next start")
    parser.add_argument("--sim", default="", help="what every snapshot does, e.g. ready_after:0.2,records:100")
    parser.add_argument("--token", help="the only bearer accepted; any will do without it")
    parser.add_argument("--running-limit", type=int, help="unfinished snapshots a dataset may have")
    run(serve(**vars(parser.parse_args())))
