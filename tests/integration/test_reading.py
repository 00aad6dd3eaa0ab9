"""The weightless parts: words, prompts, the reader, and how well they answer together."""

import pytest
from hypothesis import given, strategies as st

from combinators import Message
from combinators.steps import Document, FaissIndex, HashingEmbedder, Passages
from combinators.steps._words import count_tokens, paragraphs, sentences, stem, words
from combinators.steps.offline import standard_library
from combinators.steps.offline._prompt import Asked, asked
from combinators.steps.offline._reader import Ranking, read

# Questions as people put them, and where the standard library answers each.
LABELLED = {
    "How do I compute the median of a list of numbers?": "statistics.median",
    "How do I wrap a paragraph of text to a given width?": "textwrap.wrap textwrap.fill",
    "How do I copy a directory tree recursively?": "shutil.copytree",
    "How can I return a list of paths matching a pathname pattern?": "glob.glob",
    "What caches results with a least recently used policy?": "functools.lru_cache",
    "How do I escape the characters & < > to HTML-safe sequences?": "html.escape",
    "How can I calculate the standard deviation of a sample?": "statistics.stdev",
    "How do I serialize an object to a JSON formatted string?": "json.dumps",
    "How do I parse a URL into components?": "urllib.parse.urlparse urllib.parse.urlsplit",
    "How do I remove leading whitespace common to every line?": "textwrap.dedent",
    "Which class counts hashable items?": "collections.Counter",
    "How do I pretty-print a Python object to a stream?": "pprint.pprint",
    "How do I make a deep copy of an object?": "copy.deepcopy",
    "How do I generate a random UUID?": "uuid.uuid4",
    "How do I open a web browser at a URL?": "webbrowser.open",
    "How do I insert an item into a sorted list?": "bisect.insort_left bisect.insort_right",
    "How do I run a coroutine with a timeout?": "asyncio.tasks.wait_for asyncio.timeouts.timeout",
    "How do I create a temporary directory?": "tempfile.TemporaryDirectory tempfile.mkdtemp",
    "How do I get close matches of a misspelt word?": "difflib.get_close_matches",
    "How can I suppress specified exceptions?": "contextlib.suppress",
    "Which function gives the n largest elements from a dataset?": "heapq.nlargest",
    "How do I quote a string for the shell?": "shlex.quote",
    "How do I guess the MIME type of a file from its URL?": "mimetypes.guess_type",
    "How do I find the path of an executable command?": "shutil.which",
    "How do I compare two files?": "filecmp.cmp",
    "How do I get the disk usage of a path?": "shutil.disk_usage",
    "What formats a dictionary nicely into a string?": "pprint.pformat",
    "How do I print a calendar for a year?": "calendar.TextCalendar",
    "How do I compute the covariance of two inputs?": "statistics.covariance",
    "How do I move a file to another location?": "shutil.move",
}


@pytest.fixture(scope="module")
def index() -> FaissIndex:
    return FaissIndex.from_texts(standard_library(), HashingEmbedder())


def found(index: FaissIndex, question: str) -> Passages:
    return Passages(document for document, _ in index.search(question, 4))


def test_the_passage_that_answers_is_found_for_most_questions(index: FaissIndex) -> None:
    missed = [
        question
        for question, sources in LABELLED.items()
        if not {document.source for document in found(index, question)} & {*sources.split()}
    ]
    assert len(missed) <= 0.15 * len(LABELLED), missed


def test_the_sentence_that_answers_is_read_for_most_questions(index: FaissIndex) -> None:
    read_elsewhere = [
        question
        for question, sources in LABELLED.items()
        if (read(question, str(found(index, question))) or "").partition(":")[0]
        not in sources.split()
    ]
    assert len(read_elsewhere) <= 0.3 * len(LABELLED), read_elsewhere


def test_the_standard_library_is_read_and_not_run(index: FaissIndex) -> None:
    sources = {document.source for document in index.documents}
    assert 1_500 <= len(sources) <= 2_500
    assert {"json.dumps", "asyncio.tasks.wait_for", "shutil.disk_usage"} <= sources
    tops = {source.partition(".")[0] for source in sources}
    assert tops & {"antigravity", "this", "test", "idlelib", "turtle", "site-packages"} == set()
    assert not any(part.startswith("_") for source in sources for part in source.split("."))
    assert all(len(document.text.split()) >= 4 for document in index.documents)
    assert not any("\n" in document.text for document in index.documents)


# --- Prompts -----------------------------------------------------------------


