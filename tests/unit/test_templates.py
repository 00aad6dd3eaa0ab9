"""Templates: literal text with plain names in braces, and nothing that reaches further."""

import string
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, strategies as st
from typing_extensions import override

from combinators import (
    AbsentKeyError,
    BuilderError,
    InputError,
    InvalidKeyError,
    TemplateError,
    _nodes as n,
)
from combinators._template import parsed
from combinators._words import a_kind
from tests.unit.subjects import Point, Row, chat_template, template

FIX = "A variable is a plain name, as in {question}; a brace is written {{ or }}."

# --- What is refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("{x.__class__.__mro__}", 0, "{x.__class__.__mro__} is not a plain name."),
        ("{x[0]}", 0, "{x[0]} is not a plain name."),
        ("{}", 0, "{} holds no name."),
        ("{0}", 0, "{0} is not a plain name."),
        ("{x:{y}}", 0, "a single '{' that belongs to no variable."),
        ("{x!z}", 0, "{x!z} is not a plain name."),
        ("{ x }", 0, "{ x } is not a plain name."),
        ("{x=}", 0, "{x=} is not a plain name."),
        ("{a\nb}", 0, "{a\\nb} is not a plain name."),
        ("{x!r:>{y}}", 0, "a single '{' that belongs to no variable."),
        ("{", 0, "a single '{' that belongs to no variable."),
        ("}", 0, "a single '}' that belongs to no variable."),
        ("{x:>1000000000}", 0, "{x:>1000000000} is not a plain name."),
        ("{\u200bx}", 0, "{\\u200bx} is not a plain name."),
        ("{x!}", 0, "{x!} is not a plain name."),
        ("ab {x} {y", 7, "a single '{' that belongs to no variable."),
        ("{x}}", 3, "a single '}' that belongs to no variable."),
        ("{{x}", 3, "a single '}' that belongs to no variable."),
        ("{{{x}", None, ""),
        ("{'x'}", 0, "{'x'} is not a plain name."),
        ("{a b}", 0, "{a b} is not a plain name."),
        ("{-x}", 0, "{-x} is not a plain name."),
    ],
)
def test_anything_but_a_plain_name_is_refused_where_it_stands(
    text: str, position: int | None, problem: str
) -> None:
    if position is None:  # a doubled brace, and then a variable
        assert template(text).invoke({"x": 1}) == "{1"
        return
    with pytest.raises(TemplateError) as caught:
        template(text)
    assert str(caught.value) == f"template(), at character {position}: {problem}\n{FIX}"
    assert isinstance(caught.value, ValueError)


def test_a_template_of_a_chat_is_named_by_its_role() -> None:
    with pytest.raises(TemplateError) as caught:
        chat_template(system="fine", user="{0}")
    assert str(caught.value) == (
        f"chat_template(user=…), at character 0: {{0}} is not a plain name.\n{FIX}"
    )


@pytest.mark.parametrize("wrong", [3, None, b"{a}", ["{a}"]])
def test_a_template_that_is_no_text_is_refused(wrong: object) -> None:
    with pytest.raises(BuilderError) as caught:
        template(wrong)
    assert str(caught.value) == f"template() was given {a_kind(wrong)}.\nA template is a string."


def test_a_chat_template_without_messages_is_refused() -> None:
    with pytest.raises(BuilderError) as caught:
        chat_template()
    assert str(caught.value) == (
        "chat_template() was given no message.\nGive it system=… or user=… texts."
    )


def test_a_chat_template_has_no_other_roles() -> None:
    with pytest.raises(TypeError, match="tool"):
        chat_template(tool="{a}")


# --- What it means, by a reference -------------------------------------------------------

