"""``python -m infra.local.simulators.llm``: a simulator of its own process."""

from infra.local.simulators.llm.app import serve
from infra.local.simulators.serving import arguments, run

if __name__ == "__main__":
    parser = arguments("llm", "Stands in for a model's API.")
    parser.add_argument("--script", nargs="+", default=["valid"], help="one word an answer, the last for all others")
    run(serve(**vars(parser.parse_args())))
