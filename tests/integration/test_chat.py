"""The chat step on the official SDK: against the offline server, and against servers that fail."""

import asyncio
import gc
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, OpenAI

from combinators import FanoutError, Runnable, chat_template, fanout, runnable, template
from combinators.steps import IncompleteReplyError, Prompt, Reply, chat, text
from combinators.steps.offline import CHAT_MODEL, OfflineServer
from tests.integration.scripted import Json, Scripted, chunk, event, refused, scripted, stream
from tests.running.ways import on_trio

TEA = "Context:\nTea is hot.\nQuestion: What is hot?"
START, HOT, END = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "hot"}),
    chunk({}, "stop"),
)


def client_of(server: Scripted | OfflineServer, *, retries: int = 0) -> OpenAI:
    return OpenAI(base_url=server.base_url, api_key="none", max_retries=retries)


def async_client_of(server: Scripted | OfflineServer) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=server.base_url, api_key="none", max_retries=0)


@pytest.fixture
def aio(server: OfflineServer) -> AsyncOpenAI:
    return async_client_of(server)


# --- What is refused when it is built ----------------------------------------


def test_an_option_that_does_not_exist_is_refused_by_name(client: OpenAI) -> None:
    with pytest.raises(TypeError) as caught:
        chat(client, model="m", temprature=0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the mistake under test
    assert str(caught.value) == (
        "chat() has no option 'temprature'. It has: extra_body, extra_headers, frequency_penalty, "
        "max_completion_tokens, max_tokens, presence_penalty, response_format, seed, stop, "
        "stream_options, temperature, timeout, top_p."
    )


NOT_A_MESSAGE = (
    "chat() was given messages of which number {} is not a Message: a dict whose role is "
    "'system', 'user' or 'assistant' and whose content is a str."
)


# --- What is refused when it runs --------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (None, "chat() was given a NoneType. It takes a str, or a list of messages."),
        (
            {"role": "user", "content": "secret"},
            "chat() was given a dict. It takes a str, or a list of messages.",
        ),
        (
            [{"role": "user", "content": "a"}, {"role": "wizard", "content": "secret"}],
            NOT_A_MESSAGE.format(1),
        ),
        (
            ["secret"],
            NOT_A_MESSAGE.format(0),
        ),
    ],
)
def test_what_is_no_prompt_is_refused_and_not_shown(
    client: OpenAI, prompt: Prompt, message: str
) -> None:
    with pytest.raises(TypeError) as caught:
        chat(client, model=CHAT_MODEL).invoke(prompt)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("401 Unauthorized", openai.AuthenticationError),
        ("404 Not Found", openai.NotFoundError),
        ("429 Too Many Requests", openai.RateLimitError),
        ("500 Internal Server Error", openai.InternalServerError),
    ],
)
def test_the_errors_of_a_server_travel_as_the_sdk_raises_them(
    status: str, error: type[openai.APIStatusError]
) -> None:
    with scripted(refused(status, "no")) as server, client_of(server) as client:
        chain = template("{topic}") | chat(client, model="m")
        with pytest.raises(error) as caught:
            chain.invoke({"topic": "bear"})
    assert caught.value.__cause__ is None
    assert "chat" in "".join(caught.value.__notes__)


def test_in_a_fan_out_they_travel_under_the_key_of_their_branch() -> None:
    with (
        scripted(refused("429 Too Many Requests", "slow down")) as server,
        client_of(server) as client,
        pytest.raises(FanoutError) as caught,
    ):
        fanout(joke=chat(client, model="m"), topic=runnable(str)).invoke("bear")
    assert {key: type(error) for key, error in caught.value.errors.items()} == {
        "joke": openai.RateLimitError
    }


def test_the_client_decides_how_often_is_tried() -> None:
    busy = refused("429 Too Many Requests", "slow down", "retry-after-ms: 1")
    with (
        scripted(busy, busy, stream(START, HOT, END)) as server,
        client_of(server, retries=2) as client,
    ):
        assert (chat(client, model="m") | text()).invoke("tea") == "hot"
    assert len(server.requests) == 3


def test_a_server_that_is_not_there_is_a_connection_error() -> None:
    with scripted() as server:
        pass
    with client_of(server) as client, pytest.raises(openai.APIConnectionError):
        chat(client, model="m").invoke("tea")


@pytest.mark.parametrize("chunks", [(), (START,), (START, HOT), (START, HOT, "[DONE]")])
def test_a_reply_that_breaks_off_is_no_reply(chunks: tuple[Any, ...]) -> None:
    with (
        scripted(stream(*chunks)) as server,
        client_of(server) as client,
        pytest.raises(IncompleteReplyError) as caught,
    ):
        chat(client, model="m").invoke("tea")
    assert str(caught.value) == (
        "The reply of chat(model='m') broke off: its stream ended without a `finish_reason`.\n"
        "The server, or something between, closed the connection. Ask again."
    )


