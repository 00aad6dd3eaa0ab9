"""Every exception: its message, whole; what it is; and that it survives pickling and copying."""

import copy
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, strategies as st
from typing_extensions import override

import combinators
from combinators import (
    AbandonedError,
    AbsentKeyError,
    BatchError,
    BindDepthError,
    BuilderError,
    CombinatorError,
    DeadlineError,
    DuplicateKeyError,
    EmptyStreamError,
    FallbackError,
    FanoutError,
    InputError,
    InvalidKeyError,
    JournalError,
    KeyMismatchError,
    MergeError,
    MissingExtraError,
    MissingKeyError,
    MutationError,
    NoMatchError,
    NotAMappingError,
    NotAStepError,
    OptionError,
    RecordedError,
    ResultError,
    RunningLoopError,
    TemplateError,
    TransferError,
    WorkerError,
)
from combinators._failures import locate, unlocate
from combinators._words import listed
from tests.unit.subjects import (
    Untyped,
    assign,
    each,
    fanout,
    omit,
    pick,
    pickled,
    pipe,
    rename,
    runnable,
    same,
    update,
)

ERRORS: dict[str, tuple[CombinatorError, type[Exception], str]] = {
    "NotAStepError": (
        NotAStepError("pipe() argument 2", "an int", "A slip."),
        TypeError,
        (
            "pipe() argument 2 is an int, which cannot be a step.\n"
            "A step is a Runnable, a callable of one argument (plain, async or a generator "
            "function), or a dict of steps.\nA slip."
        ),
    ),
    "BuilderError": (
        BuilderError("pick()", "no key", "Name one."),
        TypeError,
        "pick() was given no key.\nName one.",
    ),
    "MissingExtraError": (
        MissingExtraError("combinators.observers.Progress", "rich", "rich"),
        ModuleNotFoundError,
        (
            "combinators.observers.Progress needs the module 'rich', which is not installed.\n"
            "Install the extra that brings it: pip install 'typed-combinators[rich]'"
        ),
    ),
    "MissingKeyError": (
        MissingKeyError("pick", "context", ["contxt", "q"], "step 1 (fanout)"),
        KeyMismatchError,
        (
            "pick needs the key 'context', which step 1 (fanout) does not give.\n"
            "It gives 'contxt' and 'q'. Did you mean 'contxt'?"
        ),
    ),
    "MissingKeyError of an open mapping": (
        MissingKeyError("pick", "a", ["b"], "step 1 (omit)", removed=True),
        KeyMismatchError,
        (
            "pick needs the key 'a', which step 1 (omit) does not give.\n"
            "It gives the keys of its input without 'a'."
        ),
    ),
    "DuplicateKeyError": (
        DuplicateKeyError("assign", "a", "Choose another key."),
        KeyMismatchError,
        "assign adds the key 'a', which is already there.\nChoose another key.",
    ),
    "InvalidKeyError": (
        InvalidKeyError("fanout()", "a key is an int. Keys are strings."),
        KeyMismatchError,
        "fanout(): a key is an int. Keys are strings.",
    ),
    "NotAMappingError": (
        NotAMappingError("pick", "a str", "step 1 (str)", "Give it one."),
        KeyMismatchError,
        "pick takes a mapping, but step 1 (str) gives a str.\nGive it one.",
    ),
    "TemplateError": (
        TemplateError("template()", 3, "{} holds no name.", "Name it."),
        ValueError,
        "template(), at character 3: {} holds no name.\nName it.",
    ),
    "OptionError": (
        OptionError("limit", "0", "None or a whole number from 1 on"),
        ValueError,
        "limit= was given 0. It takes None or a whole number from 1 on.",
    ),
    "AbsentKeyError": (
        AbsentKeyError("pick", ["a"], ["b"]),
        KeyError,
        "pick reads the key 'a', missing from its input, which has 'b'.",
    ),
    "AbsentKeyError of several": (
        AbsentKeyError("template", ["a", "b"], []),
        KeyError,
        "template reads the keys 'a' and 'b', missing from its input, which has no keys.",
    ),
    "RecordedError": (
        RecordedError("ValueError", "in an earlier run", "ValueError: no"),
        RuntimeError,
        "a step raised ValueError in an earlier run:\nValueError: no",
    ),
    "TransferError": (
        TransferError("an input", "is a lock that cannot be pickled (TypeError)", "Do not."),
        TypeError,
        "an input is a lock that cannot be pickled (TypeError).\nDo not.",
    ),
    "WorkerError": (
        WorkerError("ProcessPoolExecutor", 7, "BrokenProcessPool"),
        RuntimeError,
        (
            "the ProcessPoolExecutor lost item 7 of the batch: BrokenProcessPool.\n"
            "Most often its worker was killed, for want of memory or by a step that ends the "
            "process; or the executor was shut down. What was finished is kept. Run the rest on "
            "a new executor, with fewer workers or less at once; with journal= the same call "
            "goes on where it stopped."
        ),
    ),
    "JournalError": (
        JournalError("a.db", "another batch is using it", "Wait."),
        ValueError,
        "the journal a.db: another batch is using it.\nWait.",
    ),
    "InputError": (
        InputError("each", "an int", "It takes a list."),
        TypeError,
        "each was given an int. It takes a list.",
    ),
    "NoMatchError": (
        NoMatchError("branch", "an int", "Add a case."),
        ValueError,
        "branch has no arm for an int. Add a case.",
    ),
    "ResultError": (ResultError("bind f", "chose None."), TypeError, "bind f chose None."),
    "MergeError": (
        MergeError("str", "int"),
        TypeError,
        (
            "a chunk of type int cannot be merged into one of type str.\n"
            "Strings, bytes, tuples, lists and numbers merge by `+`, mappings key by key. "
            "Yield chunks of one such type, or a single chunk."
        ),
    ),
    "EmptyStreamError": (
        EmptyStreamError("words"),
        ValueError,
        "words yielded no chunk. Yield at least one: '' or [] where there is nothing.",
    ),
    "MutationError": (
        MutationError("fanout['a']", "a dict"),
        CombinatorError,
        (
            "fanout['a'] changed its input, a dict, which its siblings share.\n"
            "Return a new object instead, as in `{**x, 'key': value}`."
        ),
    ),
    "BindDepthError": (
        BindDepthError("bind f", 64),
        RecursionError,
        (
            "bind f was reached through 64 runnables, each chosen by the one before.\n"
            "Return a runnable that does not choose again when the work is done."
        ),
    ),
    "RunningLoopError": (
        RunningLoopError("invoke"),
        RuntimeError,
        (
            "invoke() of a pipeline with async steps was called inside a running event loop, which "
            "would stand still.\nUse ainvoke() there: with `await` where it gives one result, with "
            "`async for` where it gives several."
        ),
    ),
    "BatchError": (
        BatchError(3, {0: "a", 1: "b"}, {3: ValueError("secret"), 2: KeyError("k")}),
        CombinatorError,
        (
            "item 3 of the batch failed: ValueError.\n"
            "2 finished items are kept in `.results`, all failures in `.errors` (2 and 3). "
            'Pass errors="collect" to get an outcome for every item.'
        ),
    ),
    "FanoutError": (
        FanoutError({"a": ValueError("secret"), 1: KeyError("secret")}, 3),
        ExceptionGroup,
        "2 of 3 branches failed\n├─ 'a': ValueError\n└─ 1: KeyError",
    ),
    "FallbackError": (
        FallbackError({0: ValueError("secret"), 1: KeyError("secret")}, 2),
        ExceptionGroup,
        "2 of 2 steps failed\n├─ 0: ValueError\n└─ 1: KeyError",
    ),
    "DeadlineError": (
        DeadlineError("search timeout", 0.5),
        TimeoutError,
        "search timeout took longer than 0.5 s.",
    ),
    "AbandonedError": (
        AbandonedError("search timeout", 64),
        RuntimeError,
        (
            "search timeout was not begun: 64 threads still run what ran out of time.\n"
            "No thread can be stopped from outside. A long step can ask cancelled(), and return."
        ),
    ),
}


