"""Content credentials (C2PA): what whoever made or changed an image signed about it.

A signature says who told it and that nothing was changed since, not that it is true. Whether the
signer is to be trusted is not checked here: no list of authorities is kept. Nothing is fetched.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from c2pa import C2paError, Context, Reader, Settings

from detector.metadata import plain

MIME_TYPES = {
    "AVIF": "image/avif",
    "GIF": "image/gif",
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
}
MOST_ACTIONS = 20
GENERATED = {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"}  # IPTC's terms
OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


@dataclass(frozen=True)
class Credentials:
    """What the newest manifest says, in one-line texts; empty where it says nothing.

    `is_intact` is false when the image or the manifest was changed after it was signed.
    """

    is_intact: bool
    made_with: str = ""
    signed_by: str = ""
    signed_at: str = ""
    actions: tuple[str, ...] = ()
    is_generated: bool = False  # it says that a model made the image, or a part of it


def read_credentials(data: bytes, image_format: str) -> Credentials | None:
    """Return the credentials in a file of Pillow's format, or None where there are none."""
    mime_type = MIME_TYPES.get(image_format)
    if mime_type is None or b"c2pa" not in data:  # each manifest names itself so
        return None
    try:
        with Context(Settings.from_dict(OFFLINE)) as context:
            reader = Reader.try_create(mime_type, io.BytesIO(data), context=context)
            if reader is None:
                return None
            with reader:
                return _told(json.loads(reader.json()))
    except (C2paError, ValueError, KeyError, TypeError, AttributeError):
        return Credentials(is_intact=False)


def _told(store: Mapping[str, Any]) -> Credentials:
    manifest = store["manifests"][store["active_manifest"]]
    makers = manifest.get("claim_generator_info") or [{}]
    signature = manifest.get("signature_info") or {}
    actions = [
        action
        for one in manifest.get("assertions") or []
        if str(one.get("label", "")).startswith("c2pa.actions")
        for action in one["data"].get("actions") or []
    ][:MOST_ACTIONS]
    sources = {str(one.get("digitalSourceType", "")).rpartition("/")[2] for one in actions}
    return Credentials(
        is_intact=store.get("validation_state") in ("Valid", "Trusted"),
        made_with=plain(" ".join(str(makers[0].get(key) or "") for key in ("name", "version"))),
        signed_by=plain(signature.get("issuer")),
        signed_at=plain(signature.get("time")),
        actions=tuple(plain(str(one.get("action", "")).removeprefix("c2pa.")) for one in actions),
        is_generated=bool(sources & GENERATED),
    )
