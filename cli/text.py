"""Text from outside (file names, messages), made safe for a terminal."""

from rich.text import Text


def plain(value: str) -> Text:
    """Return the value as text without markup, control characters shown as a replacement mark.

    A file name may hold escape sequences that would rewrite what the terminal shows.
    """
    return Text(
        "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in value)
    )
