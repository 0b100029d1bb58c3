"""What the commands on jobs have in common: the job's id, metadata, words and moments."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import click

from core.terms import FaceMode

job_argument = click.argument("job_id", metavar="JOB")
faces_option = click.option(
    "--faces",
    type=click.Choice([mode.value for mode in FaceMode]),
    default=FaceMode.AUTO.value,
    show_default=True,
    help="off: score whole images, also where the model version scores faces.",
)


class Moment(click.ParamType):
    """A date, or a date with a time; in UTC unless it says otherwise."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment; a date is its first."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"Write {value} as 2026-11-24 or 2026-11-24T12:30:00Z.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def one_of(words: type[StrEnum]) -> click.Choice[str]:
    """Return the type of an option that takes one of the words, by value."""
    return click.Choice([word.value for word in words])


def metadata_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--metadata key=value`, which may be given several times."""
    return click.option(
        "--metadata", metavar="KEY=VALUE", multiple=True, callback=_pairs, help=text
    )


def _pairs(_context: click.Context, _option: object, given: Sequence[str]) -> Mapping[str, str]:
    for pair in given:
        if "=" not in pair:
            raise click.BadParameter(f"Write {pair} as KEY=VALUE.")
    return dict(pair.split("=", 1) for pair in given)
