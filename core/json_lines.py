"""What commands write for scripts: JSON, one object a line."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")


def echo_json(answer: Any) -> None:  # noqa: ANN401 - any dataclass, such as the client's answers
    """Write a dataclass or a mapping as one line of JSON."""
    fields = answer if isinstance(answer, Mapping) else asdict(answer)
    click.echo(json.dumps(fields, ensure_ascii=False, default=_text))


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
