"""Drawings: whole, pure, and safe whatever things are called."""

import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from combinators import BuilderError, OptionError
from tests.unit.subjects import (
    PIPELINES,
    Pair,
    Untyped,
    assign,
    bind,
    branch,
    case,
    chat_template,
    choose,
    each,
    evaluated,
    fanout,
    holds,
    omit,
    other,
    passthrough,
    pick,
    pipe,
    rename,
    route,
    runnable,
    same,
    template,
    update,
    when,
)

EVERYTHING = pipe(
    same,
    fanout(
        context=pipe(same, other).named("retriever"),
        question=passthrough(),
        pair=fanout(same, other),
    ),
    assign(size=len),
    update(size=each(same)),
    rename(q="question"),
    omit("pair"),
    branch(case(int | None, same), when(holds, other), otherwise=bind(choose)),
    route("kind", {"a": same, 2: other}, otherwise=runnable(same).attempt()),
    fanout(Pair, a=same, b=passthrough().tap(other)),
    pick("a", "b"),
    fanout(short=template("{a} and {b}"), long=chat_template(user="{a}")),
    pick("short"),
)


def test_the_tree_is_drawn_whole() -> None:
    assert EVERYTHING.draw() == EVERYTHING.draw("text")
    assert EVERYTHING.draw() == (
        "pipe\n"
        "├─ 1. same\n"
        "├─ 2. fanout\n"
        "│  ├─ 'context': retriever\n"
        "│  │  ├─ 1. same\n"
        "│  │  └─ 2. other\n"
        "│  ├─ 'question': passthrough\n"
        "│  └─ 'pair': fanout\n"
        "│     ├─ 0: same\n"
        "│     └─ 1: other\n"
        "├─ 3. assign\n"
        "│  └─ 'size': len\n"
        "├─ 4. update\n"
        "│  └─ 'size': each\n"
        "│     └─ same\n"
        "├─ 5. rename 'question' to 'q'\n"
        "├─ 6. omit 'pair'\n"
        "├─ 7. branch\n"
        "│  ├─ int | NoneType: same\n"
        "│  ├─ when holds: other\n"
        "│  └─ otherwise: bind choose\n"
        "├─ 8. route 'kind'\n"
        "│  ├─ 'a': same\n"
        "│  ├─ 2: other\n"
        "│  └─ otherwise: attempt\n"
        "│     └─ same\n"
        "├─ 9. fanout Pair\n"
        "│  ├─ 'a': same\n"
        "│  └─ 'b': tap\n"
        "│     └─ other\n"
        "├─ 10. pick 'a', 'b'\n"
        "├─ 11. fanout\n"
        "│  ├─ 'short': template {a} {b}\n"
        "│  └─ 'long': chat_template\n"
        "└─ 12. pick 'short'"
    )


def test_the_graph_is_drawn_whole() -> None:
    chain = fanout(context=pipe(same, other), question=passthrough()) | len
    assert chain.draw("mermaid") == (
        "flowchart TD\n"
        '    n0(["input"])\n'
        '    n1(["output"])\n'
        '    n2["fanout"]\n'
        '    n3["same"]\n'
        '    n4["other"]\n'
        "    n3 --> n4\n"
        '    n2 -->|"#39;context#39;"| n3\n'
        '    n5["passthrough"]\n'
        '    n2 -->|"#39;question#39;"| n5\n'
        '    n6["len"]\n'
        "    n4 --> n6\n"
        "    n5 --> n6\n"
        "    n0 --> n2\n"
        "    n6 --> n1"
    )


def test_the_input_of_a_graph_shows_the_keys_that_are_needed() -> None:
    assert template("{a} {b}").draw("mermaid") == (
        "flowchart TD\n"
        '    n0(["input #39;a#39;, #39;b#39;"])\n'
        '    n1(["output"])\n'
        '    n2["template #123;a#125; #123;b#125;"]\n'
        "    n0 --> n2\n"
        "    n2 --> n1"
    )


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ("runnable(same)", "same"),
        ("runnable(same).named('a name')", "a name"),
        ("fanout()", "fanout"),
        ("passthrough(int)", "passthrough"),
        ("runnable(itemgetter(0))", "pick 0"),
        ("runnable(partial(int, base=2))", "int"),
        ("template('')", "template"),
        ("bind(choose)", "bind choose"),
        ("bind(bind(choose))", "bind"),
        ("runnable(lambda x: x)", "lambda"),
        ("rename(a='x', b='y')", "rename 'x' to 'a', 'y' to 'b'"),
    ],
)
def test_a_step_is_drawn_on_a_line(expression: str, line: str) -> None:
    made: Any = evaluated(expression)
    assert made.draw() == line


