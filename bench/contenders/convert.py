"""Converts the network once for all: `python -m bench.contenders.convert`, in its own process."""

from bench.place import Place
from bench.workloads import Scanner

if __name__ == "__main__":
    Scanner.load(Place.here())
