"""Naming sources, and finding the layout of a folder."""

from pathlib import Path

import pytest

from core.errors import DatasetError
from tests.support.layouts import draw, listed
from training.layouts.catalogue import LAYOUTS, parse_source, parse_sources


def test_a_source_has_a_name_a_label_and_a_path(tmp_path: Path) -> None:
    """The folder's name is the default; `real:` and `NAME=` come before it."""
    folder = tmp_path / "sd2.1"
    folder.mkdir()
    assert (parse_source(str(folder)).name, parse_source(str(folder)).label) == ("sd2.1", None)
    named = parse_source(f"fake:diffusion={folder}")
    assert (named.name, named.label, named.path) == ("diffusion", 1, folder)


def test_sources_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    """Metrics are reported by name, so two of one name would be mixed."""
    draw(tmp_path, "a/x/real/1.png", "b/x/real/1.png")
    with pytest.raises(DatasetError, match="share a name"):
        parse_sources([str(tmp_path / "a/x"), str(tmp_path / "b/x")])
    with pytest.raises(DatasetError, match="does not exist"):
        parse_source(str(tmp_path / "nowhere"))


def test_an_unknown_folder_is_told_what_is_known(tmp_path: Path) -> None:
    """A folder without labels is refused, and a named layout that does not fit as well."""
    draw(tmp_path, "a.png")
    with pytest.raises(DatasetError, match="keeps no layout that is known"):
        listed(tmp_path)
    for name in LAYOUTS:
        with pytest.raises(DatasetError):
            listed(tmp_path, layout=name)
