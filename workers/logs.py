"""One kind of log for our lines and Celery's."""

from typing import Any

from celery import signals

from core.logs import configure_logs
from core.settings import Settings


def take_over_logs(settings: Settings) -> None:
    """Configure the logs as the settings say, and keep Celery from configuring its own."""
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    signals.setup_logging.connect(_keep_our_logs, weak=False)


def _keep_our_logs(**_: Any) -> None:  # noqa: ANN401 - Celery's signal arguments
    """Take the place of Celery's own log setup."""
