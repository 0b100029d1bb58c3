"""How the page of a problem says what happened: beside the API's sentence, which is English."""

from collections.abc import Mapping

from flask import Blueprint
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from api.problem_schemas import Problem

TITLES: Mapping[int, LazyString] = {
    400: _("Bad Request"),
    401: _("Unauthorized"),
    403: _("Forbidden"),
    404: _("Not Found"),
    405: _("Method Not Allowed"),
    409: _("Conflict"),
    410: _("Gone"),
    413: _("Request Entity Too Large"),
    415: _("Unsupported Media Type"),
    422: _("Unprocessable Entity"),
    429: _("Too Many Requests"),
    500: _("Internal Server Error"),
    503: _("Service Unavailable"),
    507: _("Insufficient Storage"),
}
SENTENCES: Mapping[int, LazyString] = {
    401: _("This needs a valid API key. Sign in again."),
    403: _("This is not allowed to you, or came from another web site."),
    404: _("There is nothing at this address, or it was deleted. Check the address."),
    409: _("This does not go together with how things stand now. Load the page again."),
    410: _("What you asked for is not there any more."),
    413: _("This is larger than the installation takes at once. Split it, or send an archive."),
    415: _("This is not a kind of file or form that is understood here."),
    422: _("Something that was entered is not valid. Go back, correct it, and send it again."),
    429: _("Requests come too fast. Wait a moment, and try again."),
    500: _("Something went wrong on the server. Try again; if it stays, tell the administrator."),
    503: _("A part of the installation does not answer at the moment. Try again in a while."),
    507: _("Storage is full. Tell the administrator, and send it again later."),
}
OTHERWISE = _("The server did not do what was asked for; it says why below.")


def register(blueprint: Blueprint) -> None:
    """Give the templates the words as filters."""
    blueprint.add_app_template_filter(problem_title)
    blueprint.add_app_template_filter(problem_sentence)


def problem_title(problem: Problem) -> str:
    """Return what the status is called."""
    return str(TITLES.get(problem.status, problem.title))


def problem_sentence(problem: Problem) -> str:
    """Return what happened, as far as the status tells it."""
    return str(SENTENCES.get(problem.status, OTHERWISE))
