"""How the pages write numbers and times, in the reader's language."""

from datetime import UTC, datetime

from babel import dates, numbers
from flask_babel import gettext

from api.pages.language import language


def number(count: int) -> str:
    """Return the count with separators."""
    return numbers.format_decimal(count, locale=language())


def rate(images_a_second: float, digits: int = 1) -> str:
    """Return the rate with separators, and so many digits behind the point."""
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return numbers.format_decimal(images_a_second, pattern, locale=language())


def share(part: float, digits: int = 1) -> str:
    """Return a part of 1 in percent."""
    percents = f"{100 * part:.{digits}f}"
    return gettext("%(number)s %%", number=percents)


def three(score: float) -> str:
    """Return a score, or what is measured like one, as all pages write it."""
    return f"{score:.3f}"


def clock(time: datetime) -> str:
    """Return the time in UTC for those without JavaScript; with it, the page shows local time."""
    # Translators: how a time is written, in the letters of the Unicode standard (CLDR).
    pattern = gettext("dd MMM y, HH:mm 'UTC'")
    return dates.format_datetime(time, pattern, tzinfo=UTC, locale=language())
