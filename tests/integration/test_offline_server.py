"""The offline server, asked by the official client and by clients that misbehave."""

import json
import socket
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from hypothesis import given, strategies as st
from openai import APIStatusError, NotFoundError, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from combinators.steps import HashingEmbedder
from combinators.steps.offline import CHAT_MODEL, EMBEDDING_MODEL, OfflineServer
from combinators.steps.offline._replies import Answer, chunks
from combinators.steps.offline._requests import RefusedError, chat_request, embedding_request

# Replies of any shape: what is asserted is what is in them.
Json = dict[str, Any]

ASKING: list[ChatCompletionMessageParam] = [
    {
        "role": "user",
        "content": (
            "Context:\nTea is hot.\n\nHarrison worked at Kensho.\nQuestion: who was at kensho?"
        ),
    }
]
CHAT: Json = {"model": CHAT_MODEL, "messages": ASKING}
EMBED: Json = {"model": EMBEDDING_MODEL, "input": "tea"}


@pytest.fixture
def wire(server: OfflineServer) -> Iterator[HTTPConnection]:
    """Give a connection that sends what it is told, right or wrong."""
    with closing(connection_to(server)) as connection:
        yield connection


def connection_to(server: OfflineServer) -> HTTPConnection:
    return HTTPConnection(urlsplit(server.base_url).netloc, timeout=20)


def post(wire: HTTPConnection, path: str, body: bytes) -> tuple[int, Json]:
    wire.request("POST", path, body)
    return received(wire)


def received(wire: HTTPConnection) -> tuple[int, Json]:
    response = wire.getresponse()
    reply: Json = json.loads(response.read())
    return response.status, reply


def refusal(reply: Json) -> tuple[str, str | None, str | None]:
    error = reply["error"]
    assert error["type"] == "invalid_request_error"
    return error["message"], error["param"], error["code"]


# --- What is refused ---------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The body is not JSON."),
        (b"\xff\xfe", "The body is not JSON."),
        (b"[" * 100_000, "The body is not JSON."),
        (b"[1]", "The body is not a JSON object."),
        (b"null", "The body is not a JSON object."),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    wire: HTTPConnection, body: bytes, message: str
) -> None:
    status, reply = post(wire, "/v1/chat/completions", body)
    assert (status, refusal(reply)) == (400, (message, None, None))


WRONG: list[tuple[Json, str, str | None]] = [
    ({"model": None}, "'model' is missing, or is not a string.", "model"),
    ({"messages": None}, "'messages' is missing, or is not a list of messages.", "messages"),
    ({"messages": []}, "'messages' is missing, or is not a list of messages.", "messages"),
    ({"messages": ["hi"]}, "A message is not a JSON object.", None),
    (
        {"messages": [{"role": "tool", "content": "x"}]},
        "'messages[0].role' is missing or unknown.",
        "messages[0].role",
    ),
    (
        {"messages": [{"role": "user"}]},
        "'messages[0].content' is missing, or is not text.",
        "messages[0].content",
    ),
    (
        {"messages": [{"role": "user", "content": "\ud800"}]},
        "'messages[0].content' has half of a surrogate pair, which is not text.",
        "messages[0].content",
    ),
    ({"n": 2}, "The reader has one answer: 'n' can only be 1.", "n"),
    ({"tools": [{}]}, "The reader has no tools.", "tools"),
    (
        {"response_format": {"type": "json_object"}},
        "The reader answers in plain text only.",
        "response_format",
    ),
    ({"stream": "yes"}, "'stream' is not true or false.", "stream"),
    ({"stream_options": 1}, "'stream_options' is not a JSON object.", None),
    ({"max_tokens": 0}, "'max_tokens' is not a whole number of 1 or more.", "max_tokens"),
    ({"max_tokens": True}, "'max_tokens' is not a whole number of 1 or more.", "max_tokens"),
    ({"stop": [""]}, "'stop' is an empty text or list.", "stop"),
]


@pytest.mark.parametrize(("change", "message", "param"), WRONG)
def test_a_chat_request_that_is_wrong_is_refused_by_name(
    wire: HTTPConnection, change: Json, message: str, param: str | None
) -> None:
    status, reply = post(wire, "/v1/chat/completions", json.dumps(CHAT | change).encode())
    assert (status, refusal(reply)) == (400, (message, param, None))


