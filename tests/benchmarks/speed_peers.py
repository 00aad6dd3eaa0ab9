"""Three trivial steps in sequence, as other libraries spell them.

Each is imported where it is measured: a missing one is a column of dashes, and no error.
"""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, TypeAlias

from tests.benchmarks.speed_steps import inc

Chain: TypeAlias = Callable[[int], object]
Foreign: TypeAlias = Any  # what comes from there has no types here


def _imported(module: str) -> Foreign:
    return import_module(module)


def returns() -> Chain:
    """Return the chain as `returns` spells it."""
    chain: Chain = _imported("returns.pipeline").pipe(inc, inc, inc)
    return chain


def toolz() -> Chain:
    """Return the chain as `toolz` spells it."""
    chain: Chain = _imported("toolz").compose_left(inc, inc, inc)
    return chain


def expression() -> Chain:
    """Return the chain as `Expression` spells it."""
    chain: Chain = _imported("expression").compose(inc, inc, inc)
    return chain


def langchain() -> Chain:
    """Return the chain as LangChain spells it."""
    runnables = _imported("langchain_core.runnables")
    step = runnables.RunnableLambda(inc)
    chain: Chain = runnables.RunnableSequence(step, step, step).invoke
    return chain


def pydantic_graph() -> Chain:
    """Return the chain as a graph of steps."""
    builder = _imported("pydantic_graph").GraphBuilder(input_type=int, output_type=int)

    def step(name: str) -> Foreign:
        async def run(context: Foreign) -> int:
            return inc(context.inputs)

        return builder.step(run, node_id=name)

    first, second, third = map(step, ("first", "second", "third"))
    builder.add(
        builder.edge_from(builder.start_node).to(first),
        builder.edge_from(first).to(second),
        builder.edge_from(second).to(third),
        builder.edge_from(third).to(builder.end_node),
    )
    graph = builder.build()
    return lambda n: graph.run_sync(inputs=n)


def haystack() -> Chain:
    """Return the chain as a pipeline of connected components."""
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    haystack = _imported("haystack")

    @haystack.component
    class Inc:
        @haystack.component.output_types(n=int)  # type: ignore[untyped-decorator]  # none here
        def run(self, n: int) -> Mapping[str, int]:
            return {"n": inc(n)}

    pipeline = haystack.Pipeline()
    for name in ("first", "second", "third"):
        pipeline.add_component(name, Inc())
    pipeline.connect("first.n", "second.n")
    pipeline.connect("second.n", "third.n")
    return lambda n: pipeline.run({"first": {"n": n}})


PEERS: Final[Mapping[str, Callable[[], Chain]]] = {
    "toolz": toolz,
    "returns": returns,
    "Expression": expression,
    "langchain-core": langchain,
    "pydantic-graph": pydantic_graph,
    "haystack-ai": haystack,
}
