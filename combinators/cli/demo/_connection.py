"""A client of the server that the demo asks."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from openai import DefaultHttpxClient, OpenAI

from combinators.cli.demo._places import OFFLINE_LATENCY_SECONDS, Place
from combinators.steps.offline import OfflineServer

# What the offline reader answers from where a prompt brings no context.
_LIBRARY: Final = (
    'A joke about a bear: it asks the librarian for something to sleep on. She says: "Winter."',
    "A poem about a bear: it goes to bed when leaves are brown and sleeps till snow is coming down",
    "A joke about tea: the pot was never angry for long. It let off steam.",
    "A poem about tea: the kettle sings, the cups are near, and evening finds us sitting here.",
)


@contextmanager
def connected(place: Place) -> Generator[OpenAI]:
    """Give a client of the place's server for as long as the `with` block lasts."""
    if place.base_url is not None:
        with OpenAI(base_url=place.base_url, api_key=place.api_key) as client:
            yield client
        return
    with (
        OfflineServer(library=_LIBRARY, latency_seconds=OFFLINE_LATENCY_SECONDS) as server,
        # A proxy in the environment is not for this machine's own server.
        DefaultHttpxClient(trust_env=False) as direct,
    ):
        yield OpenAI(base_url=server.base_url, api_key=place.api_key, http_client=direct)