@pytest.mark.parametrize(
    ("change", "message", "param"),
    [
        ({"input": None}, "'input' is missing, or is not text.", "input"),
        ({"input": [1, 2]}, "'input' is missing, or is not text.", "input"),
        ({"input": []}, "'input' is an empty text or list.", "input"),
        ({"input": ["a", ""]}, "'input' is an empty text or list.", "input"),
        ({"input": ["a"] * 2049}, "'input' has more than 2048 texts.", "input"),
        ({"dimensions": 4097}, "'dimensions' is more than 4096.", "dimensions"),
        ({"dimensions": 1.5}, "'dimensions' is not a whole number of 1 or more.", "dimensions"),
        (
            {"encoding_format": "hex"},
            "'encoding_format' is 'float' or 'base64'.",
            "encoding_format",
        ),
        ({"encoding_format": []}, "'encoding_format' is 'float' or 'base64'.", "encoding_format"),
    ],
)
def test_an_embedding_request_that_is_wrong_is_refused_by_name(
    wire: HTTPConnection, change: Json, message: str, param: str
) -> None:
    status, reply = post(wire, "/v1/embeddings", json.dumps(EMBED | change).encode())
    assert (status, refusal(reply)) == (400, (message, param, None))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("user"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FIELDS = [
    *("messages", "stream", "stream_options", "max_tokens", "stop", "n", "tools"),
    *("response_format", "input", "dimensions", "encoding_format"),
]
MESSAGES = st.lists(st.fixed_dictionaries({"role": ANYTHING, "content": ANYTHING}))
BODIES = st.dictionaries(st.sampled_from(FIELDS), ANYTHING | MESSAGES)


@given(BODIES)
def test_whatever_is_in_the_fields_a_request_is_either_understood_or_refused(body: Json) -> None:
    for model, read in (CHAT_MODEL, chat_request), (EMBEDDING_MODEL, embedding_request):
        for fields in body, CHAT | body, EMBED | body:
            with suppress(RefusedError):
                read(fields | {"model": model})


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/completions"), ("POST", "/"), ("GET", "/v1/embeddings"), ("POST", "/v1/models")],
)
def test_an_unknown_path_is_refused_and_the_connection_goes_on(
    wire: HTTPConnection, method: str, path: str
) -> None:
    wire.request(method, path, json.dumps(EMBED).encode())
    status, reply = received(wire)
    assert (status, refusal(reply)[0]) == (404, f"There is nothing to {method} at this path.")
    assert post(wire, "/v1/embeddings", json.dumps(EMBED).encode())[0] == 200


def test_an_unknown_method_is_refused_in_the_protocols_own_form(wire: HTTPConnection) -> None:
    wire.request("DELETE", "/v1/models")
    status, reply = received(wire)
    assert (status, refusal(reply)[0]) == (501, "Unsupported method ('DELETE')")


def test_a_model_of_another_server_is_not_found(client: OpenAI) -> None:
    with pytest.raises(NotFoundError, match="The one for this request is 'extractive-reader'"):
        client.chat.completions.create(model="gpt-5", messages=ASKING)
    with pytest.raises(NotFoundError, match="The one for this request is 'hashed-words'") as caught:
        client.embeddings.create(model=CHAT_MODEL, input="tea")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"", 411),
        (b"Transfer-Encoding: chunked\r\n", 411),
        (b"Content-Length: many\r\n", 400),
        (b"Content-Length: -1\r\n", 400),
        (b"Content-Length: +2\r\n", 400),
        (b"Content-Length: 99999999999999999999\r\n", 413),
    ],
)
def test_a_body_without_a_usable_length_is_refused_and_the_connection_closed(
    server: OfflineServer, headers: bytes, status: int
) -> None:
    with closing(socket.create_connection(address_of(server), timeout=20)) as sent:
        sent.sendall(b"POST /v1/embeddings HTTP/1.1\r\nHost: here\r\n" + headers + b"\r\n")
        sent.shutdown(socket.SHUT_WR)
        reply = everything_from(sent)
    assert reply.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in reply


def test_a_body_that_is_too_large_is_refused_while_it_is_still_being_sent() -> None:
    with (
        OfflineServer(max_body_bytes=1000) as small,
        OpenAI(base_url=small.base_url, api_key="none", max_retries=0) as client,
    ):
        with pytest.raises(APIStatusError, match="The body is more than 1000 bytes") as caught:
            client.embeddings.create(model=EMBEDDING_MODEL, input="x" * 3_000_000)
        assert caught.value.status_code == 413
        assert client.embeddings.create(model=EMBEDDING_MODEL, input="tea").data


