"""Typed, immutable pipelines: checked before they run, tested by laws, imported as a library.

>>> from combinators import fanout, passthrough, template
>>> prompt = fanout(name=passthrough(), size=len) | template("{name} has {size} letters")
>>> prompt.invoke("four")
'four has 4 letters'
"""

from combinators._backoff import Backoff, exponential
from combinators._build.assign import assign, update
from combinators._build.bind import bind
from combinators._build.choice import branch, case, route, when
from combinators._build.each import each
from combinators._build.fanout import fanout
from combinators._build.function import runnable
from combinators._build.keys import omit, pick, rename
from combinators._build.passthrough import passthrough
from combinators._build.pipe import pipe
from combinators._build.record import Key, Record
from combinators._build.template import Message, chat_template, template
from combinators._build.transform import transform
from combinators._errors import (
    AbandonedError,
    AbsentKeyError,
    BindDepthError,
    BuilderError,
    CombinatorError,
    DeadlineError,
    DuplicateKeyError,
    EmptyStreamError,
    InputError,
    InvalidKeyError,
    KeyMismatchError,
    MergeError,
    MissingKeyError,
    MutationError,
    NoMatchError,
    NotAMappingError,
    NotAStepError,
    OptionError,
    ResultError,
    RunningLoopError,
    TemplateError,
)
from combinators._extras import MissingExtraError
from combinators._failures import BatchError, FallbackError, FanoutError
from combinators._observer import Event, Observer, Run, Streamed
from combinators._remote import JournalError, RecordedError, TransferError, WorkerError
from combinators._run.concurrency.pool import Pool
from combinators._run.concurrency.scopes import cancelled
from combinators._run.journals.journal import Codec, Journal
from combinators._runnable import Runnable

__all__ = [
    "AbandonedError",
    "AbsentKeyError",
    "Backoff",
    "BatchError",
    "BindDepthError",
    "BuilderError",
    "Codec",
    "CombinatorError",
    "DeadlineError",
    "DuplicateKeyError",
    "EmptyStreamError",
    "Event",
    "FallbackError",
    "FanoutError",
    "InputError",
    "InvalidKeyError",
    "Journal",
    "JournalError",
    "Key",
    "KeyMismatchError",
    "MergeError",
    "Message",
    "MissingExtraError",
    "MissingKeyError",
    "MutationError",
    "NoMatchError",
    "NotAMappingError",
    "NotAStepError",
    "Observer",
    "OptionError",
    "Pool",
    "Record",
    "RecordedError",
    "ResultError",
    "Run",
    "Runnable",
    "RunningLoopError",
    "Streamed",
    "TemplateError",
    "TransferError",
    "WorkerError",
    "assign",
    "bind",
    "branch",
    "cancelled",
    "case",
    "chat_template",
    "each",
    "exponential",
    "fanout",
    "omit",
    "passthrough",
    "pick",
    "pipe",
    "rename",
    "route",
    "runnable",
    "template",
    "transform",
    "update",
    "when",
]
