"""``python -m infra.local.simulators.site``: the site in a process of its own."""

from infra.local.simulators.serving import arguments, run
from infra.local.simulators.site.app import serve

if __name__ == "__main__":
    parser = arguments("site", "A small website to capture and to crawl.")
    parser.add_argument("--faults", action="store_true", help="misbehave below /faults/")
    run(serve(**vars(parser.parse_args())))
