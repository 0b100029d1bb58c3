"""The web pages: the same functions as the API, shaped as HTML."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Redirect

from api.errors import PageError
from api.jobs import read_job_view
from api.pages import filters, problems, words
from api.pages.fragments import fragment
from api.pages.grid import CARDS_A_PAGE, grid_of, view_of
from api.pages.live import live_jobs
from api.pages.orders import submit
from api.pages.summary import summary_of
from api.queries import VerdictQuery
from api.services import services
from api.verdicts import page_of_verdicts
from core.errors import ModelUnavailableError
from core.names import ARCHIVE_ENDINGS
from core.terms import Label, Outcome
from db import model_versions

VERDICTS_A_PAGE = 50
NARROWING = ("code", "min_score", "max_score")

blueprint = Blueprint(
    "pages",
    __name__,
    static_folder="static",
    static_url_path="/static",
    template_folder="templates",
)
filters.register(blueprint)
problems.register(blueprint)


@blueprint.get("/")
def show_start() -> str:
    """Show where images are handed in; with `job`, how the scan of those goes."""
    return render_template(
        "start.html",
        settings=services().settings,
        archive_endings=ARCHIVE_ENDINGS,
        champion=_champion(),
        live_jobs=list(live_jobs(request.args.getlist("job"))),
    )


@blueprint.post("/jobs")
def create_job() -> Redirect:
    """Make a job of what the form holds, and lead to its page."""
    return redirect(url_for("pages.show_job", job_id=submit(request)), 303)


@blueprint.get("/jobs/<job:job_id>")
def show_job(job_id: str) -> str:
    """Show a job with one page of its verdicts."""
    show, view = request.args.get("show", ""), view_of(request)
    query = _query(show, limit=CARDS_A_PAGE if view else VERDICTS_A_PAGE)
    job = read_job_view(job_id)
    page = page_of_verdicts(job_id, query)
    filters = _given("show", *NARROWING)
    return render_template(
        "job.html",
        job=job,
        summary=summary_of(job),
        page=page,
        query=query,
        show=show,
        filters=filters,
        kept=filters | ({"view": view} if view else {}),
        view=view,
        grid=grid_of(job, query, page) if view else None,
        before=max(0, request.args.get("before", 0, type=int)),
    )


@blueprint.get("/jobs/<job:job_id>/table")
def show_table(job_id: str) -> str:
    """Show the table of its verdicts alone, as the page asks for it while the job runs."""
    query = _query(request.args.get("show", ""), limit=VERDICTS_A_PAGE)
    shown = {
        "job": read_job_view(job_id),  # first: of one that has ended, every verdict is there then
        "page": page_of_verdicts(job_id, query),
        "query": query,
        "filters": _given("show", *NARROWING),
    }
    return fragment("table.html", shown)


@blueprint.get("/docs")
def show_docs() -> str:
    """Show the OpenAPI document, with a form for each operation."""
    return render_template("docs.html")


@blueprint.after_request
def _allow_going_back(response: Response) -> Response:
    """Let the browser keep pages for its Back button, but ask each time otherwise."""
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


def _query(show: str, *, limit: int) -> VerdictQuery:
    """Return which verdicts the request asks for; raises PageError."""
    return VerdictQuery.model_validate(
        {"limit": limit, **_filter(show), **_given(*NARROWING, "cursor")}
    )


def _given(*names: str) -> dict[str, str]:
    """Return the query's parameters; a form sends those that nobody filled in as well."""
    return {name: request.args[name] for name in names if request.args.get(name)}


def _filter(show: str) -> dict[str, str]:
    """Return the filter of the verdicts that a kind, as the page calls it, stands for."""
    if not show:
        return {}
    if show in list(Label):
        return {"label": show}
    if show in (Outcome.NOT_APPLICABLE, Outcome.FAILED):
        return {"outcome": show}
    kinds = ", ".join(f"`{kind}`" for kind in words.KINDS)
    sentence = gettext(
        "There are no verdicts of the kind `%(kind)s`; choose %(kinds)s.", kind=show, kinds=kinds
    )
    raise PageError(sentence, field="show")


def _champion() -> str | None:
    try:
        with services().database.read() as session:
            return model_versions.champion(session).name
    except ModelUnavailableError:
        return None
