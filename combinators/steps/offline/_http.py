"""The wire: HTTP/1.1 with kept-alive connections and event streams, on the standard library."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR, socket
from socketserver import BaseServer, TCPServer, ThreadingMixIn
from sys import exc_info
from threading import Event, Lock
from typing import ClassVar, Final, TypeAlias, final

from typing_extensions import override

from combinators.steps.offline._reader import Ranking
from combinators.steps.offline._replies import (
    Json,
    answer,
    chunks,
    completion,
    embeddings,
    models,
)
from combinators.steps.offline._requests import (
    Body,
    RefusedError,
    chat_request,
    embedding_request,
    parsed,
)

_ADDRESS: Final = ("127.0.0.1", 0)  # any free port, reached from this machine only
_SLICE: Final = 1 << 16

# A reply is one JSON object, or a stream of them.
Reply: TypeAlias = Json | Iterator[Json]

# What `socketserver` calls a request; of TCP it is always the socket.
_Request: TypeAlias = socket | tuple[bytes, socket]


@final
@dataclass(frozen=True, slots=True)
class Service:
    """What the connections of a server share."""

    library: Ranking
    latency_seconds: float
    max_body_bytes: int
    stopping: Event = field(default_factory=Event)

    def chat(self, body: Body) -> Reply:
        """Return what the reader says, after the latency."""
        request = chat_request(body)
        if self.stopping.wait(self.latency_seconds):
            raise ConnectionAbortedError
        said = answer(request, self.library)
        if request.stream:
            return chunks(said, include_usage=request.include_usage)
        return completion(said)

    def embed(self, body: Body) -> Reply:
        """Return the vectors of texts."""
        return embeddings(embedding_request(body))


@final
class LoopbackServer(ThreadingMixIn, TCPServer):
    """A thread for each connection, all of them joined when the server is closed."""

    # With the default of 5, the sixth of many clients that call at once would wait for a second.
    request_queue_size = 1024

    def __init__(self, service: Service) -> None:
        self._stopping = service.stopping
        self._connections = set[_Request]()
        self._lock = Lock()
        super().__init__(_ADDRESS, partial(Connection, service))

    @override
    def process_request(self, request: _Request, client_address: object) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: _Request) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: _Request, client_address: object) -> None:
        # A client that leaves in the middle is no error of the server.
        if not isinstance(exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @override
    def server_close(self) -> None:
        # A connection that is kept alive waits for its next request: this wakes it up to end.
        self._stopping.set()
        with self._lock:
            for connection in self._connections:
                # The client may have been first to close it.
                if isinstance(connection, socket):
                    with suppress(OSError):
                        connection.shutdown(SHUT_RDWR)
        super().server_close()


@final
class Connection(BaseHTTPRequestHandler):
    """One client: request after request, until one side hangs up."""

    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float | None] = 60  # seconds that the client may be silent
    # Unbuffered, or with Nagle's algorithm, a reply waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(
        self, service: Service, request: _Request, client_address: object, server: BaseServer
    ) -> None:
        self.service = service
        super().__init__(request, client_address, server)  # returns when the connection ends

    def do_GET(self) -> None:
        """Serve the list of models."""
        self._serve({"/v1/models": lambda _: models()})

    def do_POST(self) -> None:
        """Serve a reply of the chat model, or embeddings."""
        chat, embed = self.service.chat, self.service.embed
        self._serve({"/v1/chat/completions": chat, "/v1/embeddings": embed})

    def _serve(self, routes: Mapping[str, Callable[[Body], Reply]]) -> None:
        try:
            data = self.rfile.read(self._length())
        except RefusedError as refused:
            self.close_connection = True  # where the next request begins is unknown
            self._send(refused.status, refused.body())
            self._discard()
            return
        route = routes.get(self.path.partition("?")[0], self._nothing_there)
        try:
            reply = route(parsed(data or b"{}"))
        except RefusedError as refused:
            self._send(refused.status, refused.body())
        else:
            if isinstance(reply, dict):
                self._send(HTTPStatus.OK, reply)
            else:
                self._stream(reply)

    def _nothing_there(self, _: Body) -> Reply:
        raise RefusedError(404, f"There is nothing to {self.command} at this path.")

    def _length(self) -> int:
        default = "0" if self.command == "GET" else None
        stated = self.headers.get("Content-Length", default)
        if stated is None or "Transfer-Encoding" in self.headers:
            raise RefusedError(411, "The request does not say its Content-Length.")
        if not (stated.isascii() and stated.isdecimal()):
            raise RefusedError(400, "The Content-Length is not a number.")
        if int(stated) > self.service.max_body_bytes:
            raise RefusedError(413, f"The body is more than {self.service.max_body_bytes} bytes.")
        return int(stated)

    def _send(self, status: int, reply: Json) -> None:
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, reply: Iterator[Json]) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in reply:
            self._event(json.dumps(chunk))
        self._event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        self.wfile.flush()

    def _discard(self) -> None:
        # To close with unread data resets the connection, and the client may never see the reply.
        self.wfile.flush()
        self.connection.settimeout(1)
        left = 4 * self.service.max_body_bytes
        while left > 0 and (data := self.rfile.read1(_SLICE)):
            left -= len(data)

    @override
    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        # What `http.server` itself refuses, such as an unknown method, in the protocol's form.
        self.close_connection = True
        self._send(code, RefusedError(code, message or HTTPStatus(code).phrase).body())

    @override
    def finish(self) -> None:
        # The base class leaves `rfile` open when the client has left before the last write.
        try:
            super().finish()
        finally:
            self.rfile.close()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests may carry what is private."""
