"""What messages call the step that an expression is: what stands there to be read."""

from __future__ import annotations

from mypy.nodes import (
    CallExpr,
    DictExpr,
    Expression,
    LambdaExpr,
    MemberExpr,
    NameExpr,
    OpExpr,
    StrExpr,
)

# Methods of which the result is called what the pipeline is called.
OF_RECEIVER = frozenset(
    {"attempt", "cached", "fallback", "named", "replace", "retry", "tap", "timeout"}
)


def name_at(expression: Expression) -> str:
    """Return what messages call the step that an expression is; of several, the first."""
    match expression:
        case NameExpr(name=name) | MemberExpr(name=name):
            return name
        case CallExpr(callee=MemberExpr(name="named"), args=[StrExpr(value=name)]):
            return name
        case CallExpr(callee=MemberExpr(expr=receiver, name=method)) if method in OF_RECEIVER:
            name = name_at(receiver)
            return method if name == "passthrough" else name
        case CallExpr(callee=NameExpr(name="runnable" | "transform" | "partial"), args=[inner, *_]):
            return name_at(inner)
        case CallExpr(callee=callee):
            return name_at(callee)
        case LambdaExpr():
            return "lambda"
        case DictExpr():
            return "fanout"
        case OpExpr(op="|", left=left):
            return name_at(left)
        case _:
            return ""


def last_name_at(expression: Expression) -> str:
    """Return what messages call the last step of those that an expression is."""
    while isinstance(expression, OpExpr) and expression.op == "|":
        expression = expression.right
    return name_at(expression)
