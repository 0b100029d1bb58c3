"""The process of one contender: `python -m bench.driver b` obeys the bench line by line.

Each line of standard input is a command in JSON, each line of standard output its answer. What
the contender itself prints goes to standard error.
"""

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.contenders import Contender
from bench.entries import BY_LETTER
from bench.place import ImageSet, Place

Command = dict[str, Any]  # JSON


class Driver:
    """Does what the bench asks of one contender."""

    def __init__(self, contender: Contender) -> None:
        self._contender = contender

    def push(self, command: Command) -> float:
        """Put the images through; return the seconds."""
        return self._contender.push(_images(command, "images"))

    def scans(self, command: Command) -> list[float]:
        """Scan single images one after the other; return the seconds of each."""
        return [self._timed(image) for image in _images(command, "singles")]

    def scans_under_bulk(self, command: Command) -> list[float]:
        """Scan single images, a fixed time apart, while a bulk of images is put through.

        Each has a thread of its own: one that waits long holds up none of the others. Those that
        begin after the bulk has ended do not count. Returns the seconds of each that counts.
        """
        failures: list[Exception] = []
        bulk = threading.Thread(target=self._push_in_thread, args=(command, failures))
        bulk.start()
        time.sleep(command["head_start_s"])
        taken: list[float] = []
        scans = list(self._spaced_scans(command, bulk, taken))
        for thread in (bulk, *scans):
            thread.join()
        if failures:
            raise failures[0]
        return taken

    def call(self, command: Command) -> Any:  # noqa: ANN401 - JSON
        """Call a method that only this contender has."""
        return getattr(self._contender, command["method"])(*command["arguments"])

    def _timed(self, image: str) -> float:
        start = time.perf_counter()
        self._contender.scan(image)
        return time.perf_counter() - start

    def _push_in_thread(self, command: Command, failures: list[Exception]) -> None:
        try:
            self.push(command)
        except Exception as error:
            failures.append(error)

    def _spaced_scans(
        self, command: Command, bulk: threading.Thread, taken: list[float]
    ) -> Iterator[threading.Thread]:
        for image in _images(command, "singles"):
            if not bulk.is_alive():
                return
            thread = threading.Thread(target=lambda path=image: taken.append(self._timed(path)))
            thread.start()
            yield thread
            time.sleep(command["apart_s"])


def main() -> None:
    """Start the contender, obey until the input ends, and stop it."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    entry = BY_LETTER[sys.argv[1]]
    module, _, name = entry.path.partition(":")
    contender: Contender = getattr(import_module(module), name)(Place.here())
    code = 1
    try:
        contender.start()
        _answer(answers.write, lambda: "ready")
        driver = Driver(contender)
        for line in sys.stdin:
            command = json.loads(line)
            _answer(answers.write, lambda c=command: getattr(driver, c["do"])(c))
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        contender.stop()
        sys.stderr.flush()
        os._exit(code)  # what is left would say good-bye to servers that are gone


def _answer(write: Callable[[str], object], action: Callable[[], object]) -> None:
    write(json.dumps({"answer": action()}) + "\n")


def _images(command: Command, name: str) -> ImageSet:
    folder, count = command[name]
    return ImageSet(Path(folder), count)


if __name__ == "__main__":
    main()
