"""The demo from start to end: connect, index, ask, time, report."""

from openai import APIConnectionError, APIError, OpenAI

from combinators.cli._screen import Progress
from combinators.cli.demo._chains import answers, timed
from combinators.cli.demo._connection import connected
from combinators.cli.demo._places import Place
from combinators.cli.demo._report import as_answers, as_json, as_timing
from combinators.steps import FaissIndex, openai_embedder
from combinators.steps.offline import standard_library


def conduct(place: Place, progress: Progress, *, in_json: bool) -> str | None:
    """Run the demo at `place`, print what is found, and return why it failed, if it did."""
    failure = None
    try:
        _conduct(place, progress, in_json=in_json)
    except* APIConnectionError:  # with the star, also where it comes from within a fan-out
        failure = f"no server answers at {place.base_url}"
    except* APIError as group:
        failure = f"the server at {place.base_url} refused: {_first(group)}"
    finally:
        progress.clear()
    return failure


def _conduct(place: Place, progress: Progress, *, in_json: bool) -> None:
    def timing(number: int, rounds: int) -> None:
        progress.say("timing two chains", f"round {number} of {rounds}")

    with connected(place) as client:
        index = _index(client, place, progress)
        progress.say("asking four questions at once")
        found = answers(client, place.chat_model, index)
        if not in_json:
            progress.clear()
            print(as_answers(place, index, found), flush=True)
        times = timed(client, place.chat_model, timing)
    progress.clear()
    if in_json:
        print(as_json(place, index, found, times))
    else:
        print(f"\n{as_timing(place, times)}")


def _index(client: OpenAI, place: Place, progress: Progress) -> FaissIndex:
    def embedded(done: int, total: int) -> None:
        progress.say("embedding the docstrings", f"{done:,} of {total:,}")

    progress.say("reading the standard library")
    documents = standard_library()
    embedder = openai_embedder(client, model=place.embedding_model)
    return FaissIndex.from_texts(documents, embedder, on_progress=embedded)


def _first(group: BaseExceptionGroup[APIError]) -> str:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error.message
