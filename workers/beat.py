"""The beat's door: the clock that rings for recovery. Knows no device and no torch."""

from core.settings import Settings
from core.taskqueue import create_celery, require_broker
from workers.logs import take_over_logs


def run_beat(settings: Settings) -> int:
    """Ring for a recovery sweep at every interval, until a SIGTERM; return the exit code."""
    take_over_logs(settings)
    app = create_celery(settings.broker_url, recovery_interval_s=settings.recovery_interval_s)
    require_broker(app)
    app.Beat(
        loglevel=settings.log_level,
        scheduler_cls="celery.beat:Scheduler",  # one interval: nothing to keep on disk
        quiet=True,
    ).run()
    return 0
