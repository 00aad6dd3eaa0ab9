import grimp
import pytest

FACADE = "combinators"


@pytest.fixture
def graph() -> grimp.ImportGraph:
    # Without a cache: two workers would write it at once.
    return grimp.build_graph(FACADE, cache_dir=None)


def test_what_passes_through_the_facade_passes_in_the_right_direction(
    graph: grimp.ImportGraph,
) -> None:
    assert {"combinators._nodes", "combinators.steps"} <= graph.modules
    assert trespasses(graph) == set()


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("combinators._errors", "combinators"),
        ("combinators._build", "combinators"),
        ("combinators", "combinators.mypy"),
        ("combinators", "combinators.steps"),
        ("combinators", "combinators.cli"),
        ("combinators.steps", "combinators._nodes"),
        ("combinators.steps", "combinators.mypy"),
        ("combinators.mypy", "combinators._runnable"),
        ("combinators.laws", "combinators._run"),
        ("combinators", "combinators.laws"),
    ],
)
def test_a_trespass_is_found(graph: grimp.ImportGraph, importer: str, imported: str) -> None:
    graph.add_import(importer=importer, imported=imported)
    assert trespasses(graph) == {(importer, imported)}


def trespasses(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
    """Return the imports that the facade's place forbids."""
    return {
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if not allowed(importer, imported)
    }


def allowed(importer: str, imported: str) -> bool:
    """Return whether one module may import another, as far as the facade matters."""
    match part_of(importer):
        case part if part == part_of(imported):
            return True
        case "":  # the facade re-exports the core
            return part_of(imported).startswith("_")
        case "cli" | "__main__" | "hypothesis" | "pytest":  # the top floor uses all that is below
            return True
        case "mypy":  # the plugin shares the key model with the core, and sees what a user sees
            return imported == FACADE or part_of(imported) == "_keys"
        case "laws":  # an oracle and a fold are interpreters: they read the nodes
            # Under a schedule, the pool begins without threads.
            core = part_of(imported) in {"_keys", "_nodes"}
            return imported in {FACADE, f"{FACADE}._run.concurrency.pool"} or core
        case part if part.startswith("_"):  # the core does not know what it is shown as
            return imported != FACADE
        case _:  # the edges see what a user sees
            return imported == FACADE


def part_of(module: str) -> str:
    """Return the part of the library a module is in, which is empty for the facade itself."""
    return module.removeprefix(FACADE).removeprefix(".").partition(".")[0]
