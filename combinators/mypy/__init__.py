"""The mypy plugin: it knows every key and every type of a pipeline.

    [mypy]
    plugins = combinators.mypy

Name it there and nothing else: it keeps no state and has no options.

Each module is one room. `_hooks` says what is hooked; `_calls`, `_operators` and
`_running` answer. `_reading` turns expressions into steps, with what `_builders` build;
`_composing` puts them together: `_forward` finds what a step gives for what flows in,
`_backward` what it needs for what is wanted, `_fitting` whether the two fit. `_mistakes`
says what is wrong. `_encoding` and `_decoding` keep what is not known yet in types.
"""

from combinators.mypy._hooks import plugin

__all__ = ["plugin"]