def test_cases_are_drawn_by_their_types_and_values() -> None:
    made: Any = evaluated("branch(case(float | Literal['a', None], same))")
    assert made.draw() == "branch\n└─ float | int | 'a' | <NoneType>: same"


LINE = re.compile(
    r'    n\d+\(\["[^"\n]*"\]\)|    n\d+\["[^"\n]*"\]|    n\d+ -->(\|"[^"\n]*"\|)? n\d+'
)


@given(PIPELINES)
def test_every_line_of_a_graph_is_a_box_or_an_arrow_between_boxes(pipeline: Untyped) -> None:
    first, *lines = pipeline.draw("mermaid").split("\n")
    assert first == "flowchart TD"
    assert all(LINE.fullmatch(line) for line in lines)
    boxes = [line.split("(")[0].split("[")[0].strip() for line in lines if "-->" not in line]
    arrows = [re.findall(r"n\d+(?= |$)", line) for line in lines if "-->" in line]
    assert boxes == sorted(set(boxes), key=lambda name: int(name[1:]))
    assert {end for arrow in arrows for end in arrow} == set(boxes)


HOSTILE = [
    'a"]; click n0 "javascript:alert(1)"',
    "<script>alert(1)</script>",
    "end",
    "%%{init: {}}%%",
    "a|b",
    "#quot;",
    "`",
    "a\\",
    "--> n0",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_and_not_obeyed(name: str) -> None:
    step = fanout({name: runnable(same).named(name)})
    _, *lines = step.draw("mermaid").split("\n")
    assert all(LINE.fullmatch(line) for line in lines)
    shown = re.findall(r'n3\["(.*)"\]', "\n".join(lines))
    assert [_unescaped(text) for text in shown] == [name]
    assert not set("<>{}|`\\") & set("".join(shown))


def _unescaped(text: str) -> str:
    return re.sub(r"#(\d+);", lambda code: chr(int(code[1])), text)


@given(st.text(min_size=1))
def test_any_name_that_is_accepted_stays_on_its_line(name: str) -> None:
    try:
        step = runnable(same).named(name)
    except BuilderError:
        assert not name.isprintable()
        return
    assert step.draw() == name
    _, *lines = step.draw("mermaid").split("\n")
    assert all(LINE.fullmatch(line) for line in lines)
    assert _unescaped(lines[2]) == f'    n2["{name}"]'


def test_what_has_no_name_at_all_is_a_box_with_a_space() -> None:
    class Nameless:
        def __call__(self, x: object) -> object:
            return x

    Nameless.__name__ = ""
    assert '    n2["#32;"]' in runnable(Nameless()).draw("mermaid").split("\n")


@given(st.text(min_size=1))
def test_any_key_stays_on_its_line(key: str) -> None:
    step = fanout({key: same})
    assert step.draw() == f"fanout\n└─ {key!a}: same"
    assert all(LINE.fullmatch(line) for line in step.draw("mermaid").split("\n")[1:])


@pytest.mark.parametrize(
    ("wrong", "given_"),
    [
        ("", "a string that cannot be shown on a line"),
        ("a\nb", None),
        (3, "an int"),
        (None, "None"),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(wrong: object, given_: str | None) -> None:
    with pytest.raises(BuilderError) as caught:
        runnable(same).named(wrong)
    assert str(caught.value) == (
        f"named() was given {given_ or 'a string that cannot be shown on a line'}.\n"
        "A name is a printable string that is not empty."
    )


@pytest.mark.parametrize(
    ("style", "given_"), [("svgg", "'svgg'"), (None, "None"), (["text"], "a list")]
)
def test_a_style_that_does_not_exist_is_refused(style: object, given_: str) -> None:
    with pytest.raises(OptionError) as caught:
        runnable(same).draw(style)
    assert str(caught.value) == f"style= was given {given_}. It takes 'text' or 'mermaid'."


def test_notebooks_are_given_both_drawings() -> None:
    assert EVERYTHING._repr_mimebundle_(include=None, exclude=None) == {
        "text/plain": EVERYTHING.draw(),
        "text/vnd.mermaid": EVERYTHING.draw("mermaid"),
    }


def test_drawing_runs_nothing() -> None:
    def fail(_: object) -> object:
        raise AssertionError

    made = pipe(fail, bind(fail), branch(when(fail, fail), otherwise=fail))
    assert made.draw()
    assert made.draw("mermaid")
    assert repr(made)


def test_what_is_bound_to_a_function_is_never_shown() -> None:
    made: Any = evaluated("pipe(partial(two, 'secret'), partial(int, base=16), partial(same))")
    shown = f"{made!r}{made.draw()}{made.draw('mermaid')}"
    assert "secret" not in shown
    assert "16" not in shown
    assert repr(made) == "pipe(partial(two, ...), partial(int, ...), partial(same))"
