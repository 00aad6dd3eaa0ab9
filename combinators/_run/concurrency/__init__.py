"""Threads and tasks that work together: they share, they wait for one another, they stop."""
