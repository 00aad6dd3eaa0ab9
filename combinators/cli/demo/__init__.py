"""`python -m combinators demo`: questions to the standard library, and the timing of a fan-out."""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from typing import Final

from combinators.cli._screen import Progress
from combinators.cli.demo._places import PLACES, chosen
from combinators.steps._extras import explained

SUMMARY: Final = "answer questions with a retrieval chain, and time two chains side by side"

_EPILOG: Final = """\
places:
  offline  a server of the demo's own: no network, no key, no weights
  openai   the key is read from OPENAI_API_KEY
  ollama   on this machine, after: ollama pull llama3.2; ollama pull nomic-embed-text

Any other server that speaks OpenAI's protocol: --at ollama --base-url http://localhost:8000/v1
"""


def declare(parser: ArgumentParser) -> None:
    """Add the arguments of the command to `parser`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.description = (
        "Index the docstrings of Python's standard library, ask four questions of them with a\n"
        "retrieval chain, and time two chains alone and together."
    )
    parser.epilog = _EPILOG
    parser.add_argument(
        "--at",
        choices=tuple(PLACES),
        default="offline",
        help="where the models are (default: %(default)s)",
    )
    parser.add_argument("--model", metavar="NAME", help="the chat model to ask there")
    parser.add_argument(
        "--embedding-model", metavar="NAME", help="the embedding model to ask there"
    )
    parser.add_argument("--base-url", metavar="URL", help="another address of such a server")
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="how results are written (default: %(default)s)",
    )


def run(arguments: Namespace) -> int:
    """Run the demo, and return its exit status."""
    try:
        place = chosen(
            arguments.at,
            base_url=arguments.base_url,
            chat_model=arguments.model,
            embedding_model=arguments.embedding_model,
        )
    except ValueError as error:
        return _stopped(2, error)
    progress = Progress()
    progress.say("loading")
    try:
        # Not above: this takes seconds, and needs what the extras bring.
        from combinators.cli.demo._run import conduct  # noqa: PLC0415 - as said
    except ModuleNotFoundError as error:
        progress.clear()
        return _stopped(2, explained("python -m combinators demo", error))
    failure = conduct(place, progress, in_json=arguments.format == "json")
    return _stopped(1, failure) if failure else 0


def _stopped(status: int, reason: object) -> int:
    print(f"python -m combinators demo: {reason}", file=sys.stderr)
    return status