def test_every_exception_has_its_message_asserted() -> None:
    public = {name for name in combinators.__all__ if name.endswith("Error")}
    covered = {type(error).__name__ for error, _, _ in ERRORS.values()}
    assert covered == public - {"CombinatorError", "KeyMismatchError"}


@pytest.mark.parametrize("name", ERRORS)
def test_the_message_is_whole(name: str) -> None:
    error, _, message = ERRORS[name]
    assert str(error) == message


def test_what_misses_a_key_is_told_what_is_offered() -> None:
    assert not MissingKeyError("pick 'a'", "a", ["b"], "its input").removed


def test_a_long_list_of_keys_is_cut_after_twelve() -> None:
    twelve = [f"k{i}" for i in range(12)]
    assert listed(twelve).endswith(", 'k10' and 'k11'")
    assert listed([*twelve, "k12"]).endswith(", 'k11' and 1 more")


@pytest.mark.parametrize("name", ERRORS)
def test_it_is_one_of_this_library_and_of_a_kind_that_python_knows(name: str) -> None:
    error, kind, _ = ERRORS[name]
    assert isinstance(error, CombinatorError)
    assert isinstance(error, kind)
    assert type(error).__module__ == "combinators"


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("copied", [pickled, copy.copy], ids=["pickled", "copied"])
def test_a_copy_has_equal_fields_and_notes(name: str, copied: Callable[[object], Any]) -> None:
    error = copy.copy(ERRORS[name][0])
    error.add_note("a note")
    locate(error, "fanout['a']")
    twin = copied(error)
    assert type(twin) is type(error)
    assert (str(twin), twin.__notes__) == (str(error), error.__notes__)
    assert _fields(twin) == _fields(error)
    unlocate(twin)
    assert twin.__notes__ == ["a note"]  # the copy still knows which note is the path


