"""Who is compared: each a class of its own that runs in a process of its own.

`bench.entries` names them; nothing is imported here, so that each process holds only its own.
"""

from typing import Protocol

from bench.place import ImageSet


class Contender(Protocol):
    """Puts images through one way of scanning; it runs in a process tree of its own."""

    def start(self) -> None:
        """Start whatever it needs, and return when it is ready to scan."""
        ...

    def push(self, images: ImageSet) -> float:
        """Scan all images once; return the seconds until the last score was had."""
        ...

    def scan(self, image: str) -> None:
        """Scan a single image for somebody who waits, also while another thread pushes."""
        ...

    def stop(self) -> None:
        """End everything that was started."""
        ...
