"""A server that speaks OpenAI's protocol with no network, no key and no weights.

For pipelines that must run on any machine: a demonstration, a test, a documentation page. Its parts
are real, if simple. Embeddings are hashed words; the chat model is a reader, which answers with the
sentence of the prompt's context that says most about the question, or from its library. Nothing is
canned, and a real server takes its place by another `base_url`.

Needs the extra `offline`; a client for it the extra `openai`.
"""

from typing import TYPE_CHECKING

from combinators.steps._extras import lazily
from combinators.steps.offline._requests import CHAT_MODEL, EMBEDDING_MODEL
from combinators.steps.offline._standard_library import standard_library

if TYPE_CHECKING:
    from combinators.steps.offline._server import OfflineServer

__all__ = ["CHAT_MODEL", "EMBEDDING_MODEL", "OfflineServer", "standard_library"]

__getattr__ = lazily(__name__, {"OfflineServer": "_server"})
