"""Many sources in few runs of mypy: which of them make it break, or take too long."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import final

from tests.robustness.mypy_process import OURS, STRICT, Run, configuration, mypy
from tests.robustness.seeds import SUBJECT
from tests.robustness.sources import Source

# What mypy does with a source depends on its settings; each batch takes the next of these.
SETTINGS: tuple[str, ...] = (
    STRICT + "warn_unreachable = true\n",
    "check_untyped_defs = true\nallow_redefinition = true\nlocal_partial_types = true\n",
    "disallow_any_expr = true\nenable_incomplete_feature = InlineTypedDict\n",
    "ignore_missing_imports = true\nno_strict_optional = true\nextra_checks = true\n",
)


FRAME = re.compile(r'^  File "([^"]+)", line (\d+), in (\S+)$', re.MULTILINE)
EXCEPTION = re.compile(r"^\w+(?:Error|Exception|Iteration|Exit)\b.*$", re.MULTILINE)


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds: one source by itself, its share in a run, the start."""

    one: float = 20.0
    share: float = 0.5
    start: float = 30.0

    def of(self, count: int) -> float:
        """Return the seconds that a run over so many sources may take."""
        return self.start + self.one + self.share * count


@final
@dataclass(frozen=True, slots=True)
class Failure:
    """A source that breaks mypy with the plugin."""

    source: Source
    how: str  # the same for the same cause, as far as can be told
    mypys_own: bool


@final
@dataclass(slots=True)
class Findings:
    """What came of a number of sources."""

    checked: int = 0
    refused: int = 0  # by mypy itself, before any plugin: they cannot be analysed
    reported: int = 0  # sources of which the plugin said something
    slowest: tuple[float, str] = (0.0, "")  # how many seconds one source took, and which
    by_code: Counter[str] = field(default_factory=Counter[str])
    failures: list[Failure] = field(default_factory=list[Failure])

    def add(self, other: "Findings") -> None:
        """Take in what came of others."""
        self.checked += other.checked
        self.refused += other.refused
        self.reported += other.reported
        self.slowest = max(self.slowest, other.slowest)
        self.failures += other.failures
        self.by_code.update(other.by_code)


DEFERRED = re.compile(r"^    (\w+):-?\d+$", re.MULTILINE)


