"""The mypy plugin: what overloads alone cannot say about pipelines.

    [mypy]
    plugins = combinators.mypy

Each module is one room of it: `_hooks` says what is hooked, `_calls` and
`_operators` check calls and `|` again with what is known of their arguments,
`_dicts` turns dict literals into fan-outs, `_kinds` tells async functions and
generators from plain ones, and `_fitting` takes from a table of overloads what
fits the kinds at hand.
"""

from combinators.mypy._hooks import plugin

__all__ = ["plugin"]
