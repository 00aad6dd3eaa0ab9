"""The page of the laws, written from their docstrings."""

import inspect
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from combinators.laws import LAWS, NON_LAWS, Law
from tests.laws.gallery import breaking, title

_INTRODUCTION: Final = """\
# Laws

What holds for every pipeline, whatever its steps: {count} laws, each a function of
`combinators.laws` with a statement, an equation and a source. Each is tried on pipelines of any
shape, drawn well typed, with inputs for them, and each was seen to fail: the last line names what
is wrong with a system that breaks it. From [interleavings](#interleavings) on, they are about every
[schedule](schedules.md) of threads and tasks.

`r(x)` is what a run gives or raises, `=` is agreement, and `==` is equality of the pipelines
themselves, before anything runs.

```python
from combinators.laws import LAWS, OURS, hold

for law in LAWS:
    hold(law, OURS, examples=3)
```

`make laws` tries them on more than 100,000 examples: 106,436 took four and a half minutes, in two
processes on two cores, and all laws held. [Testing your own steps](testing.md) holds yours to
[what every step promises](#promises), [Against LangChain](laws_langchain.md) another library, and
the [gallery](laws_gallery.md) shows how soon each wrong system is caught. This page is written by
`python -m tests.laws --page`.
"""

_BLANK: Final = "\n\n"

_NON_LAWS: Final = """\
## Not laws

These look like laws. Each has a counterexample, which a test finds.
"""


def page() -> str:
    """Return the page of the laws, in Markdown."""
    parts = [_INTRODUCTION.format(count=len(LAWS))]
    for group, laws in groupby(LAWS, key=lambda law: law.group):
        of_group = [*laws]
        summary = inspect.getdoc(inspect.getmodule(of_group[0].check)) or ""
        parts.append(f"## {_words(group)}\n\n{summary.partition(_BLANK)[0]}\n")
        parts += ["\n".join(_section(law, _broken_by(law))) for law in of_group]
    parts.append(_NON_LAWS)
    parts += ["\n".join(_section(law, "")) for law in NON_LAWS]
    return "\n".join(parts)


def _broken_by(law: Law) -> str:
    return f"*Broken by:* {' '.join(map(title, breaking(law)))}"


def _section(law: Law, broken_by: str) -> Iterator[str]:
    yield f"### {_words(law.name)}\n\n{law.statement}\n\n```text\n{law.equation}\n```\n"
    for remark in law.remarks:
        yield f"{remark}\n"
    yield f"*Source:* {law.source}\n"
    if broken_by:
        yield f"{broken_by}\n"


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
