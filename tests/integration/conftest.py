"""Real servers on loopback, and clients of theirs."""

from collections.abc import Iterator

import pytest
from openai import OpenAI

from combinators.steps.offline import OfflineServer


@pytest.fixture(scope="session")
def server() -> Iterator[OfflineServer]:
    library = ["Bears sleep all winter.", "A joke about tea: it was let off with a warning."]
    with OfflineServer(library=library) as running:
        yield running


@pytest.fixture
def client(server: OfflineServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="none", max_retries=0) as made:
        yield made
