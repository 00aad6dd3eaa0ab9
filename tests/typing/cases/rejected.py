"""What must be refused: each line by mypy and by pyright, under the code that is written there.

Both report an ignore that has nothing to ignore, so a refusal that is lost is found.
"""

# What is refused has no type.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from combinators import (
    Observer,
    Runnable,
    bind,
    branch,
    case,
    each,
    fanout,
    passthrough,
    pipe,
    route,
    runnable,
    template,
    transform,
    when,
)
from tests.typing.cases.given import (
    Prompt,
    encode,
    encode_async,
    encoder,
    lines,
    measure,
    measure_async,
    measurer,
    spell,
    speller,
)
from tests.typing.cases.transforms import encoded, sizes_async


def steps_of_a_pipe_that_do_not_fit() -> None:
    pipe(encode, spell)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(encode, measure, measure)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(encoder, speller)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(encode_async, spell)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(lines, spell)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(encode, measure_async, measure)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(encode, passthrough(), spell)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(template("{a}"), template("{b}"))  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(encode, {"a": spell})  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(encode, {"a": measure, "b": {"c": spell}})  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]


def operands_that_do_not_fit() -> None:
    _ = encoder | spell  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = measure | encoder  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = encoder | speller  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = speller | encoder | encoder  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = encoder | encode_async  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = measure_async | encoder  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = lines | encoder  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = encoder | {"a": spell}  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = encoder | {"a": measure, "b": {"c": spell}}  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = {"a": encode} | measurer  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = {"a": encode, "b": {"c": encode}} | measurer  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = fanout(a=encode) | measure  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = fanout(a=encode) | measurer  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = each(encode) | measure  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = template("{a}") | measure  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]


def branches_without_an_input_in_common() -> None:
    fanout(a=encode, b=measure)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    fanout({"a": encode, "b": measure})  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    fanout(encode, measure)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    fanout(Prompt, context=encode, question=spell)  # type: ignore[runnable-types]  # pyright: ignore[reportArgumentType]
    route("kind", {"a": template("{a}"), "b": measure})  # type: ignore[runnable-types]  # pyright: ignore[reportArgumentType]
    when(str.isdigit, measure)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    runnable(encode, aio=measure_async)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    transform(encoded, aio=sizes_async)  # type: ignore[runnable-types]  # pyright: ignore[reportArgumentType]


def dicts_without_an_input_in_common() -> None:
    _ = {"a": encode, "b": measure} | template("{a}")  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]


def what_is_no_step() -> None:
    pipe(1)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipe(encode, None)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    fanout(a=1)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    fanout({"a": 1})  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    each(1)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    runnable(1)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]


def operands_that_are_no_step() -> None:
    _ = encoder | 1  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = "text" | encoder  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]
    _ = encoder | None  # type: ignore[runnable-types]  # pyright: ignore[reportOperatorIssue]


def arms_that_do_not_fit() -> None:
    case(int, encode)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    branch(when(str.isdigit, len))  # type: ignore[runnable-types]  # pyright: ignore[reportArgumentType]
    branch(when(str.isdigit, len), otherwise=measure)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]
    bind(encode)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]


def inputs_that_do_not_fit() -> None:
    encoder.invoke(1)  # type: ignore[runnable-input]  # pyright: ignore[reportArgumentType]
    encoder(1)  # type: ignore[runnable-input]  # pyright: ignore[reportArgumentType]
    branch(case(str, encode)).invoke(1)  # type: ignore[runnable-input]  # pyright: ignore[reportArgumentType]
    passthrough(str).invoke(1)  # type: ignore[runnable-input]  # pyright: ignore[reportArgumentType]
    template("{a}").invoke(1)  # type: ignore[runnable-input]  # pyright: ignore[reportArgumentType]


def options_that_do_not_exist() -> None:
    encoder.batch([], limits=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def observers_that_are_none() -> None:
    encoder.invoke("text", observers=[print])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    encoder.stream("text", observers=Observer())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    encoder.invoke("text", observer=[])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def variables_of_another_type() -> None:
    wrong_input: Runnable[int, bytes] = encoder  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    wrong_output: Runnable[str, str] = encoder  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    fanout(wrong_input, wrong_output)  # type: ignore[runnable-types]  # pyright: ignore[reportCallIssue, reportArgumentType]


def methods_on_what_gives_no_mapping() -> None:
    encoder.pick("a")  # type: ignore[runnable-types]  # pyright: ignore[reportAttributeAccessIssue]
    encoder.assign(a=measure)  # type: ignore[runnable-types]  # pyright: ignore[reportAttributeAccessIssue]
