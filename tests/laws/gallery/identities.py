"""Values that are wrong: told apart, or not, by the wrong things."""

from typing import Final

from typing_extensions import override

from combinators import _nodes as n, _tree
from combinators.laws import Ours, promises, values
from tests.laws.gallery.wrong import Exhibits, Pipeline


class ComparesByIdentity(Ours):
    """Two pipelines are equal if they are one object."""

    @override
    def equal(self, p: Pipeline, q: Pipeline, /) -> bool:
        return p is q


class ComparesByKindOfStep(Ours):
    """Two pipelines are equal if they have the same kinds of steps in the same places."""

    @override
    def equal(self, p: Pipeline, q: Pipeline, /) -> bool:
        return [type(each) for each in _tree.walk(p.node)] == [
            type(each) for each in _tree.walk(q.node)
        ]


class NamesCopies(Ours):
    """What was pickled comes back under a name."""

    @override
    def copied(self, p: Pipeline, /) -> Pipeline:
        copy = super().copied(p)
        return copy if isinstance(p.node, n.Step) else copy.named("copy")


class WritesKeysWithoutQuotes(Ours):
    """The expression of a pipeline leaves out the quotes of texts."""

    @override
    def written(self, p: Pipeline, /) -> str:
        return super().written(p).replace("'", "")


EXHIBITS: Final[Exhibits] = (
    (values.equality_is_by_structure, ComparesByIdentity()),
    (values.equal_pipelines_do_the_same, ComparesByKindOfStep()),
    (values.what_is_pickled_comes_back, NamesCopies()),
    (promises.a_copy_by_pickle_does_the_same, NamesCopies()),
    (values.the_text_of_a_pipeline_builds_it, WritesKeysWithoutQuotes()),
)
