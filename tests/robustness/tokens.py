"""Edits of source text: what slips of the hand leave behind, and lines that are half written."""

import re
from random import Random

TOKEN = re.compile(r"\s+|\w+|\"[^\"\n]*\"|'[^'\n]*'|\*\*|:=|->|\|=|==|.", re.DOTALL)

POOL = (
    *("|", "*", "**", ".", ",", ":", "=", ":=", "(", ")", "[", "]", "{", "}", "->", "@", "~", "-"),
    *("|=", "==", "lambda", "await", "yield", "not", "in", "is", "if", "else", "for", "del", "as"),
    *("None", "self", "missing", "anything", "...", '"a"', '""', "0", "async", "return", "class"),
    *("size", "chain", "pick", "fanout", "Rag", "passthrough", " ", "\n", "\n    ", "type", "def"),
)


def edited(source: str, random: Random) -> str:
    """Return the source with one token gone, twice there, swapped or another one."""
    tokens = TOKEN.findall(source)
    at = random.randrange(len(tokens))
    match random.randrange(6):
        case 0:
            del tokens[at]
        case 1:
            tokens.insert(at, tokens[at])
        case 2:
            tokens.insert(at, random.choice(POOL))
        case 3:
            other = random.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        case 4:
            tokens[at] = random.choice(tokens)
        case _:
            tokens[at] = random.choice(POOL)
    return "".join(tokens)
