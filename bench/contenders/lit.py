"""LitServe with dynamic batching, and enough requests at a time to fill two batches."""

import asyncio
import time
from contextlib import ExitStack

import httpx

from bench.contenders.http_load import post_all
from bench.place import ImageSet, Place
from bench.programs import running, wait_until
from tests.support.services import free_port, short_folder

PATH = "/predict"


class LitServe:
    """Posts the path of each image to a server on this machine."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stack = ExitStack()

    def start(self) -> None:
        """Start the server and wait until its engine is loaded."""
        self._port = free_port()
        url = f"http://127.0.0.1:{self._port}"
        log = self._stack.enter_context(short_folder()) / "server.log"
        arguments = ["-m", "bench.contenders.lit_server", str(self._port)]
        server = self._stack.enter_context(running(log, arguments, self._place.environment()))
        self._http = self._stack.enter_context(httpx.Client(base_url=url, trust_env=False))
        wait_until(self._is_ready, server, log)

    def push(self, images: ImageSet) -> float:
        """Post all images; return the seconds until the last answer."""
        start = time.perf_counter()
        bodies = ({"image": path} for path in images)
        connections = min(2 * self._place.batch, images.count)
        good = asyncio.run(post_all(self._port, PATH, bodies, connections=connections))
        if good != images.count:
            raise RuntimeError(f"{good} good answers for {images.count} images.")
        return time.perf_counter() - start

    def scan(self, image: str) -> None:
        """Post a single image."""
        self._http.post(PATH, json={"image": image}, timeout=600).raise_for_status()

    def stop(self) -> None:
        """End the server."""
        self._stack.close()

    def _is_ready(self) -> bool:
        try:
            return self._http.get("/health").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
