"""One stack a data folder."""

from pathlib import Path

import pytest

from cli.stack.lock import Holder, find_holder, stack_lock
from core.errors import ConfigurationError

HOLDER = Holder(command="up", pid=7, url="http://127.0.0.1:1")


def test_a_second_stack_is_refused_with_who_holds_the_first(tmp_path: Path) -> None:
    """The sentence names the other command and what to do."""
    with (
        stack_lock(tmp_path / "run", HOLDER),
        pytest.raises(ConfigurationError, match=r"is in use by `fakesweep up` \(process 7, http"),
        stack_lock(tmp_path / "run", HOLDER),
    ):
        pass


def test_the_holder_is_known_only_while_it_holds(tmp_path: Path) -> None:
    """What is left in the file of an ended stack is not believed."""
    assert find_holder(tmp_path) is None
    with stack_lock(tmp_path, HOLDER):
        assert find_holder(tmp_path) == HOLDER
    assert find_holder(tmp_path) is None
    with stack_lock(tmp_path, HOLDER):
        pass


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """A file in the way of the data folder is named."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match="set FAKESWEEP_DATA_DIR"),
        stack_lock(tmp_path / "file" / "run", HOLDER),
    ):
        pass