def test_a_reply_that_is_cut_in_the_middle_of_a_body_is_a_connection_error() -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with (
        scripted([head, b"ff\r\ndata: {"]) as server,
        client_of(server) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        chat(client, model="m").invoke("tea")


def test_an_error_in_the_middle_of_a_stream_comes_after_what_was_said_before() -> None:
    failing = stream(START, HOT, {"error": {"message": "out of memory"}})
    with scripted(failing) as server, client_of(server) as client:
        pieces = (chat(client, model="m") | text()).stream("tea")
        assert next(pieces) == "hot"
        with pytest.raises(openai.APIError, match="out of memory"):
            next(pieces)


# --- Closing a stream --------------------------------------------------------


def endless() -> Iterator[bytes]:
    yield from stream(START)
    while True:
        yield event(HOT)


def test_closing_a_stream_closes_its_connection() -> None:
    with scripted(endless()) as server, client_of(server) as client:
        with closing((chat(client, model="m") | text()).stream("tea")) as pieces:
            assert [next(pieces), next(pieces)] == ["hot", "hot"]
            assert not server.left.is_set()
        assert server.left.wait(10)


def test_closing_an_async_stream_closes_its_connection() -> None:
    async def two(aio: AsyncOpenAI) -> list[str]:
        async with aclosing((chat(aio, model="m") | text()).astream("tea")) as pieces:
            return [await anext(pieces), await anext(pieces)]

    with scripted(endless()) as server:
        assert asyncio.run(two(async_client_of(server))) == ["hot", "hot"]
        assert server.left.wait(10)


def test_cancelling_a_call_closes_its_connection() -> None:
    async def cancelled(aio: AsyncOpenAI) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await chat(aio, model="m").ainvoke("tea")

    with scripted(endless()) as server:
        asyncio.run(cancelled(async_client_of(server)))
        assert server.left.wait(10)


# --- The reply ---------------------------------------------------------------


def test_a_reply_says_who_spoke_what_and_why_it_ended(client: OpenAI) -> None:
    assert chat(client, model=CHAT_MODEL).invoke(TEA) == {
        "role": "assistant",
        "model": CHAT_MODEL,
        "content": "Tea is hot.",
        "finish_reason": "stop",
    }


def test_usage_is_told_where_it_is_asked_for(client: OpenAI) -> None:
    reply = chat(client, model=CHAT_MODEL, stream_options={"include_usage": True}).invoke(TEA)
    assert reply.get("usage") == {
        "prompt_tokens": 12,
        "completion_tokens": 4,
        "total_tokens": 16,
    }


def test_a_stream_gives_the_reply_in_pieces(client: OpenAI) -> None:
    ask = chat(client, model=CHAT_MODEL)
    assert list(ask.stream(TEA)) == [
        {"role": "assistant", "model": CHAT_MODEL},
        {"content": "Tea "},
        {"content": "is "},
        {"content": "hot"},
        {"content": "."},
        {"finish_reason": "stop"},
    ]
    assert list((ask | text()).stream(TEA)) == ["Tea ", "is ", "hot", "."]


def test_a_reply_without_words_is_an_empty_text() -> None:
    with scripted(stream(START, END)) as server, client_of(server) as client:
        assert (chat(client, model="m") | text()).invoke("tea") == ""


def test_what_some_servers_do_otherwise_is_understood() -> None:
    chunks = (
        chunk({}) | {"choices": list[Json]()},  # ahead of all: Azure's content filter
        chunk({"role": "assistant", "content": "h"}),
        chunk({"role": "assistant", "content": "ot"}),  # the role in every chunk
        chunk({"content": None, "refusal": "No."}),
        chunk({"content": ""}, "content_filter"),
        chunk({}, None, usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}),
    )
    with scripted(stream(*chunks)) as server, client_of(server) as client:
        assert chat(client, model="m").invoke("tea") == {
            "role": "assistant",
            "model": "m",
            "content": "hot",
            "refusal": "No.",
            "finish_reason": "content_filter",
            "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        }


def test_the_request_is_what_was_asked_for() -> None:
    with (
        scripted(*(stream(START, HOT, END) for _ in range(3))) as server,
        client_of(server) as client,
    ):
        ask = chat(client, model="m", temperature=0.5, stop=["x"], extra_body={"top_k": 3})
        prompt = chat_template(system="Speak {language}.", user="{question}")
        reply = (prompt | ask).invoke({"language": "Français", "question": "Ça va ?"})
        ask.invoke([{"role": "user", "content": "a"}, reply, {"role": "user", "content": "b"}])
        ask.invoke("é" * 100_000)
    said = {"model": "m", "stream": True, "temperature": 0.5, "stop": ["x"], "top_k": 3}
    assert server.requests == [
        {
            **said,
            "messages": [
                {"role": "system", "content": "Speak Français."},
                {"role": "user", "content": "Ça va ?"},
            ],
        },
        {
            **said,
            # Of a reply, only what makes it a message is sent back.
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "hot"},
                {"role": "user", "content": "b"},
            ],
        },
        {**said, "messages": [{"role": "user", "content": "é" * 100_000}]},
    ]


