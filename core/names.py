"""What a person calls a file: kept to be shown and found again, never used as a path."""

import mimetypes
from unicodedata import category

MAX_NAME_LENGTH = 1024
ARCHIVE_ENDINGS = (
    ".zip",
    ".tar",
    ".tgz",
    ".tbz2",
    ".txz",
    ".tzst",
    ".tar.gz",
    ".tar.bz2",
    ".tar.xz",
    ".tar.zst",
)
# Control characters, line ends, and the marks that make a name read in another order.
UNSEEN_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
CONTROL_CATEGORIES = ("Cc", "Cs")  # what a text that is kept and given back must not hold
REORDERING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_name(name: str | None) -> str:
    """Return the name without what cannot be seen, and not too long."""
    seen = name or ""
    if not seen.isprintable():  # else it has nothing of the kind
        seen = "".join(
            letter
            for letter in seen
            if letter not in REORDERING and category(letter) not in UNSEEN_CATEGORIES
        )
    return seen.strip()[:MAX_NAME_LENGTH] or "unnamed"


def is_image_name(name: str) -> bool:
    """Return whether a file of this name can be an image: its ending says so, or says nothing."""
    guessed, _ = mimetypes.guess_type(name)
    return guessed is None or guessed.startswith("image/")


def is_archive_name(name: str) -> bool:
    """Return whether a file of this name is an archive that a job unpacks."""
    return name.lower().endswith(ARCHIVE_ENDINGS)


def has_controls(text: str) -> bool:
    """Return whether the text holds control characters, or halves of characters."""
    if text.isprintable():
        return False
    return any(category(letter) in CONTROL_CATEGORIES for letter in text)
