"""The event loops that faults are tried on."""

from tests.running.conftest import run

__all__ = ["run"]
