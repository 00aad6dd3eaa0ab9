"""The offline server as its users see it: a context manager with an address."""

from collections.abc import Iterable
from threading import Thread
from types import TracebackType
from typing import Final, Self, final

from combinators.steps.offline._http import LoopbackServer, Service
from combinators.steps.offline._reader import Ranking

# How often the server looks whether it is to stop, which is how long stopping takes at most.
_POLL_SECONDS: Final = 0.05


@final
class OfflineServer:
    """A server of OpenAI's protocol on this machine, for as long as its `with` block lasts.

    `POST /v1/chat/completions`, whole or streamed, `POST /v1/embeddings` and `GET /v1/models`, for
    any number of clients at once. On leaving, connections are closed and no thread is left.

    Args:
        library: texts that the chat model answers from where a prompt brings no context.
        latency_seconds: how long each reply of the chat model is held back: models take their
            time, and this one would not.
        max_body_bytes: requests with more are refused.

    >>> from openai import OpenAI
    >>> asked = [{"role": "user", "content": "What do bears do in winter?"}]
    >>> with OfflineServer(library=["Bears sleep all winter.", "Tea is hot."]) as server:
    ...     with OpenAI(base_url=server.base_url, api_key="offline") as client:
    ...         reply = client.chat.completions.create(model="extractive-reader", messages=asked)
    >>> reply.choices[0].message.content
    'Bears sleep all winter.'
    """

    __slots__ = ("_running", "_service")

    def __init__(
        self,
        *,
        library: Iterable[str] = (),
        latency_seconds: float = 0.0,
        max_body_bytes: int = 1 << 24,
    ) -> None:
        if not latency_seconds >= 0:
            raise ValueError(f"OfflineServer() needs latency_seconds >= 0, not {latency_seconds}.")
        self._service = Service(Ranking(tuple(library)), latency_seconds, max_body_bytes)
        self._running: tuple[LoopbackServer, Thread] | None = None

    @property
    def base_url(self) -> str:
        """Return the address that a client is given, good within the `with` block."""
        if self._running is None:
            raise RuntimeError("The OfflineServer is not running: use it as `with ... as server`.")
        host, port = self._running[0].server_address[:2]
        return f"http://{host!s}:{port}/v1"

    def __enter__(self) -> Self:
        if self._running is not None:
            raise RuntimeError("The OfflineServer is running: one `with` block at a time.")
        self._service.stopping.clear()
        server = LoopbackServer(self._service)
        thread = Thread(
            target=server.serve_forever, args=(_POLL_SECONDS,), name="offline-server", daemon=True
        )
        thread.start()
        self._running = (server, thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._running is not None:
            server, thread = self._running
            self._running = None
            server.shutdown()
            thread.join()
            server.server_close()
