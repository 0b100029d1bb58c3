"""The language of the pages: what the reader chose, or else what the browser asks for.

The API speaks English alone, whoever calls it.
"""

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, Response, has_request_context, redirect, request
from flask_babel import Babel, Domain, get_locale, gettext
from werkzeug.utils import cached_property
from werkzeug.wrappers import Response as Redirect

from api.errors import PageError
from api.pages.sign_in import own_path

COOKIE = "fakesweep_language"
KEPT_FOR_S = 365 * 24 * 60 * 60
CATALOGS = Path(__file__).parent / "translations"
ENGLISH = Locale("en")
CHINESE = Locale("zh", script="Hans")
LANGUAGES: Mapping[str, tuple[Locale, str]] = {  # by tag: the locale, and what its readers call it
    "en": (ENGLISH, "English"),
    "zh-Hans": (CHINESE, "中文"),
}

blueprint = Blueprint("language", __name__)


class Catalogs(Domain):
    """Reads the catalogs as they are written, so that no compiled file has to lie beside them."""

    def get_translations(self) -> NullTranslations:
        """Return the words of the request's language."""
        return _catalog(str(language()))


class Pages(Babel):
    """Speaks by those catalogs."""

    @cached_property
    def domain_instance(self) -> Domain:
        """The catalogs."""
        return Catalogs()


def register(app: Flask) -> None:
    """Let templates and gettext speak the language of each request."""
    Pages(app, default_locale=str(ENGLISH), locale_selector=_select)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    # Otherwise a filter of a constant is worked out once, in the language of the first reader.
    app.jinja_env.optimized = False
    app.after_request(_tell_language)
    app.register_blueprint(blueprint)
    for locale, _ in LANGUAGES.values():
        _catalog(str(locale))


def language() -> Locale:
    """Return the language of the request; English outside of one."""
    return get_locale() or ENGLISH


@blueprint.post("/language")
def choose_language() -> Redirect:
    """Keep the choice in a cookie, and lead back to the page."""
    tag = request.form.get("language", "")
    if tag not in LANGUAGES:
        tags = ", ".join(f"`{one}`" for one in LANGUAGES)
        raise PageError(
            gettext("There are no pages in that language; choose %(tags)s.", tags=tags),
            field="language",
        )
    answer = redirect(own_path(_page_left()), 303)
    answer.set_cookie(
        COOKIE,
        tag,
        max_age=KEPT_FOR_S,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return answer


@blueprint.app_context_processor
def _say_language() -> dict[str, object]:
    """Let every page know its language, and which others there are."""
    return {
        "language": _tag(language()),
        "languages": {tag: name for tag, (_, name) in LANGUAGES.items()},
        "page_path": request.path if request.method == "GET" else "",
    }


def _select() -> str:
    """Return the language of a request, as Flask-Babel asks for it."""
    return str(_asked_for() if has_request_context() else ENGLISH)


def _asked_for() -> Locale:
    if request.path.startswith("/v1/"):
        return ENGLISH
    if chosen := LANGUAGES.get(request.cookies.get(COOKIE, "")):
        return chosen[0]
    by_name = {locale.language: locale for locale, _ in LANGUAGES.values()}
    for tag, quality in request.accept_languages:
        if quality > 0 and (found := by_name.get(tag.lower().partition("-")[0])):
            return found
    return ENGLISH


def _tell_language(response: Response) -> Response:
    """Tell caches that a page is another one for other readers."""
    if response.mimetype == "text/html":
        response.content_language.add(_tag(language()))
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def _page_left() -> str:
    """Return the page that the form was on, with the query that its scripts have given it."""
    path = request.form.get("next", "")
    seen = urlsplit(request.referrer or "")
    return f"{path}?{seen.query}" if seen.query and seen.path == path else path


def _tag(locale: Locale) -> str:
    return str(locale).replace("_", "-")


@cache
def _catalog(locale: str) -> NullTranslations:
    """Return the translations into a language; those into English, the source, change nothing."""
    file = CATALOGS / locale / "LC_MESSAGES" / "messages.po"
    if not file.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with file.open("rb") as written:
        write_mo(compiled, read_po(written, locale=locale))
    compiled.seek(0)
    return Translations(compiled)
