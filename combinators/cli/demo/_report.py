"""What the demo found, as text for people and as JSON for programs."""

import json
from collections.abc import Sequence

from combinators.cli._screen import aside, heading, table, wrapped
from combinators.cli.demo._chains import Answered, Timed
from combinators.cli.demo._places import OFFLINE_LATENCY_SECONDS, Place
from combinators.steps import FaissIndex


def as_answers(place: Place, index: FaissIndex, answers: Sequence[Answered]) -> str:
    """Return the questions, their answers, and what each answer is from."""
    made_of = table(
        ("documents", f"{len(index):,} docstrings of the standard library"),
        ("vectors", f"FAISS, {index.dimension:,} dimensions, by {place.embedding_model}"),
        ("answers", f"by {place.chat_model}, from the 4 closest documents"),
    )
    title = heading("Retrieval: the answer to a question, from the passages closest to it")
    return "\n\n".join((title, made_of, *map(_answer, answers)))


def as_timing(place: Place, timed: Timed) -> str:
    """Return what two chains gave, and how long they took alone and together."""
    together = f"{timed.ratio:.3f} of the slower one"
    times = table(
        ("joke", _milliseconds(timed.joke_seconds), ""),
        ("poem", _milliseconds(timed.poem_seconds), ""),
        ("both in one fan-out", _milliseconds(timed.both_seconds), together),
    )
    note = f"Medians of {timed.rounds} rounds."
    if place.base_url is None:
        note += (
            " The offline server, whose replies are there at once, holds each of them back for "
            f"{_milliseconds(OFFLINE_LATENCY_SECONDS)}, as a model would take."
        )
    replies = "\n".join(wrapped(reply, mark="  → ") for reply in (timed.joke, timed.poem))
    title = heading("Parallel: a joke and a poem take as long as the slower of them")
    return "\n\n".join((title, replies, times, aside(wrapped(note))))


def as_json(place: Place, index: FaissIndex, answers: Sequence[Answered], timed: Timed) -> str:
    """Return all of it as one JSON object."""
    found = {
        "at": place.base_url or "offline",
        "chat_model": place.chat_model,
        "embedding_model": place.embedding_model,
        "documents": len(index),
        "answers": [
            {
                "question": each.question,
                "answer": each.answer,
                "context": [{"source": d.source, "text": d.text} for d in each.context],
            }
            for each in answers
        ],
        "timing": {
            "joke_seconds": timed.joke_seconds,
            "poem_seconds": timed.poem_seconds,
            "both_seconds": timed.both_seconds,
            "ratio": timed.ratio,
            "rounds": timed.rounds,
            "held_back_seconds": 0.0 if place.base_url else OFFLINE_LATENCY_SECONDS,
        },
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def _answer(found: Answered) -> str:
    sources = " · ".join(document.source for document in found.context)
    return "\n".join(
        (
            heading(wrapped(found.question)),
            wrapped(found.answer, mark="  → "),
            aside(wrapped(sources, mark="    from ")),
        )
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