def _fields(error: BaseException) -> object:
    def plain(value: object) -> object:
        return (type(value), value.args) if isinstance(value, Exception) else value

    fields = {name: value for name, value in vars(error).items() if name != "__notes__"}
    if isinstance(error, FanoutError | FallbackError | BatchError):
        fields["errors"] = {key: plain(value) for key, value in error.errors.items()}
        return fields
    return fields, error.args


@pytest.mark.parametrize("name", sorted(ERRORS.keys() - {"FanoutError"}))
def test_fields_given_by_name_are_arguments_all_the_same(name: str) -> None:
    error, _, message = ERRORS[name]
    by_name = type(error)(**vars(error))
    assert by_name.args == error.args
    assert str(pickled(by_name)) == message


@pytest.mark.parametrize("name", ERRORS)
def test_the_message_is_shown_in_a_traceback(name: str) -> None:
    error, _, message = ERRORS[name]
    shown = "".join(traceback.format_exception_only(error))
    assert message.splitlines()[0] in shown


# --- FanoutError ------------------------------------------------------------------------


def _error(key: object) -> Exception:
    return ValueError(key)


TREES: st.SearchStrategy[FanoutError] = st.recursive(
    st.integers().map(_error),
    lambda inner: st.dictionaries(
        st.sampled_from("abcd") | st.integers(0, 3), inner, min_size=1, max_size=3
    ).map(lambda errors: FanoutError(errors, len(errors) + 1)),
    max_leaves=8,
).map(lambda made: made if isinstance(made, FanoutError) else FanoutError({"a": made}, 1))


def _leaves(error: BaseException) -> list[BaseException]:
    inside: tuple[BaseException, ...] | None = getattr(error, "exceptions", None)
    return [error] if inside is None else [leaf for inner in inside for leaf in _leaves(inner)]


@given(TREES)
def test_flat_has_every_leaf_under_its_path(tree: FanoutError) -> None:
    flat = tree.flat()
    assert list(flat.values()) == _leaves(tree)
    for path, leaf in flat.items():
        found: Any = tree
        for key in path:
            found = found.errors[key]
        assert found is leaf


@given(TREES)
def test_a_pickled_tree_is_the_same_tree(tree: FanoutError) -> None:
    twin = pickled(tree)
    assert str(twin) == str(tree)
    assert [(path, str(error)) for path, error in twin.flat().items()] == [
        (path, str(error)) for path, error in tree.flat().items()
    ]
    assert (twin.message, twin.total) == (tree.message, tree.total)


@given(TREES, st.integers())
def test_splitting_keeps_every_leaf_under_its_path(tree: FanoutError, bound: int) -> None:
    def small(error: BaseException) -> bool:
        return isinstance(error, ValueError) and error.args[0] < bound

    matching, rest = tree.split(small)
    found: dict[tuple[Any, ...], Exception] = {}
    for part in (matching, rest):
        if part is not None:
            assert isinstance(part, FanoutError)
            found |= part.flat()
    assert found == tree.flat()
    assert matching is None or all(map(small, _leaves(matching)))
    part = tree.subgroup(small)
    assert (part and _leaves(part)) == (matching and _leaves(matching))


