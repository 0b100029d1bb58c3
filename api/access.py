"""The gate before every view: who calls, and whether the job in the path is theirs to see."""

from flask import Flask, g, request

from api.identity import LOCAL, caller
from api.services import services
from db import jobs


def register(app: Flask) -> None:
    """Find out who calls; then answer 404 for the job of another key, whatever is asked of it.

    A view that has the job's id in its path as `job_id` need not ask again.
    """
    app.before_request(_identify)
    app.before_request(_hide_jobs_of_others)


def _identify() -> None:
    g.caller = LOCAL


def _hide_jobs_of_others() -> None:
    public_id = (request.view_args or {}).get("job_id")
    key_id = caller().sees
    if public_id is not None and key_id is not None:
        with services().database.read() as session:
            jobs.get(session, public_id, visible_to=key_id)
