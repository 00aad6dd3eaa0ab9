"""Runs of the event loop that are the guests of another one."""