def test_steps_that_ask_alike_are_equal_and_show_no_client(
    client: OpenAI, server: OfflineServer
) -> None:
    aio = async_client_of(server)
    assert chat(client, model="m") == chat(client, model="m")
    assert chat(client, model="m", aio=aio) == chat(client, model="m", aio=aio)
    assert chat(client, model="m") != chat(client, model="n")
    assert chat(client, model="m", seed=1) != chat(client, model="m", seed=2)
    assert "none" not in repr(chat(client, model="m", extra_headers={"Authorization": "none"}))


# --- Sync and async ----------------------------------------------------------


def test_each_world_asks_by_its_own_client() -> None:
    def replying(content: str) -> list[bytes]:
        return list(stream(START, chunk({"content": content}), END))

    with (
        scripted(replying("sync")) as one,
        scripted(replying("async")) as other,
        client_of(one) as client,
    ):
        ask = chat(client, model="m", aio=async_client_of(other)) | text()
        assert asyncio.run(ask.ainvoke("tea")) == "async"
        assert ask.invoke("tea") == "sync"


def test_a_sync_client_serves_both_worlds(client: OpenAI) -> None:
    ask = chat(client, model=CHAT_MODEL) | text()
    assert asyncio.run(ask.ainvoke(TEA)) == ask.invoke(TEA) == "Tea is hot."
    assert asyncio.run(collected(ask.astream(TEA))) == list(ask.stream(TEA))


def test_an_async_client_serves_both_worlds_again_and_again(aio: AsyncOpenAI) -> None:
    ask = chat(aio, model=CHAT_MODEL) | text()
    for _ in range(3):  # each on an event loop of its own
        assert ask.invoke(TEA) == "Tea is hot."
        assert asyncio.run(ask.ainvoke(TEA)) == "Tea is hot."
        assert asyncio.run(collected(ask.astream(TEA))) == ["Tea ", "is ", "hot", "."]
        assert list(ask.stream(TEA)) == ["Tea ", "is ", "hot", "."]


def test_an_async_client_serves_runs_of_trio(aio: AsyncOpenAI) -> None:
    ask = chat(aio, model=CHAT_MODEL) | text()
    with warnings.catch_warnings():
        # The SDK leaves generators of its own to the garbage collector, and trio says so.
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(3):
            assert on_trio(ask.ainvoke(TEA)) == "Tea is hot."
            assert on_trio(collected(ask.astream(TEA))) == ["Tea ", "is ", "hot", "."]
        gc.collect()


def test_an_async_client_serves_many_loops_at_once(aio: AsyncOpenAI) -> None:
    ask = chat(aio, model=CHAT_MODEL) | text()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask.invoke, [TEA] * 40)) == {"Tea is hot."}


def test_an_async_client_keeps_its_connection_while_its_loop_runs(server: OfflineServer) -> None:
    async def connections_of(ask: Runnable[Prompt, Reply]) -> int:
        before = set(threading.enumerate())
        for _ in range(5):
            await ask.ainvoke(TEA)
        started = set(threading.enumerate()) - before
        return sum("process_request" in thread.name for thread in started)

    # The server has a thread for each connection.
    assert asyncio.run(connections_of(chat(async_client_of(server), model=CHAT_MODEL))) == 1


def test_an_async_client_leaves_no_connection_behind_its_loop() -> None:
    with OfflineServer() as server:
        before = set(threading.enumerate())
        ask = chat(async_client_of(server), model=CHAT_MODEL)
        asyncio.run(ask.ainvoke(TEA))
        ask.invoke(TEA)
        left = [t for t in set(threading.enumerate()) - before if "process_request" in t.name]
        for thread in left:
            thread.join(10)  # a connection that is closed ends its thread
        assert not any(thread.is_alive() for thread in left)


def test_an_http_client_of_the_users_own_is_used_as_it_is() -> None:
    async def asked(server: Scripted) -> Reply:
        async with DefaultAsyncHttpxClient(headers={"x-own": "yes"}) as own:
            aio = AsyncOpenAI(base_url=server.base_url, api_key="none", http_client=own)
            return await chat(aio, model="m").ainvoke("tea")

    with scripted(stream(START, HOT, END)) as server:
        assert asyncio.run(asked(server))["content"] == "hot"
        assert "x-own: yes" in server.heads[0]


async def collected(pieces: AsyncIterator[str]) -> list[str]:
    return [piece async for piece in pieces]
