"""docs/settings.md and the Makefile's help."""

import re
import subprocess
from pathlib import Path

from cli.reference import settings_page
from core.settings import Settings

ROOT = Path(__file__).parents[3]


def test_the_page_of_settings_is_up_to_date() -> None:
    """The committed page is the one that `make docs` writes, and names every setting."""
    page = (ROOT / "docs" / "settings.md").read_text()
    assert page == settings_page(), "run `make docs`"
    for name in Settings.model_fields:
        assert f"`FAKESWEEP_{name.upper()}`" in page


def test_make_help_lists_every_target() -> None:
    """The default target lists all the others, each with a sentence."""
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    shown = subprocess.check_output(["make", "-C", str(ROOT), "--no-print-directory"], text=True)
    listed = re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE)
    assert listed == phony[1].split()