@final
class Bench:
    """A folder in which sources are checked, a batch at a time; the library stays in the cache."""

    def __init__(
        self,
        folder: Path,
        *,
        plugins: Sequence[str] = (OURS,),
        limits: Limits | None = None,
        settings: str = STRICT,
    ) -> None:
        self.folder = folder
        self.plugins = plugins
        self.limits = limits or Limits()
        self.settings = settings
        self.alone = 0
        self.folder.mkdir(parents=True, exist_ok=True)
        (folder / "subject.py").write_text(SUBJECT)

    def examined(self, sources: Sequence[Source]) -> Findings:
        """Return what comes of a batch, in one run where nothing breaks."""
        findings = Findings()
        left = {name: each for each in sources for name in self._written(each)}
        for run, blamed in self._runs(left):
            taken = [(run.per_module.get(Path(name).stem, 0.0), name) for name in left]
            findings.slowest = max(findings.slowest, *taken)
            if not run.crashed and run.status != 2:
                self._count(run, left, findings)
            for each in blamed:
                for name in each.files():
                    left.pop(name, None)
                failure = self._failure(each, run)
                if run.status == 2 and not run.crashed and failure.mypys_own:
                    findings.refused += 1
                else:
                    findings.failures.append(failure)
        return findings

    def breaks(self, source: Source, plugins: Sequence[str] | None = None) -> Run | None:
        """Return the run that shows that a source by itself breaks mypy, if it does."""
        chosen = self.plugins if plugins is None else plugins
        if source.reads and (broken := self.breaks(source.reads, chosen)):
            return broken
        run = self._alone(source, chosen)
        slow = any(taken > self.limits.one for taken in run.per_module.values())
        return run if run.crashed or slow or run.status == 2 else None

    def _alone(self, source: Source, plugins: Sequence[str]) -> Run:
        # Never the same text twice: mypy takes from its cache what it has seen.
        self.alone += 1
        names = self._written(replace(source, text=f"{source.text}# {self.alone}\n"))
        return self._run(names, 1, plugins)

    def _runs(self, left: Mapping[str, Source]) -> Iterator[tuple[Run, list[Source]]]:
        """Yield runs, each with the sources to go on without; the last one is without blame."""
        while left:
            run = self._run(list(left), len(left), self.plugins)
            blamed = self._blamed(run, left)
            yield run, blamed
            if not blamed or (not run.crashed and run.status != 2):
                return

    def _blamed(self, run: Run, left: Mapping[str, Source]) -> list[Source]:
        if run.crashed:
            named = left.get(run.guilty or "")
            return [named] if named else self._searched(left, lambda run: run.crashed)
        if run.status == 2:
            # What mypy cannot go on after has one of these codes, and so has what it can.
            stopped = [m.file for m in run.messages if m.code in {None, "syntax"}]
            # Names that wait for each other without end: mypy says no more than who they are.
            stopped += [f"{name}.py" for name in DEFERRED.findall(run.stderr + run.traceback)]
            suspects = _distinct(each for each in left.values() if _involved(each) & {*stopped})
            blamed = [each for each in suspects if self.breaks(each)]
            return blamed or self._searched(left, lambda run: run.status == 2)
        slow = [name for name in left if run.per_module.get(name[:-3], 0.0) > self.limits.one]
        return _distinct(left[name] for name in slow)

    def _searched(self, left: Mapping[str, Source], stops: Callable[[Run], bool]) -> list[Source]:
        """Return one source that stops mypy, found by halving.

        Raises:
            RuntimeError: mypy does not start, whatever it is given.
        """
        started = self._run(["subject.py"], 1, self.plugins)
        if stops(started):
            raise RuntimeError(f"mypy does not start:\n{started.stderr}{started.traceback}")
        sources = _distinct(left.values())
        while len(sources) > 1:
            half = sources[: len(sources) // 2]
            names = [name for each in half for name in each.files()]
            sources = (
                half if stops(self._run(names, len(half), self.plugins)) else sources[len(half) :]
            )
        return sources

    def _failure(self, source: Source, among_others: Run) -> Failure:
        run = self.breaks(source) or among_others
        return Failure(source, _how(run), mypys_own=self.breaks(source, plugins=()) is not None)

    def _count(self, run: Run, left: Mapping[str, Source], findings: Findings) -> None:
        findings.checked += len(_distinct(left.values()))
        said = [m for m in run.messages if m.file in left and m.severity == "error"]
        ours = [m for m in said if (m.code or "").startswith("runnable-")]
        findings.reported += len({left[m.file].name for m in ours})
        findings.by_code.update(Counter(m.code or "" for m in ours))

    def _run(self, names: Sequence[str], count: int, plugins: Sequence[str]) -> Run:
        configured = configuration(plugins, self.settings)
        return mypy(self.folder, names, configured, seconds=self.limits.of(count))

    def _written(self, source: Source) -> list[str]:
        for name, text in source.files().items():
            (self.folder / name).write_text(text, encoding="utf-8")
        return list(source.files())


def _involved(source: Source) -> set[str]:
    """Return the files of a source, and of the one that it reads."""
    return {*source.files(), *(source.reads.files() if source.reads else ())}


def _distinct(sources: Iterable[Source]) -> list[Source]:
    return list(dict.fromkeys(sources))


def _how(run: Run) -> str:
    """Return in what way a run broke; the same words where it broke at the same place."""
    if run.timed_out:
        return "it does not come to an end"
    if not run.crashed and run.status == 2:
        return "mypy stops at it"
    if not run.crashed:
        return f"it takes {max(run.per_module.values()):.0f} s"
    frames = FRAME.findall(f"{run.traceback}\n{run.stderr}")
    errors = EXCEPTION.findall(f"{run.traceback}\n{run.stderr}")
    if not frames or not errors:
        return f"it ends with status {run.status}"
    places = [f"{Path(file).name}:{line} {name}" for file, line, name in frames[-3:]]
    return f"{errors[-1]} in {' < '.join(reversed(places))}"
