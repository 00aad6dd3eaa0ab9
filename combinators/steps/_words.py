"""Words, sentences and tokens of English text: what the offline parts read.

Light on purpose: no dictionary and no weights, so the same text gives the same words on every
machine. The embedder and the reader must share one notion of a word, or a question would be found
by one and missed by the other.
"""

import re
from typing import Final

# Words that say how a question is put rather than what it is about, those of programming included:
# `return`, `object` and `function` would match every other docstring.
_SAYING_NOTHING: Final = """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can cannot could did do does doing done down during each either else every
    few for from function further get gets give given gives had has have having he her here hers him
    his how i if in into is it its itself just let like make makes may me might more most must my
    need no nor not object of off on once one only or other our out over own please return returns
    should so some such take takes tell than that the their them then there these they this those
    through to too under until up us use used uses using very was way we were what when where which
    while who whom why will with would write you your
"""
STOP_WORDS: Final = frozenset(_SAYING_NOTHING.split())

_WORD: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_PARAGRAPH_END: Final = re.compile(r"\n\s*\n")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<!vs\.)\s+")

# Suffix, what replaces it, and how many letters must be left: the longest that fits wins.
_SUFFIXES: Final = (
    ("ings", "", 3),
    ("edly", "", 3),
    ("ing", "", 3),
    ("ies", "y", 2),
    ("ied", "y", 2),
    ("ers", "", 3),
    ("ed", "", 3),
    ("er", "", 4),
    ("es", "", 3),
    ("ly", "", 3),
    ("s", "", 2),
)


def words(text: str) -> list[str]:
    """Return the stems of the content words of `text`, in order.

    Identifiers are taken apart, so that a question in plain English meets them.

    >>> words("How do I copy the trees?")
    ['copy', 'tre']
    >>> words("shutil.copytree, TemporaryDirectory")
    ['shutil', 'copytre', 'temporary', 'directory']
    """
    plain = _CAMEL.sub(" ", text).casefold()
    return [stem(word) for word in _WORD.findall(plain) if word not in STOP_WORDS]


def stem(word: str) -> str:
    """Return `word` without its inflection: not always a word, but the same for all its forms.

    >>> [stem(form) for form in ("match", "matches", "matched", "matching")]
    ['match', 'match', 'match', 'match']
    """
    for suffix, replacement, shortest in _SUFFIXES:
        left = len(word) - len(suffix)
        if left >= shortest and word.endswith(suffix) and not word.endswith(("ss", "us")):
            word = word[:left] + replacement
            break
    return _undoubled(word).removesuffix("e") if len(word) > 3 else word  # noqa: PLR2004  # shortest stem


def paragraphs(text: str) -> list[str]:
    r"""Return the paragraphs of `text`, which blank lines part, each on one line.

    >>> paragraphs("one\ntwo\n\nthree")
    ['one two', 'three']
    """
    lines = (" ".join(paragraph.split()) for paragraph in _PARAGRAPH_END.split(text))
    return [line for line in lines if line]


def sentences(paragraph: str) -> list[str]:
    """Return the sentences of `paragraph`.

    >>> sentences("Copy files, e.g. trees. See `move`!")
    ['Copy files, e.g. trees.', 'See `move`!']
    """
    return [sentence for sentence in _SENTENCE_END.split(paragraph.strip()) if sentence]


def count_tokens(text: str) -> int:
    """Return how many words and signs `text` has.

    >>> count_tokens("Wait, what?")
    4
    """
    return sum(1 for _ in _TOKEN.finditer(text))


def _undoubled(word: str) -> str:
    # "running" leaves "runn"; "ll", "ss" and the vowels are doubled in plain forms too.
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls"  # noqa: PLR2004
    return word[:-1] if doubled else word
