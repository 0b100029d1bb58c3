"""A worker whose device is the stand-in; its images are their URIs, so that no file is read."""

import sys

from bench.null_worker import synthetic_bytes
from bench.stand_in import StandIn
from core.settings import load_settings
from workers.app import run_worker


def main() -> int:
    """Run the worker until a SIGTERM."""
    return run_worker(load_settings(), lambda _name: StandIn(), fetch=synthetic_bytes)


if __name__ == "__main__":
    sys.exit(main())
