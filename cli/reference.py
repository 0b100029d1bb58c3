"""Writes docs/settings.md from the settings: `python -m cli.reference`."""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from core import settings as settings_module
from core.settings import SHIPPED_MODELS, Settings

HEAD = """\
# Settings

<!-- Written by `make docs` from core/settings.py; change it there. -->

Every setting is an environment variable, or a line of a `.env` file in the current folder; a
variable outranks the file. An empty value counts as not set. A value that is not valid ends the
command with a sentence that names the setting.
"""
_SECTION = re.compile(r"^    # (?P<title>.+)$|^    (?P<name>\w+): ", re.MULTILINE)


def settings_page() -> str:
    """Return docs/settings.md."""
    return HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    for title, names in _sections().items():
        yield f"\n## {title}\n\n| setting | default | what it is |\n|---|---|---|\n"
        for name in names:
            field = Settings.model_fields[name]
            yield f"| {_variables(name, field)} | {_default(field)} | {_sentence(field)} |\n"


def _sections() -> dict[str, list[str]]:
    """Return the settings by the comment that stands above them in the class."""
    sections: dict[str, list[str]] = {}
    names: list[str] = []
    source = Path(settings_module.__file__).read_text()
    for match in _SECTION.finditer(source):
        if match["title"] and match["title"][0].isupper():
            names = sections.setdefault(match["title"], [])
        elif match["name"] in Settings.model_fields:
            names.append(match["name"])
    return {title: names for title, names in sections.items() if names}


def _variables(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return " or ".join(f"`{choice}`" for choice in alias.choices)
    return f"`FAKESWEEP_{name.upper()}`"


def _default(field: FieldInfo) -> str:
    if field.default == SHIPPED_MODELS:
        return "`models/` beside the packages"
    shown = "" if field.default in ("", []) else f"`{field.default}`"
    return shown or "none"


def _sentence(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")


if __name__ == "__main__":
    print(settings_page(), end="")
