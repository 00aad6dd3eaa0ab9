"""Where the operands of a program are kept, and whether programs share code: what each costs.

    python -m tests.benchmarks.speed_designs [--rounds 25]

A chain of trivial steps to plain calls; then four chains of one shape that take turns.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from time import process_time
from types import CodeType, FunctionType
from typing import Final, TypeAlias

from tests.benchmarks.timing import FLOOR, Runs, by_turns, calls, ratios

Step: TypeAlias = Callable[[int], int]
Design: TypeAlias = Callable[[CodeType, Sequence[Step]], Step]

LENGTHS: Final = (1, 3, 10, 100)
CHAINS: Final = 4


def twin() -> Step:
    """Return a new function that adds one."""

    def inc(n: int) -> int:
        return n + 1

    return FunctionType(inc.__code__.replace(), {})


def code_of(head: str, length: int, step: str) -> CodeType:
    """Return the code of a chain, to be made a function of."""
    lines = "".join(f"        x = {step.format(i)}(x)\n" for i in range(length))
    body = f"    try:\n{lines}        return x\n    except Exception:\n        raise\n"
    text = f"def run({head}):\n{body}"
    module = compile(text, "<design>", "exec")
    return next(each for each in module.co_consts if isinstance(each, CodeType))


def names(length: int) -> Iterable[str]:
    """Return the names of operands."""
    return (f"c{i}" for i in range(length))


def closures(steps: Sequence[Step]) -> Step:
    """Return a chain as a closure over its steps."""

    def run(x: int) -> int:
        try:
            for step in steps:
                x = step(x)
        except Exception:  # noqa: TRY203 - what it costs to have a handler
            raise
        return x

    return run


def as_defaults(code: CodeType, steps: Sequence[Step]) -> Step:
    """Return a chain whose operands are the defaults of parameters."""
    return FunctionType(code, {}, argdefs=tuple(steps))


def as_globals(code: CodeType, steps: Sequence[Step]) -> Step:
    """Return a chain whose operands are globals."""
    return FunctionType(code, dict(zip(names(len(steps)), steps, strict=True)))


def with_own_code(code: CodeType, steps: Sequence[Step]) -> Step:
    """Return a chain whose operands are globals, of code that no other chain has."""
    return as_globals(code.replace(), steps)


def made(design: str, chains: Sequence[Sequence[Step]]) -> list[Step]:
    """Return the chains as functions of a design."""
    length = len(chains[0])
    if design == "closures":
        return [closures(steps) for steps in chains]
    if design == "by hand":
        code = code_of("x", length, "c0")
        return [with_own_code(code, steps[:1]) for steps in chains]
    make, head = DESIGNS[design]
    code = code_of(head.format(", ".join(names(length))), length, "c{}")
    return [make(code, steps) for steps in chains]


DESIGNS: Final[dict[str, tuple[Design, str]]] = {
    "shared code, operands as defaults": (as_defaults, "x, {}"),
    "shared code, operands as globals": (as_globals, "x"),
    "own code, operands as globals": (with_own_code, "x"),
}


def timed(chains: Sequence[Step]) -> Runs:
    """Return the time of one call of each chain, in turn."""
    variables = {f"f{i}": chain for i, chain in enumerate(chains)}
    return calls("; ".join(f"{name}(1)" for name in variables), process_time, **variables)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed_designs")
    parser.add_argument("--rounds", type=int, default=25, help="of their ratios, the median")
    rounds = parser.parse_args(arguments).rounds
    columns = [(many, length) for many in (1, CHAINS) for length in LENGTHS]
    heads = [f"{n}" if many == 1 else f"{n}, one of {many}" for many, n in columns]
    found: dict[str, list[str]] = {name: [] for name in ("closures", *DESIGNS)}
    for many, length in columns:
        chains = [[twin()] * length for _ in range(many)]
        sides = {name: timed(made(name, chains)) for name in found}
        floor = {FLOOR: timed(made("by hand", chains))}
        for name, ratio in ratios(by_turns({**sides, **floor}), rounds).items():
            found[name].append(f"{ratio:.2f}")
    print(f"| a chain of | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    for name, cells in found.items():
        print(f"| {name} | {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