def test_except_star_takes_what_it_names_and_leaves_the_rest_under_its_keys() -> None:
    value, key, nested_value = ValueError(), KeyError(), ValueError()
    taken: list[BaseException] = []

    def handled(error: Exception) -> None:
        try:
            raise error
        except* ValueError as group:
            taken.extend(_leaves(group))

    with pytest.raises(FanoutError) as caught:
        handled(FanoutError({"v": value, "k": FanoutError({0: key, 1: nested_value}, 2)}, 2))
    assert taken == [value, nested_value]
    assert caught.value.flat() == {("k", 0): key}


def test_one_exception_may_fail_two_branches() -> None:
    shared = ValueError()
    error = FanoutError({"a": shared, "b": shared}, 2)
    matching, rest = error.split(ValueError)
    assert isinstance(matching, FanoutError)
    assert (matching.errors, rest) == ({"a": shared, "b": shared}, None)


def test_a_derived_group_keeps_keys_and_total() -> None:
    error = FanoutError({"a": ValueError(), "b": KeyError()}, 5)
    derived = error.derive([error.errors["b"]])
    assert isinstance(derived, FanoutError)
    assert (derived.errors, derived.total) == ({"b": error.errors["b"]}, 5)


def test_of_other_exceptions_a_plain_group_is_derived() -> None:
    foreign = KeyError()
    derived = FanoutError({"a": ValueError()}, 1).derive([foreign])
    assert type(derived) is ExceptionGroup
    assert derived.exceptions == (foreign,)


def test_errors_are_a_copy_of_what_was_given() -> None:
    given_ = {"a": _error(1)}
    error = FanoutError(given_, 1)
    given_.clear()
    assert list(error.errors) == ["a"]


def test_a_nested_tree_is_drawn_whole() -> None:
    deepest = FanoutError({0: ValueError("secret"), 1: KeyError("secret")}, 2)
    tree = FanoutError(
        {"a": deepest, "b\u043e": TypeError(), "c": FanoutError({"d": OSError()}, 1)}, 4
    )
    assert str(tree) == (
        "3 of 4 branches failed\n"
        "├─ 'a': 2 of 2 branches failed\n"
        "│  ├─ 0: ValueError\n"
        "│  └─ 1: KeyError\n"
        "├─ 'b\\u043e': TypeError\n"
        "└─ 'c': 1 of 1 branches failed\n"
        "   └─ 'd': OSError"
    )


def test_trees_of_two_hundred_levels_work() -> None:
    error: Exception = ValueError()
    for _ in range(200):
        error = FanoutError({"a": error}, 1)
    assert isinstance(error, FanoutError)
    assert len(str(error).splitlines()) == 201
    assert str(pickled(error)) == str(error)
    assert list(error.flat()) == [("a",) * 200]
    matching, _ = error.split(ValueError)
    assert matching is not None
    locate(error, "top")
    assert _leaves(error)[0].__notes__ == ["at top"]


# --- The note with the path ----------------------------------------------------------------


def _notes(error: BaseException) -> object:
    return getattr(error, "__notes__", None)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_the_path_is_one_note_written_from_the_inside_out(segments: list[str]) -> None:
    error = ValueError()
    for segment in segments:
        locate(error, segment)
    assert error.__notes__ == ["at " + " > ".join(reversed(segments))]


def test_notes_of_the_user_stay_where_they_are() -> None:
    error = ValueError()
    error.add_note("first")
    locate(error, "inner")
    error.add_note("at my own place")
    locate(error, "outer")
    assert sorted(map(str, error.__notes__)) == ["at my own place", "at outer > inner", "first"]


def test_the_path_of_an_earlier_run_is_removed() -> None:
    error = ValueError()
    error.add_note("mine")
    locate(error, "old")
    unlocate(error)
    assert error.__notes__ == ["mine"]
    locate(error, "new")
    assert error.__notes__ == ["mine", "at new"]


def test_removing_the_path_of_an_exception_without_one_does_nothing() -> None:
    error = ValueError()
    unlocate(error)
    assert _notes(error) is None