NAMES = st.sampled_from(["a", "self", "config", "class", "é", "_", "x1"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# Rich in braces and in what format strings know.
BRACED = st.lists(
    st.sampled_from(
        ["{", "}", "{{", "}}", "{a}", "{é}", "{self}", ".", "[0]", "!r", ":>9", "=", "a", "é", "\n"]
    )
).map("".join)


@given(BRACED | TEXT)
@example("{{}}{{{a}}}")
def test_any_text_is_refused_or_means_what_it_means_to_str_format(text: str) -> None:
    values: dict[str, Any] = {"a": "{a}", "é": "E", "self": 1}
    try:
        step = template(text)
    except TemplateError:
        return
    fields = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
    assert all(field.isidentifier() for field in fields)
    known = dict.fromkeys(map(_nfkc, fields), "?") | values
    expected = string.Formatter().vformat(text, (), known | {f: known[_nfkc(f)] for f in fields})
    assert step.invoke(known) == expected


@given(BRACED)
def test_only_what_str_format_refuses_or_could_reach_with_is_refused(text: str) -> None:
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError:
        plain = False
    else:
        plain = all(
            field is None or (field.isidentifier() and not spec and not conversion)
            for _, field, spec, conversion in pieces
        )
    try:
        template(text)
    except TemplateError:
        # An empty spec, as in `{a:}`, is one all the same.
        assert not plain or ":}" in text
    else:
        assert plain


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


@given(TEXT)
def test_text_with_doubled_braces_is_that_text(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert template(doubled).invoke({}) == text


@given(st.dictionaries(NAMES, TEXT, min_size=1))
def test_values_are_never_read_for_variables(values: dict[str, str]) -> None:
    text = "|".join(f"{{{name}}}" for name in values)
    assert template(text).invoke(values) == "|".join(values.values())


@given(st.lists(st.tuples(TEXT, NAMES | st.none())))
def test_the_parts_of_a_template_are_its_text_and_its_names(
    parts: list[tuple[str, str | None]],
) -> None:
    text = "".join(
        literal.replace("{", "{{").replace("}", "}}") + ("" if name is None else f"{{{name}}}")
        for literal, name in parts
    )
    found = parsed(text)
    assert [name for _, name in found if name] == [name for _, name in parts if name]
    assert all(name is not None for _, name in found[:-1])
    # Text written anew from the parts has the same parts.
    assert "".join(literal for literal, _ in found) == "".join(literal for literal, _ in parts)


# --- Running ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["self", "config", "class", "None", "format", "template", "é"])
def test_any_identifier_names_a_variable(name: str) -> None:
    assert template(f"<{{{name}}}>").invoke({name: 1}) == "<1>"


@pytest.mark.parametrize(
    "value", ["{y.__class__}", "{{z}}", "{0}", "%s", "${x}", "{{x}}", "\\", "{x}"]
)
def test_values_stay_as_they_are(value: str) -> None:
    assert template("A {x} {{x}}").invoke({"x": value}) == f"A {value} {{x}}"


def test_values_are_put_in_by_str() -> None:
    class Shown:
        @override
        def __str__(self) -> str:
            return "str"

        @override
        def __format__(self, spec: str) -> str:
            return "format"

    assert template("{a} {b} {c}").invoke({"a": Shown(), "b": None, "c": 1.0}) == "str None 1.0"


def test_a_name_may_stand_several_times_and_extra_keys_are_fine() -> None:
    assert template("{a}{a}").invoke({"a": 1, "b": 2}) == "11"


def test_names_are_read_as_python_reads_them() -> None:
    assert template("{\ufb01le}") == template("{file}")
    assert template("{\ufb01le}").invoke({"file": 1}) == "1"
    assert template("{file}").invoke({"\ufb01le": 1}) == "1"


def test_missing_variables_are_named() -> None:
    with pytest.raises(AbsentKeyError) as caught:
        template("{question} {context} {x}").invoke({"x": 1, "contxt": 2})
    assert str(caught.value) == (
        "template reads the keys 'question' and 'context', missing from its input, "
        "which has 'x' and 'contxt'."
    )
    assert isinstance(caught.value, KeyError)


def test_one_missing_variable_comes_with_the_nearest_spelling() -> None:
    with pytest.raises(AbsentKeyError) as caught:
        template("{context}").invoke({"contxt": 2})
    assert str(caught.value) == (
        "template reads the key 'context', missing from its input, which has 'contxt'. "
        "Did you mean 'contxt'?"
    )


def test_a_key_in_another_spelling_leaves_the_others_as_they_are() -> None:
    assert template("{file} {other}").invoke({"\ufb01le": 1, "other": 2}) == "1 2"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            "text",
            (
                "template was given a str. "
                "It takes a mapping, such as a dict or the result of a fan-out."
            ),
        ),
        (
            Point(1),
            (
                "template was given a Point. "
                "It takes a mapping. To read an attribute, write `lambda x: x.x`."
            ),
        ),
        (
            Row(1),
            (
                "template was given a Row. "
                "It takes a mapping. To read an attribute, write `lambda x: x.x`."
            ),
        ),
    ],
)
def test_what_is_no_mapping_is_refused_with_what_to_write(wrong: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        template("{x}").invoke(wrong)
    assert str(caught.value) == message


def test_a_chat_template_makes_one_message_for_each_text_in_the_order_of_a_chat() -> None:
    chat = chat_template(assistant="{c}", user="{b}", system="{a}")
    assert chat.invoke({"a": 1, "b": 2, "c": "{a}"}) == [
        {"role": "system", "content": "1"},
        {"role": "user", "content": "2"},
        {"role": "assistant", "content": "{a}"},
    ]


def test_two_spellings_of_one_name_are_one_variable() -> None:
    assert template("{\ufb01le}{file}").node == n.Template((("", "file"), ("", "file")))
    with pytest.raises(InvalidKeyError):
        _ = template("{file}") | {"\ufb01le": len, "file": len}
