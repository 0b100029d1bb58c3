"""The gate before every view: who calls, whether they may, and whether the job is theirs to see."""

from flask import Flask, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from api import rate_limits
from api.identity import LOCAL, STRANGER, Caller, caller, is_open_to_all
from api.problems import problem
from api.protection import is_loopback
from api.services import services
from core.settings import Settings
from db import api_keys, jobs, verdicts

COOKIE = "fakesweep_key"
MISSING = (
    "This installation asks for an API key, and the request has none. Send it as "
    "`Authorization: Bearer fsk_...`; the administrator makes one with `fakesweep keys create`."
)
NOT_VALID = (
    "The API key is not valid. Check that it was copied whole, or ask the administrator for a "
    "new one."
)


def register(app: Flask, settings: Settings) -> None:
    """Find out who calls, turn strangers away, and hide the jobs of other keys.

    What is not open to all is closed to strangers, and the job of another key answers 404
    whatever is asked of it: a view with the job's id in its path as `job_id`, or that of one of
    its verdicts as `verdict_id`, need not ask.
    """
    app.before_request(_identify)
    rate_limits.register(app, settings)  # before strangers are turned away, so that they count
    app.before_request(_turn_strangers_away)
    app.before_request(_hide_jobs_of_others)


def keys_required(settings: Settings) -> bool:
    """Return whether callers need an API key; `auto` asks for one beyond loopback."""
    if settings.require_api_keys == "auto":
        return not is_loopback(settings.api_host)
    return settings.require_api_keys == "always"


def recognise(key: str) -> Caller | None:
    """Return whose key it is, and note its use; None for one that opens nothing."""
    with services().database.read() as session:
        found = api_keys.find(session, key)
    if found is None:
        return None
    if not found.use_is_noted:
        with services().database.write() as session:
            api_keys.note_use(session, found.id)
    return Caller(key_id=found.id, scopes=found.scopes)


def _identify() -> None:
    if not keys_required(services().settings):
        g.caller = LOCAL
        return
    key = None if is_open_to_all() else _presented_key()
    g.caller = (recognise(key) if key is not None else None) or STRANGER


def _presented_key() -> str | None:
    """Return the key of the request: a program's header, or else a browser's cookie."""
    if "Authorization" not in request.headers:
        return request.cookies.get(COOKIE)
    given = request.authorization
    return given.token if given is not None and given.type == "bearer" else None


def _turn_strangers_away() -> Response | Redirect | None:
    if caller() is not STRANGER or is_open_to_all():
        return None
    g.is_refused = _presented_key() is not None
    if not request.path.startswith("/v1/"):
        asked_for = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("sign_in.show_sign_in", next=asked_for), 303)
    return refusal(NOT_VALID if _presented_key() is not None else MISSING)


def refusal(sentence: str) -> Response:
    """Return the 401 that says how to authenticate."""
    answer = problem(401, sentence)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="fakesweep"'
    return answer


def _hide_jobs_of_others() -> None:
    named = request.view_args or {}
    public_id = named.get("job_id")
    if "verdict_id" in named:
        public_id, _ = verdicts.parts_of_id(named["verdict_id"])
    key_id = caller().sees
    if public_id is not None and key_id is not None:
        with services().database.read() as session:
            jobs.get(session, public_id, visible_to=key_id)
