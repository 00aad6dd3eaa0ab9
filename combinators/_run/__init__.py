"""Interpreters of node trees: one for each way of running."""
