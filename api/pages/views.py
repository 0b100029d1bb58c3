"""The web pages: the same functions as the API, shaped as HTML."""

from flask import Blueprint

blueprint = Blueprint("pages", __name__, static_folder="static", template_folder="templates")
