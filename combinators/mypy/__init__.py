"""The mypy plugin: what overloads alone cannot say about pipelines.

    [mypy]
    plugins = combinators.mypy

Name it there and nothing else: it keeps no state and has no options.

Each module is one room. `_hooks` says what is hooked; `_calls` and `_operators` answer
for builders and for `|`, `_arguments` turns dict literals into the fan-outs they mean.
`_checks` checks a call again with what is known of its steps: `_kinds` tells async and
generator functions from plain ones, `_resolving` types steps for their inputs,
`_fitting` keeps of the overloads what fits. `_joints` and `_inputs` find what is wrong,
`_messages` says it.
"""

from combinators.mypy._hooks import plugin

__all__ = ["plugin"]
