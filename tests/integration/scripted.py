"""A server that sends, byte for byte, what a test has written down: also what is wrong."""

import json
import socket
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Scripted:
    """Where the server is, what it was asked, and whether a client left before the end."""

    base_url: str
    heads: list[str] = field(default_factory=list[str])
    requests: list[Json] = field(default_factory=list[Json])
    left: threading.Event = field(default_factory=threading.Event)


@contextmanager
def scripted(*replies: Iterable[bytes]) -> Generator[Scripted]:
    """Give a server that answers its first connection with the first reply, and so on.

    After the last it is gone: who asks once more is turned away and does not wait.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        host, port = listening.getsockname()
        server = Scripted(f"http://{host}:{port}/v1")
        thread = threading.Thread(target=_serve, args=(listening, server, replies))
        thread.start()
        try:
            yield server
        finally:
            with suppress(OSError):  # all replies are sent, and it is closed
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def response(status: str, body: Json, *headers: str) -> list[bytes]:
    """Return a whole reply."""
    data = json.dumps(body).encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(data)}"]
    return ["\r\n".join([*head, *headers, "Connection: close", "", ""]).encode() + data]


def refused(status: str, message: str, *headers: str) -> list[bytes]:
    """Return an error as OpenAI's protocol has it."""
    return response(status, {"error": {"message": message, "type": "server_error"}}, *headers)


def stream(*chunks: Json | str) -> Iterator[bytes]:
    """Return a reply in events; the connection ends after the last, which is the end of it all."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    yield from map(event, chunks)


def event(chunk: Json | str) -> bytes:
    """Return one event of a stream."""
    return f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n".encode()


def chunk(delta: Json, finish_reason: str | None = None, **fields: object) -> Json:
    """Return a chunk of a streamed reply."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return {**head, "choices": [choice], **fields}


def _serve(
    listening: socket.socket, server: Scripted, replies: tuple[Iterable[bytes], ...]
) -> None:
    with closing(listening):
        for reply in replies:
            try:
                connection, _ = listening.accept()
            except OSError:  # the test is over
                return
            with closing(connection):
                _answer(connection, server, reply)


def _answer(connection: socket.socket, server: Scripted, reply: Iterable[bytes]) -> None:
    with connection.makefile("rb") as received:
        head = b"".join(iter(received.readline, b"\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
        server.heads.append(head)
        server.requests.append(json.loads(received.read(length) or b"{}"))
        try:
            for part in reply:
                connection.sendall(part)
        except ConnectionError:
            server.left.set()