def user(content: str) -> Message:
    return {"role": "user", "content": content}


def system(content: str) -> Message:
    return {"role": "system", "content": content}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([user("")], Asked("")),
        ([user("tell me a joke about bear")], Asked("tell me a joke about bear")),
        (
            [
                user(
                    "Answer the question based only on the following context:\nA.\n\nB.\n"
                    "Question: why?\nAnswer in the following language: italian\n"
                )
            ],
            Asked("why?", "A.\n\nB."),
        ),
        ([user("Context: A.\nQ: why?")], Asked("why?", "A.")),
        ([user("Documents:\nA.\n\nSo, then: why?")], Asked("So, then: why?", "A.")),
        ([user("Question: why?\nContext:\nA.")], Asked("why?", "A.")),
        (
            [user("Question: first?\nContext:\nQuestion: x\nB.\nQuestion: why?")],
            Asked("why?", "Question: x\nB."),
        ),
        ([system("Use this context:\nA."), user("why?")], Asked("why?", "A.")),
        ([system("Be kind."), user("why?")], Asked("why?")),
        (
            [
                user("Context: old.\nQuestion: x?"),
                {"role": "assistant", "content": "y"},
                user("why?"),
            ],
            Asked("why?"),
        ),
        ([system("Context: A.")], Asked("", "A.")),
    ],
)
def test_a_prompt_is_taken_apart(messages: list[Message], expected: Asked) -> None:
    assert asked(messages) == expected


@given(st.lists(st.text(alphabet="Context:Qusio ?\n.AB"), max_size=4))
def test_any_prompt_is_taken_apart(texts: list[str]) -> None:
    wanted = asked([user(text) for text in texts])
    assert all(part in "\n".join(texts) for part in (wanted.question, wanted.context))


# --- The reader --------------------------------------------------------------


def test_a_question_that_the_context_says_nothing_about_has_no_answer() -> None:
    assert read("And volcanoes?", "Tea is hot.") is None
    assert read("", "Tea is hot.") is None
    assert read("What is it?", "Tea is hot.") is None
    assert read("tea?", "") is None
    assert Ranking([]).best("tea") is None


def test_the_answer_is_one_sentence_of_the_context_as_it_stands() -> None:
    context = "kitchen: Tea is hot. It steams.\n\nSnow is\ncold, e.g. in winter. It melts."
    assert read("Is tea hot?", context) == "kitchen: Tea is hot."
    assert read("Which is cold?", context) == "Snow is cold, e.g. in winter."


def test_a_word_that_is_rare_in_the_context_weighs_more() -> None:
    assert read("moved files", "Files here. Files there. Files! Moved.") == "Moved."


def test_a_short_sentence_says_more_by_the_same_word_than_a_long_one() -> None:
    context = "Tea grows on hills far away where mist hangs over green rows. Tea is hot."
    assert read("tea", context) == "Tea is hot."


def test_of_equal_sentences_the_first_is_read() -> None:
    assert read("tea", "Tea is hot. Tea is old.") == "Tea is hot."


# --- Words -------------------------------------------------------------------


@pytest.mark.parametrize(
    "forms",
    [
        ("copy", "copies", "copied", "copying"),
        ("match", "matches", "matched", "matching", "matcher"),
        ("file", "files"),
        ("run", "running", "runs"),
        ("cache", "caches", "caching", "cached"),
        ("exception", "exceptions"),
        ("class",),
        ("status",),
    ],
)
def test_the_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("short", ["is", "as", "red", "ring", "sing", "s", "", "es"])
def test_a_short_word_keeps_its_letters(short: str) -> None:
    assert stem(short) == short


def test_questions_are_reduced_to_what_they_are_about() -> None:
    assert words("How do I use the function?") == []
    assert words("shutil.copytree TemporaryDirectory snake_case") == [
        "shutil",
        "copytre",
        "temporary",
        "directory",
        "snak",
        "cas",
    ]


def test_text_is_taken_apart() -> None:
    assert paragraphs("  a\n b \n\n \n\nc") == ["a b", "c"]
    assert paragraphs("") == sentences("") == []
    assert sentences("One. Two? Three! f(x.y) e.g. that") == [
        "One.",
        "Two?",
        "Three!",
        "f(x.y) e.g. that",
    ]
    assert count_tokens("It's 1.5 m!") == 8


def test_documents_read_as_text() -> None:
    assert str(Document("a", source="b")) == "b: a"
    assert str(Passages([])) == ""
    assert Passages([Document("a")]) == (Document("a"),)