def test_a_client_that_sends_all_of_a_large_body_first_still_sees_the_refusal() -> None:
    with (
        OfflineServer(max_body_bytes=4_000_000) as small,
        closing(socket.create_connection(address_of(small), timeout=20)) as sent,
    ):
        sent.sendall(b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: 15000000\r\n\r\n")
        sent.sendall(b"x" * 15_000_000)
        assert everything_from(sent).startswith(b"HTTP/1.1 413 ")


def address_of(server: OfflineServer) -> tuple[str, int]:
    parts = urlsplit(server.base_url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def everything_from(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


# --- Clients that leave, and the server that does ----------------------------


def test_a_client_may_leave_in_the_middle_of_a_body(server: OfflineServer, client: OpenAI) -> None:
    with closing(socket.create_connection(address_of(server), timeout=20)) as leaving:
        leaving.sendall(b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    assert client.models.list().data


def test_a_client_may_leave_in_the_middle_of_a_stream(
    capfd: pytest.CaptureFixture[str],
) -> None:
    words = " ".join(f"tea{number}" for number in range(50_000))
    request = json.dumps(CHAT | {"stream": True, "messages": [{"role": "user", "content": "tea7"}]})
    with OfflineServer(library=[words]) as talkative:
        for _ in range(5):
            with closing(connection_to(talkative)) as leaving:
                leaving.request("POST", "/v1/chat/completions", request)
                assert leaving.getresponse().read(10) == b'data: {"id'
    # Leaving the block has joined every thread, and none of them had anything to complain about.
    assert capfd.readouterr().err == ""


def test_leaving_the_block_leaves_no_thread_though_clients_stay_connected() -> None:
    before = set(threading.enumerate())
    with OfflineServer() as server:
        wires = [connection_to(server) for _ in range(5)]
        for wire in wires:
            wire.request("GET", "/v1/models")
            assert wire.getresponse().read()
        assert len(set(threading.enumerate()) - before) == 6
        start = time.perf_counter()
    assert set(threading.enumerate()) <= before
    assert time.perf_counter() - start < 5
    for wire in wires:
        wire.close()


def test_leaving_the_block_does_not_wait_for_replies_that_are_held_back() -> None:
    with OfflineServer(latency_seconds=60) as server, closing(connection_to(server)) as wire:
        wire.request("POST", "/v1/chat/completions", json.dumps(CHAT))
        time.sleep(0.1)
        start = time.perf_counter()
    assert time.perf_counter() - start < 5


def test_the_address_is_known_only_inside_the_block() -> None:
    server = OfflineServer()
    with pytest.raises(RuntimeError, match="not running: use it as `with"):
        _ = server.base_url
    with server:
        assert server.base_url.startswith("http://127.0.0.1:")
        with pytest.raises(RuntimeError, match="one `with` block at a time"):
            server.__enter__()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.base_url


def test_a_server_can_be_started_again() -> None:
    server = OfflineServer(library=["Tea."])
    for _ in range(2):
        with server, OpenAI(base_url=server.base_url, api_key="none") as client:
            assert client.models.list().data


@pytest.mark.parametrize("latency", [-0.1, float("nan")])
def test_a_latency_below_zero_is_refused(latency: float) -> None:
    with pytest.raises(ValueError, match="needs latency_seconds >= 0"):
        OfflineServer(latency_seconds=latency)


# --- What is served ----------------------------------------------------------


def test_the_models_are_listed(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [CHAT_MODEL, EMBEDDING_MODEL]


def test_a_whole_reply_has_what_the_client_expects(client: OpenAI) -> None:
    reply = client.chat.completions.create(model=CHAT_MODEL, messages=ASKING)
    [choice] = reply.choices
    assert (choice.message.role, choice.message.content) == (
        "assistant",
        "Harrison worked at Kensho.",
    )
    assert (choice.finish_reason, reply.model) == ("stop", CHAT_MODEL)
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 5
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + 5


def test_a_streamed_reply_comes_token_by_token_and_adds_up_to_the_whole(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model=CHAT_MODEL,
            messages=ASKING,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert deltas[0].role == "assistant"
    assert [d.content for d in deltas[1:-1]] == ["Harrison ", "worked ", "at ", "Kensho", "."]
    assert [c.finish_reason for chunk in chunks for c in chunk.choices][-1] == "stop"
    assert [chunk.usage is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    assert {chunk.id for chunk in chunks} == {chunks[0].id}


def test_a_token_is_sent_when_it_is_said(
    wire: HTTPConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = threading.Event()

    def hesitant(said: Answer, *, include_usage: bool) -> Iterator[Json]:
        first, *rest = chunks(said, include_usage=include_usage)
        yield first
        assert heard.wait(10)  # with nothing sent before the end, nobody would hear
        yield from rest

    monkeypatch.setattr("combinators.steps.offline._http.chunks", hesitant)
    wire.request("POST", "/v1/chat/completions", json.dumps(CHAT | {"stream": True}))
    response = wire.getresponse()
    assert response.readline().startswith(b"data: ")
    heard.set()
    assert response.read().endswith(b"data: [DONE]\n\n")


def test_a_limit_and_a_stop_mark_cut_the_reply(client: OpenAI) -> None:
    cut = client.chat.completions.create(model=CHAT_MODEL, messages=ASKING, max_tokens=2)
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == (
        "Harrison worked ",
        "length",
    )
    stopped = client.chat.completions.create(model=CHAT_MODEL, messages=ASKING, stop=[" at"])
    assert (stopped.choices[0].message.content, stopped.choices[0].finish_reason) == (
        "Harrison worked",
        "stop",
    )


def test_content_may_come_in_parts(client: OpenAI) -> None:
    parts: list[ChatCompletionMessageParam] = [
        {"role": "developer", "content": "Context: Ice is cold."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "What is "}, {"type": "text", "text": "cold?"}],
        },
    ]
    reply = client.chat.completions.create(model=CHAT_MODEL, messages=parts)
    assert reply.choices[0].message.content == "Ice is cold."


@pytest.mark.parametrize("text", ["Where is Zoë's café? ☕", "漢字", "a" * 100_000, " \n "])
def test_embeddings_are_the_same_in_both_encodings_and_those_of_the_embedder(
    client: OpenAI, wire: HTTPConnection, text: str
) -> None:
    expected = HashingEmbedder().embed([text])[0]
    floats = client.embeddings.create(model=EMBEDDING_MODEL, input=text, encoding_format="float")
    status, packed = post(
        wire,
        "/v1/embeddings",
        json.dumps(EMBED | {"input": [text], "encoding_format": "base64"}).encode(),
    )
    assert status == 200
    assert np.array_equal(np.array(floats.data[0].embedding, dtype=np.float32), expected)
    unpacked = np.frombuffer(b64decode(packed["data"][0]["embedding"]), dtype="<f4")
    assert np.array_equal(unpacked, expected)


def test_embeddings_have_the_dimensions_asked_for(client: OpenAI) -> None:
    made = client.embeddings.create(model=EMBEDDING_MODEL, input=["a", "b", "a b"], dimensions=8)
    assert [(item.index, len(item.embedding)) for item in made.data] == [(0, 8), (1, 8), (2, 8)]
    assert made.usage.total_tokens == 4


def test_without_a_context_the_library_is_read(client: OpenAI) -> None:
    def said(prompt: str) -> str | None:
        asking: list[ChatCompletionMessageParam] = [{"role": "user", "content": prompt}]
        reply = client.chat.completions.create(model=CHAT_MODEL, messages=asking)
        return reply.choices[0].message.content

    assert said("tell me a joke about tea") == "A joke about tea: it was let off with a warning."
    assert said("What do bears do?") == "Bears sleep all winter."
    assert said("And volcanoes?") == "I was given no context, and my library is silent."
    assert said("Context:\nTea is hot.\nQuestion: And bears?") == "The context does not say."


def test_replies_are_held_back_for_the_latency_and_embeddings_are_not() -> None:
    with (
        OfflineServer(latency_seconds=0.3) as slow,
        OpenAI(base_url=slow.base_url, api_key="none") as client,
    ):
        client.models.list()  # opens the connection
        embedding = seconds(lambda: client.embeddings.create(model=EMBEDDING_MODEL, input="tea"))
        reply = seconds(lambda: client.chat.completions.create(model=CHAT_MODEL, messages=ASKING))
    assert embedding < 0.3 <= reply


def test_many_clients_are_served_at_once() -> None:
    many = 64
    with (
        OfflineServer(latency_seconds=0.5) as slow,
        OpenAI(base_url=slow.base_url, api_key="none", max_retries=0) as client,
        ThreadPoolExecutor(many) as pool,
    ):
        start = time.perf_counter()
        asked = [
            pool.submit(client.chat.completions.create, model=CHAT_MODEL, messages=ASKING)
            for _ in range(many)
        ]
        replies = {reply.result().choices[0].message.content for reply in asked}
        taken = time.perf_counter() - start
    assert replies == {"Harrison worked at Kensho."}
    assert taken < many * 0.5 / 4


def test_a_connection_is_kept_and_its_replies_do_not_wait_for_acknowledgements(
    wire: HTTPConnection,
) -> None:
    body = json.dumps(CHAT | {"stream": True}).encode()

    def ask() -> None:
        wire.request("POST", "/v1/chat/completions", body)
        assert wire.getresponse().read().endswith(b"data: [DONE]\n\n")

    ask()
    own = wire.sock
    # A delayed acknowledgement takes 40 ms, so the fastest of some tells, busy machine or not.
    assert min(seconds(ask) for _ in range(10)) < 0.03
    assert wire.sock is own


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
