"""Runs that are watched, and who is told of them."""
