"""The model versions in hand: loaded once, the oldest dropped."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from core.errors import ModelUnavailableError
from detector.detector import Detector
from tests.support.workers import PretendDetector
from workers.detectors import Detectors


class Loader:
    """Loads pretend detectors and keeps the names in order."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, name: str) -> Detector:
        if name == "gone-1":
            raise ModelUnavailableError("The registry has no model version gone-1.")
        self.loaded.append(name)
        return cast(Detector, PretendDetector())


def test_a_version_is_loaded_once() -> None:
    """Two jobs on one version share its detector."""
    loader = Loader()
    detectors = Detectors(loader)
    assert detectors.get("a-1") is detectors.get("a-1")
    assert loader.loaded == ["a-1"]


def test_the_version_that_was_not_used_longest_is_dropped() -> None:
    """Two versions stay on the device; a third takes the place of the idle one."""
    loader = Loader()
    detectors = Detectors(loader)
    for name in ("a-1", "a-2", "a-1", "a-3", "a-1", "a-2"):
        detectors.get(name)
    assert loader.loaded == ["a-1", "a-2", "a-3", "a-2"]


def test_a_version_that_cannot_be_loaded_is_tried_again() -> None:
    """A failure is not remembered: the files may be there the next time."""
    detectors = Detectors(Loader())
    for _ in range(2):
        with pytest.raises(ModelUnavailableError):
            detectors.get("gone-1")


def test_one_that_loads_keeps_nobody_from_one_that_is_loaded() -> None:
    """A job on an older version does not stop the scans of the champion while that is read."""
    begun, go_on = threading.Event(), threading.Event()

    def load(name: str) -> Detector:
        if name == "slow-1":
            begun.set()
            assert go_on.wait(10)
        return cast(Detector, PretendDetector())

    detectors = Detectors(load)
    champion = detectors.get("champion-1")
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(detectors.get, "slow-1")
        assert begun.wait(10)
        assert detectors.get("champion-1") is champion
        assert not slow.done()
        go_on.set()
    assert detectors.held == ("champion-1", "slow-1")


def test_what_keeps_a_version_from_being_loaded_is_not_the_images_fault() -> None:
    """A device without memory for it: the version is not available, whatever was raised."""

    def load(name: str) -> Detector:
        raise MemoryError("no room for " + name)

    with pytest.raises(ModelUnavailableError, match=r"a-1 could not be loaded.*no room for a-1"):
        Detectors(load).get("a-1")
