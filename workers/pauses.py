"""How long what cannot be done now is put off, and how often."""

MAX_POSTPONEMENTS = 20  # with the pauses between them, about a quarter of an hour
LONGEST_PAUSE_S = 60.0


def pause_s(postponements: int) -> float:
    """Return the pause after so many others, seconds: 1, 2, 4, ... up to a minute."""
    return min(2.0 ** min(postponements, 10), LONGEST_PAUSE_S)
