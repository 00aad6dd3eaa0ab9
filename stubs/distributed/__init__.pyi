# dask's own types leave most of its methods untyped: here is the part in use.
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from enum import Enum
from typing import Self, TypeVar

_A = TypeVar("_A")

class Status(Enum):
    running = ...

class Nanny:
    pid: int
    process: object | None
    status: Status

class WorkerState:
    name: int

class Scheduler:
    workers: Mapping[str, WorkerState]

class LocalCluster:
    scheduler: Scheduler
    workers: Mapping[int, Nanny]
    def __init__(
        self,
        *,
        n_workers: int,
        threads_per_worker: int,
        dashboard_address: str | None,
        silence_logs: int,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def scale(self, n: int) -> None: ...

class Client:
    def __init__(self, address: LocalCluster) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def submit(self, func: Callable[..., _A], /, *args: object) -> Future[_A]: ...
