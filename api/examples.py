"""An example of each body that openapi.json describes, put beside its schema."""

from typing import Any

from api.example_things import (
    DELIVERY,
    FEEDBACK,
    HOOK_URL,
    JOB,
    JOB_ID,
    UPLOAD,
    VERDICT,
    VERDICT_ID,
    VERSION,
    WEBHOOK,
    WORKER,
)

OF_SCHEMAS: dict[str, Any] = {
    "JobRequest": {
        "source": {"type": "folder", "path": "/data/faces"},
        "options": {"priority": "high", "metadata": {"team": "a"}},
    },
    "JobUpload": {
        "files": ["a.jpg"],
        "items": [{"custom_id": "no-1"}],
        "options": {"faces": "off"},
    },
    "ScanUpload": {"image": "face.jpg", "options": {"faces": "off"}},
    "JobView": JOB,
    "JobPage": {"jobs": [JOB], "next_cursor": None},
    "ScanView": {"job": {**JOB, "kind": "single"}, "verdict": VERDICT},
    "VerdictView": VERDICT,
    "VerdictPage": {"verdicts": [VERDICT], "next_cursor": "WzBd"},
    "HeatmapView": {"verdict_id": VERDICT_ID, "face": 0, "state": "queued"},
    "FeedbackRequest": {"truth": "real", "note": "I took this photograph."},
    "FeedbackView": FEEDBACK,
    "FeedbackPage": {"feedback": [FEEDBACK], "next_cursor": None},
    "FaultPage": {
        "count": 1,
        "by_code": {"not_json": 1},
        "faults": [{"line": 3, "code": "not_json", "message": "The line is no JSON object."}],
        "next_cursor": None,
    },
    "SummaryView": {
        "scores": {"fake": [0] * 19 + [1], "uncertain": [0] * 20, "real": [1] + [0] * 19},
        "not_applicable": {"no_face": 1},
        "failed": {},
    },
    "UploadView": UPLOAD,
    "WebhookRequest": {"url": HOOK_URL, "events": ["job.completed"]},
    "WebhookChange": {"enabled": False},
    "WebhookView": WEBHOOK,
    "WebhookSecretView": {**WEBHOOK, "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"},
    "WebhookPage": {"webhooks": [WEBHOOK], "next_cursor": None},
    "DeliveryView": DELIVERY,
    "DeliveryPage": {"deliveries": [DELIVERY], "next_cursor": None},
    "PromotionRequest": {"alias": "champion", "instead_of": None},
    "ModelView": VERSION,
    "ModelList": {"models": [VERSION]},
    "SystemView": {
        "rate": 812.5,
        "fill": 0.97,
        "open_jobs": 2,
        "queued_interactive": 0,
        "queued_bulk": 61,
        "in_hand": 3,
        "workers": [WORKER],
        "queues": [{"name": "bulk", "depth": 8}],
        "broker_error": None,
    },
    "Health": {"status": "ok", "checks": {"database": "ok", "broker": "ok", "storage": "ok"}},
}
OF_TYPES = {
    "text/csv": "id,position,name,outcome,label,score\n"
    f"{VERDICT_ID},0,holiday/a.jpg,scored,fake,0.97\n",
    "application/jsonl": f'{{"id": "{VERDICT_ID}", "label": "fake", "score": 0.97}}\n',
    "text/event-stream": f'event: progress\ndata: {{"id": "{JOB_ID}", "state": "running"}}\n\n',
}


def add_examples(document: dict[str, Any]) -> dict[str, Any]:
    """Put an example beside each body of the document that can be written down; return it."""
    for path in document["paths"].values():
        for operation in path.values():
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                for kind, media in body.get("content", {}).items():
                    example = _example(kind, media.get("schema", {}))
                    if example is not None:
                        media["example"] = example
    return document


def _example(kind: str, schema: dict[str, Any]) -> object:
    return OF_TYPES.get(kind) or OF_SCHEMAS.get(schema.get("$ref", "").rpartition("/")[2])
