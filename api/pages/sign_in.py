"""Signing in to the pages: an API key kept in a cookie until the browser closes, or signs out."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as Redirect

from api.access import COOKIE, keys_required, recognise
from api.identity import caller
from api.services import services

NOT_VALID = _(
    "The API key is not valid. Check that it was copied whole, or ask the administrator for a "
    "new one."
)

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def show_sign_in() -> str | Response | Redirect:
    """Show the form that asks for a key, or lead on where none is required."""
    if "HX-Request" in request.headers:  # loaded again, the page leads here, and back from here
        return Response(headers={"HX-Refresh": "true"})
    if not keys_required(services().settings):
        return redirect(url_for("pages.show_start"), 303)
    return _form()


@blueprint.post("/sign-in")
def sign_in() -> Response | Redirect:
    """Keep the key in a cookie that scripts cannot read and other sites cannot send."""
    key = request.form.get("key", "").strip()
    if recognise(key) is None:
        return Response(_form(trouble=str(NOT_VALID)), 401, mimetype="text/html")
    answer = redirect(own_path(request.form.get("next")), 303)
    answer.set_cookie(COOKIE, key, httponly=True, samesite="Strict", secure=request.is_secure)
    return answer


@blueprint.post("/sign-out")
def sign_out() -> Redirect:
    """Forget the key, and what the browser kept of the pages."""
    answer = redirect(url_for("sign_in.show_sign_in"), 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="Strict", secure=request.is_secure)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@blueprint.app_context_processor
def _say_who() -> dict[str, object]:
    """Let every page know whether there is somebody to sign out."""
    return {"signed_in": caller().key_id is not None}


def _form(trouble: str = "") -> str:
    return render_template(
        "sign_in.html", trouble=trouble, next=own_path(request.values.get("next"))
    )


def own_path(path: str | None, otherwise: str = "") -> str:
    """Return the path when it leads to a page of ours, or else the other one: the start page's."""
    start = otherwise or url_for("pages.show_start")
    if not path or not path.startswith("/") or path[1:2] in ("/", "\\") or not path.isprintable():
        return start
    return path if urlsplit(path).netloc == "" else start
