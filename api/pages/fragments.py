"""Fragments: parts of a page that htmx asks for while the page is open."""

from collections.abc import Mapping
from hashlib import blake2b

from flask import Response, render_template, request

from api.pages.language import language

TAG = "HX-PTag"  # as the extension `ptag` of htmx sends it back


def if_new(template: str, shown: Mapping[str, object]) -> Response:
    """Answer with the template of what is shown, or with nothing to whom that is not new."""
    tag = blake2b(f"{language()} {shown!r}".encode(), digest_size=16).hexdigest()
    if request.headers.get(TAG) == tag:
        return Response(status=204)
    return Response(fragment(template, shown), headers={TAG: tag}, mimetype="text/html")


def fragment(template: str, shown: Mapping[str, object]) -> str:
    """Return the template without the white space around it, which a morph would pile up."""
    return render_template(template, **shown).strip()