def test_exceptions_inside_a_fanout_error_get_the_path_too_and_only_once() -> None:
    shared = ValueError()
    inner = FanoutError({"x": shared, "y": shared}, 2)
    outer = FanoutError({"a": inner}, 1)
    locate(outer, "top")
    assert [_notes(error) for error in (shared, inner, outer)] == [["at top"]] * 3


def test_exceptions_inside_other_groups_are_the_users_own() -> None:
    leaf = ValueError()
    locate(ExceptionGroup("mine", [leaf]), "top")
    assert _notes(leaf) is None


@dataclass(frozen=True)
class FrozenError(Exception):
    code: int


class SlottedError(Exception):
    @override
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


class TupleNotesError(Exception):
    __notes__: Any = ("mine",)


class NoNotesError(Exception):
    __notes__: Any = None


class PropertyError(Exception):
    @property
    @override
    def __notes__(self) -> Untyped:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # it is about a wrong one
        return None


@pytest.mark.parametrize(
    "error",
    [FrozenError(1), SlottedError(), TupleNotesError(), NoNotesError(), PropertyError()],
    ids=["frozen", "slotted", "tuple", "none", "property"],
)
def test_an_exception_that_refuses_notes_comes_out_as_it_is(error: Exception) -> None:
    before = _notes(error)

    def fail(_: object) -> object:
        raise error

    pipeline = pipe(same, {"a": pipe(fail, same)})
    with pytest.raises(FanoutError) as caught:
        pipeline.invoke(1)
    assert caught.value.errors == {"a": error}
    assert caught.value.errors["a"] is error
    assert _notes(error) == before


# --- The mappings that come in ------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "x", "message"),
    [
        (
            rename(a="b"),
            {"a": 1, "b": 2},
            "rename was given a mapping that already has the key 'a'. Drop it with omit first.",
        ),
        (
            assign(a=same),
            {"a": 1},
            (
                "assign was given a mapping that already has the key 'a'. "
                "To replace its value, write update(a=…)."
            ),
        ),
        (
            each(same),
            "text",
            "each was given a str. It takes a list, or another iterable of elements.",
        ),
        (
            each(same),
            {"a": 1},
            "each was given a dict. It takes a list, or another iterable of elements.",
        ),
        (
            each(same),
            3,
            "each was given an int. It takes a list, or another iterable of elements.",
        ),
        (
            omit("a"),
            [1],
            "omit was given a list. It takes a mapping, such as a dict or the result of a fan-out.",
        ),
    ],
)
def test_an_input_that_a_step_cannot_read_is_refused(
    step: Untyped, x: object, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        step.invoke(x)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (pick("key"), "pick 'key'"),
        (pick("key", "a"), "pick"),
        (omit("key"), "omit"),
        (rename(x="key"), "rename"),
        (update(key=same), "update"),
    ],
)
def test_a_key_that_is_not_there_is_named_with_those_that_are(step: Untyped, name: str) -> None:
    with pytest.raises(AbsentKeyError) as caught:
        step.invoke({"a": "secret", "ky": "secret"})
    assert str(caught.value) == (
        f"{name} reads the key 'key', missing from its input, which has 'a' and 'ky'. "
        "Did you mean 'ky'?"
    )


def test_keys_that_are_no_strings_are_shown_by_their_type() -> None:
    with pytest.raises(AbsentKeyError) as caught:
        pick("a").invoke({("secret",): 1, 7: 2})
    assert str(caught.value) == (
        "pick 'a' reads the key 'a', missing from its input, which has <tuple> and 7."
    )


def test_data_with_keys_that_are_not_normalised_is_read() -> None:
    data = {"m\u00b2": 1, "\ufb01le": 2}
    assert pick("m\u00b2").invoke(data) == 1
    assert pick("file").invoke(data) == 2
    assert pick("m2", "file").invoke(data) == {"m2": 1, "file": 2}
    assert omit("m\u00b2").invoke(data) == {"\ufb01le": 2}


def test_a_fanout_of_one_failure_is_a_group_with_the_exception_itself() -> None:
    error = ValueError("mine")

    def fail(_: object) -> object:
        raise error

    with pytest.raises(FanoutError) as caught:
        fanout(a=fail, b=runnable(same)).invoke(1)
    assert caught.value.errors == {"a": error}
    assert error.__notes__ == ["at fanout['a']"]
