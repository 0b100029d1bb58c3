"""The page of the installation at work, which is for admins."""

from flask import Blueprint, render_template

from api.identity import caller
from api.system import look_at_system

blueprint = Blueprint("system_pages", __name__)


@blueprint.get("/system")
def show_system() -> str:
    """Show workers, devices, queues and errors."""
    return render_template("system.html", system=look_at_system())


@blueprint.get("/system/figures")
def show_figures() -> str:
    """Show them alone, as the page asks for them while it is open."""
    return render_template("system_figures.html", system=look_at_system())


@blueprint.app_context_processor
def _say_whether_admin() -> dict[str, object]:
    """Let every page know whether it may lead there."""
    return {"is_admin": caller().is_admin}
