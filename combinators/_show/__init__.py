"""Interpreters of node trees that only look: the expression, and the drawings."""
