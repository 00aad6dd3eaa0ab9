"""The event loops that the tests of running are run on."""

import pytest

from tests.running.ways import LOOPS, Loop


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Loop:
    """Return what runs something awaitable, on asyncio's loop and then on trio's."""
    loop: Loop = request.param
    return loop
