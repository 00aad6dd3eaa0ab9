"""What can go wrong in these steps, beside what the third parties raise themselves.

CombinatorError
├── IncompleteReplyError (RuntimeError)         a model's reply broke off
├── ReplyFormatError     (ValueError)           a reply is not what `json_as` was asked for
├── IndexFileError       (ValueError)           a saved index is not what was saved
└── EmbedderError        (ValueError)           vectors that do not belong to the index
"""

from typing import final

from typing_extensions import override

from combinators import CombinatorError


@final
class IncompleteReplyError(CombinatorError, RuntimeError):
    """The stream of a reply ended before the reply did, so what came is only its beginning."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.model = model

    @override
    def __str__(self) -> str:
        return (
            f"The reply of chat(model={self.model!r}) broke off: its stream ended without a "
            "`finish_reason`.\nThe server, or something between, closed the connection. Ask again."
        )


@final
class ReplyFormatError(CombinatorError, ValueError):
    """A reply could not be read as the type that `json_as` was given.

    `problems` are pairs of a place in the reply and the kind of the problem, as pydantic names it.
    """

    def __init__(self, wanted: str, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__(wanted, problems)
        self.wanted = wanted
        self.problems = problems

    @override
    def __str__(self) -> str:
        listed = "\n".join(f"  {place}: {kind}" for place, kind in self.problems)
        return (
            f"The reply does not read as {self.wanted}:\n{listed}\n"
            "Say in the prompt which JSON is wanted, or ask for it by `response_format`."
        )


@final
class IndexFileError(CombinatorError, ValueError):
    """A saved index cannot be loaded as it is."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(file, problem)
        self.file = file
        self.problem = problem

    @override
    def __str__(self) -> str:
        return (
            f"FaissIndex.load(): {self.file} {self.problem}.\n"
            "Take the three files that one `save` wrote, or make the index anew with `from_texts`."
        )


@final
class EmbedderError(CombinatorError, ValueError):
    """An embedder gave, or would give, vectors that do not belong to the index."""

    def __init__(self, given: str, wanted: str) -> None:
        super().__init__(given, wanted)
        self.given = given
        self.wanted = wanted

    @override
    def __str__(self) -> str:
        return (
            f"The embedder gives {self.given}, where the index has {self.wanted}.\n"
            "Vectors of two embedders do not compare: use the one that the index was made with."
        )
