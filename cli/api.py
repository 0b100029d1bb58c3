"""`fakesweep api`: run the HTTP API with its web pages, on waitress."""

import signal
import sys
from typing import Any

import click
import waitress

from api.wsgi import assemble
from cli.ports import require_free_port
from core.settings import load_settings

# Reading ahead while it answers, waitress sees that the client of a stream has left.
SERVER_OPTIONS: dict[str, Any] = {"channel_request_lookahead": 1, "ident": ""}


@click.command()
def api() -> None:
    """Run the HTTP API with its web pages, until SIGTERM; requests in hand are answered."""
    settings = load_settings()
    require_free_port(settings.api_host, settings.api_port)
    application = assemble(settings)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    waitress.serve(
        application,
        host=settings.api_host,
        port=settings.api_port,
        threads=settings.api_threads,
        max_request_body_size=settings.max_upload_bytes,
        **SERVER_OPTIONS,
        clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
    )
