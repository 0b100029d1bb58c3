"""`fakesweep api`: run the HTTP API with its web pages, on waitress."""

import gc
import signal
import sys

import click

from api.serving import make_server
from api.wsgi import assemble
from cli.ports import require_free_port
from core.settings import load_settings


@click.command()
def api() -> None:
    """Run the HTTP API with its web pages, until SIGTERM; requests in hand are answered."""
    settings = load_settings()
    require_free_port(settings.api_host, settings.api_port)
    application = assemble(settings)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    gc.freeze()  # what is here stays: no request must wait while all of it is looked through
    server = make_server(application, host=settings.api_host, port=settings.api_port)
    server.print_listen("Serving on http://{}:{}")
    server.run()
