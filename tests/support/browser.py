"""A real browser, and the real application behind a real server, for the tests of the pages."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect, sync_playwright
from waitress.server import create_server

PATIENCE_MS = 30_000  # a busy machine is slow, not broken
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def launched_browser() -> Iterator[Browser]:
    """Start chromium: the one that `CHROMIUM` names, or the first on PATH."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail(
            "The tests of the web pages need chromium, which is not on PATH; "
            "run `make browser`, or name one in CHROMIUM."
        )
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a free port of loopback; yield its address."""
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, name="pages", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"  # pyright: ignore[reportAttributeAccessIssue] - one socket
    server.close()
    thread.join(timeout=5)
