"""What templates may call by name: words, numbers, and how far a job is."""

from flask import Blueprint

from api.pages import numbers, progress, words
from api.pages.script_words import script_words


def register(blueprint: Blueprint) -> None:
    """Give the templates the words as filters and values."""
    for function in (
        words.state_word,
        words.kind_word,
        words.code_word,
        words.alias_word,
        words.queue_word,
        words.metric_word,
        words.file_word,
        words.faces_word,
        words.face_reason,
        words.job_title,
        progress.ended,
        numbers.number,
        numbers.rate,
        numbers.share,
        numbers.three,
        numbers.clock,
        progress.pace,
        progress.segments,
        progress.percent,
    ):
        blueprint.add_app_template_filter(function)
    blueprint.app_context_processor(_say_words)


def _say_words() -> dict[str, object]:
    """Let every page know the words that scripts need as well, in the reader's language."""
    return {
        "kind_words": {kind: str(word) for kind, word in words.KINDS.items()},
        "code_words": {code: str(word) for code, word in words.CODES.items()},
        "state_words": {state: str(word) for state, word in words.STATES.items()},
        "script_words": script_words,
    }
