"""A real browser, and the real application behind a real server, for the tests of the pages."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.serving import make_server

NETWORK = "Failed to load resource:"
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
def watched_page(browser: Browser, address: str) -> Iterator[Page]:
    """Open an empty page; whatever the browser complains about, the network aside, is a failure."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    yield page
    context.close()
    assert [said for said in complaints if not said.startswith(NETWORK)] == []


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a free port of loopback; yield its address."""
    server = make_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, name="pages", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"  # pyright: ignore[reportAttributeAccessIssue] - one socket
    server.close()
    thread.join(timeout=5)
