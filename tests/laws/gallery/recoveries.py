"""Libraries that outlive failures the wrong way."""

from collections.abc import Iterable
from typing import Any, Final

from returns.result import Failure, Result, Success
from typing_extensions import override

from combinators import FallbackError, runnable
from combinators.laws import Ours, recovery
from tests.laws.gallery.wrong import Exhibits, Pipeline, step


class TriesOnceTooOften(Ours):
    """A retry takes the number of attempts for that of the further ones."""

    @override
    def retry(
        self,
        step: Pipeline,
        on: tuple[type[Exception], ...],
        attempts: int,
        waits: Iterable[float],
        /,
    ) -> Pipeline:
        return super().retry(step, on, attempts + 1, waits)


class TriesWhateverItWas(Ours):
    """A retry answers every exception."""

    @override
    def retry(
        self,
        step: Pipeline,
        on: tuple[type[Exception], ...],
        attempts: int,
        waits: Iterable[float],
        /,
    ) -> Pipeline:
        return super().retry(step, (Exception,), attempts, waits)


class WrapsTheLastFailure(Ours):
    """After the last attempt, a retry raises an error of its own."""

    @override
    def retry(
        self,
        step: Pipeline,
        on: tuple[type[Exception], ...],
        attempts: int,
        waits: Iterable[float],
        /,
    ) -> Pipeline:
        return _failing_with(super().retry(step, on, attempts, waits), RuntimeError("gave up"))


class NestsFallbacks(Ours):
    """A fallback of a fallback is one of another kind."""

    @override
    def fallback(
        self, step: Pipeline, other: Pipeline, on: tuple[type[Exception], ...], /
    ) -> Pipeline:
        return step.named("first").fallback(other, on=on)


class TriesFallbacksFirst(Ours):
    """A fallback runs before the step that it stands in for."""

    @override
    def fallback(
        self, step: Pipeline, other: Pipeline, on: tuple[type[Exception], ...], /
    ) -> Pipeline:
        return super().fallback(other, step, on)


class TellsTheLastFailure(Ours):
    """Where all fail, a fallback raises the failure of the last one."""

    @override
    def fallback(
        self, step: Pipeline, other: Pipeline, on: tuple[type[Exception], ...], /
    ) -> Pipeline:
        return _last_of(super().fallback(step, other, on))


class HasNoTime(Ours):
    """A timeout has passed before anything begins."""

    @override
    def timeout(self, step: Pipeline, seconds: float, /) -> Pipeline:
        return _failing_with(step, TimeoutError())


class TakesTrueForOne(Ours):
    """Of inputs that are equal, the first stands for all."""

    @override
    def cached(
        self, step: Pipeline, key: Pipeline | None = None, /, *, maxsize: int = 128
    ) -> Pipeline:
        kept: dict[Any, Any] = {}
        return runnable(lambda x: kept[x] if x in kept else kept.setdefault(x, step.invoke(x)))


class KeepsFailures(Ours):
    """What has failed once has failed for good."""

    @override
    def cached(
        self, step: Pipeline, key: Pipeline | None = None, /, *, maxsize: int = 128
    ) -> Pipeline:
        return super().cached(step.attempt(), key, maxsize=maxsize) | _unwrapped


class GivesNothingTheSecondTime(Ours):
    """What is kept is that there was a result, and not which."""

    @override
    def cached(
        self, step: Pipeline, key: Pipeline | None = None, /, *, maxsize: int = 128
    ) -> Pipeline:
        seen: list[object] = []

        def shift(x: Any) -> Any:  # noqa: ANN401 - whatever a pipeline is given
            seen.append(x)
            return None if len(seen) > 1 else step.invoke(x)

        return runnable(shift)


def _failing_with(pipeline: Pipeline, error: Exception) -> Pipeline:
    def replace(outcome: Result[Any, Exception]) -> Any:  # noqa: ANN401 - what a pipeline gives
        if isinstance(outcome, Success) and not isinstance(error, TimeoutError):
            return outcome.unwrap()
        raise error

    return pipeline.attempt() | step(replace)


def _unwrapped(outcome: Result[Any, Exception]) -> Any:  # noqa: ANN401 - what a pipeline gives
    if isinstance(outcome, Failure):
        raise outcome.failure()
    return outcome.unwrap()


def _last_of(pipeline: Pipeline) -> Pipeline:
    def last(outcome: Result[Any, Exception]) -> Any:  # noqa: ANN401 - what a pipeline gives
        if isinstance(outcome, Success):
            return outcome.unwrap()
        error = outcome.failure()
        raise error.exceptions[-1] if isinstance(error, FallbackError) else error

    return pipeline.attempt() | step(last)


EXHIBITS: Final[Exhibits] = (
    (recovery.a_retry_ends_with_the_first_success, TriesOnceTooOften()),
    (recovery.a_retry_answers_what_it_names, TriesWhateverItWas()),
    (recovery.a_retry_of_a_function_changes_nothing, WrapsTheLastFailure()),
    (recovery.a_fallback_is_associative, NestsFallbacks()),
    (recovery.what_does_not_fail_needs_no_fallback, TriesFallbacksFirst()),
    (recovery.a_fallback_loses_no_failure, TellsTheLastFailure()),
    (recovery.time_that_is_long_enough_changes_nothing, HasNoTime()),
    (recovery.keeping_results_changes_none, GivesNothingTheSecondTime()),
    (recovery.a_kept_result_is_computed_once, TakesTrueForOne()),
    (recovery.a_failure_is_not_kept, KeepsFailures()),
)
