"""The guide to running steps in parallel, in the words of this library."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, assert_type

from combinators import Message, Runnable, fanout, passthrough, pipe, template
from combinators.steps import Passages, Reply, text

if TYPE_CHECKING:
    # The cases are not run, and these are slow to load.
    from _typeshed import SupportsGetItem  # noqa: TC004
    from openai import OpenAI

    from combinators.steps import FaissIndex, chat, retriever  # noqa: TC004

    Retriever = Runnable[str, Passages]
    Model = Runnable[str | Sequence[Message], Reply]


def the_steps(client: "OpenAI", index: "FaissIndex") -> None:
    assert_type(retriever(index), Retriever)
    assert_type(chat(client, model="m"), Model)
    assert_type(text(), Runnable[Reply, str])


def the_retrieval_chain(retriever: "Retriever", model: "Model") -> None:
    prompt = template("Answer from the context:\n{context}\n\nQuestion: {question}")
    chain = {"context": retriever, "question": passthrough()} | prompt | model | text()
    assert_type(chain, Runnable[str, str])
    assert_type(chain.invoke("where did harrison work?"), str)
    same = pipe({"context": retriever, "question": passthrough()}, prompt, model, text())
    assert_type(same, Runnable[str, str])


def three_spellings_of_one_map(retriever: "Retriever") -> None:
    prompt = template("{context} {question}")
    assert_type({"context": retriever, "question": passthrough()} | prompt, Runnable[str, str])
    from_dict = fanout({"context": retriever, "question": passthrough()})
    from_keywords = fanout(context=retriever, question=passthrough())
    assert_type(from_dict, Runnable[str, dict[str, Passages | str]])
    assert_type(from_keywords, Runnable[str, dict[str, Passages | str]])
    assert_type(from_dict | prompt, Runnable[str, str])
    assert_type(from_keywords | prompt, Runnable[str, str])


def itemgetter_as_shorthand(retriever: "Retriever", model: "Model") -> None:
    prompt = template("{context} {question} Answer in {language}.")
    chain = (
        {
            "context": itemgetter("question") | retriever,
            "question": itemgetter("question"),
            "language": itemgetter("language"),
        }
        | prompt
        | model
        | text()
    )
    assert_type(chain, Runnable[SupportsGetItem[Any, Any], str])
    assert_type(chain.invoke({"question": "where?", "language": "italian"}), str)


def joke_and_poem_in_one_map(model: "Model") -> None:
    joke = template("tell me a joke about {topic}") | model
    poem = template("write a 2-line poem about {topic}") | model
    both = fanout(joke=joke, poem=poem)
    assert_type(joke, Runnable[Mapping[str, object], Reply])
    assert_type(both, Runnable[Mapping[str, object], dict[str, Reply]])
    assert_type(both.invoke({"topic": "bear"})["joke"]["content"], str)
