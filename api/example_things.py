"""Examples of a job, a verdict and others; `api.examples` makes bodies of them."""

from typing import Any

JOB_ID = "job_01a20b556ef076ef82e6d3893ba81f31"
VERDICT_ID = f"{JOB_ID}-0"
WEBHOOK_ID = "wh_01a20b556ef076ef82e6d3893ba81f31"
DELIVERY_ID = "msg_01a20b556ef076ef82e6d3893ba81f31"
UPLOAD_ID = "upload_01a20b556ef076ef82e6d3893ba81f31"
MODEL = "fakesweep-vit-small-3"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
BEGAN, ENDED = "2026-11-24T12:30:00Z", "2026-11-24T12:30:07Z"
HOOK_URL = "https://example.com/fakesweep"

COUNTERS = {
    "total": 2,
    "queued": 0,
    "running": 0,
    "scored": 2,
    "not_applicable": 0,
    "failed": 0,
    "reused": 0,
    "fake": 1,
    "real": 1,
    "uncertain": 0,
}
JOB: dict[str, Any] = {
    "id": JOB_ID,
    "kind": "bulk",
    "state": "completed",
    "model_version": MODEL,
    "source": {"type": "folder", "path": "/data/faces"},
    "priority": "normal",
    "metadata": {"team": "a"},
    "rescan": False,
    "faces": "auto",
    "max_failure_ratio": None,
    "expires_at": None,
    "counters": COUNTERS,
    "faults": 0,
    "rate": 4.2,
    "eta_s": None,
    "error": None,
    "created_at": BEGAN,
    "planning_at": BEGAN,
    "running_at": BEGAN,
    "listed_at": BEGAN,
    "completed_at": ENDED,
    "failed_at": None,
    "cancelling_at": None,
    "cancelled_at": None,
    "expired_at": None,
    "ended_at": ENDED,
    "links": {
        "self": f"/v1/jobs/{JOB_ID}",
        "verdicts": f"/v1/jobs/{JOB_ID}/verdicts",
        "faults": f"/v1/jobs/{JOB_ID}/faults",
        "cancel": f"/v1/jobs/{JOB_ID}/cancel",
        "events": f"/v1/jobs/{JOB_ID}/events",
        "retry": f"/v1/jobs/{JOB_ID}/retry",
    },
}
FACE = {"box": [112, 80, 304, 320], "score": 0.97, "detection": 0.99, "reason": None}
VERDICT: dict[str, Any] = {
    "id": VERDICT_ID,
    "position": 0,
    "name": "holiday/a.jpg",
    "custom_id": "no-1",
    "outcome": "scored",
    "label": "fake",
    "score": 0.97,
    "code": None,
    "message": None,
    "faces": [FACE],
    "sha256": SHA256,
    "width": 640,
    "height": 480,
    "reused": False,
    "model_version": MODEL,
    "created_at": ENDED,
}
FEEDBACK: dict[str, Any] = {
    "verdict_id": VERDICT_ID,
    "name": "holiday/a.jpg",
    "sha256": SHA256,
    "label": "fake",
    "truth": "real",
    "is_right": False,
    "note": "I took this photograph.",
    "given_at": ENDED,
}
UPLOAD: dict[str, Any] = {
    "id": UPLOAD_ID,
    "name": "faces.zip",
    "size": 104_857_600,
    "received": 16_777_216,
    "is_used": False,
    "created_at": BEGAN,
    "expires_at": "2026-11-25T12:30:00Z",
}
WEBHOOK: dict[str, Any] = {
    "id": WEBHOOK_ID,
    "url": HOOK_URL,
    "events": ["job.completed"],
    "enabled": True,
    "created_at": BEGAN,
    "disabled_at": None,
    "old_secret_expires_at": None,
    "links": {
        "self": f"/v1/webhooks/{WEBHOOK_ID}",
        "deliveries": f"/v1/webhooks/{WEBHOOK_ID}/deliveries",
        "rotate": f"/v1/webhooks/{WEBHOOK_ID}/rotate",
        "test": f"/v1/webhooks/{WEBHOOK_ID}/test",
    },
}
DELIVERY: dict[str, Any] = {
    "id": DELIVERY_ID,
    "event": "job.completed",
    "job_id": JOB_ID,
    "state": "delivered",
    "attempts": 1,
    "last_status": 200,
    "last_error": None,
    "due_at": None,
    "created_at": ENDED,
    "delivered_at": ENDED,
    "links": {"redeliver": f"/v1/webhooks/{WEBHOOK_ID}/deliveries/{DELIVERY_ID}/redeliver"},
}
VERSION: dict[str, Any] = {
    "id": MODEL,
    "aliases": ["champion"],
    "registered_at": BEGAN,
    "card": {"name": MODEL},
}
WORKER: dict[str, Any] = {
    "name": "scan-1:4711",
    "device": "cuda:0",
    "model_versions": [MODEL],
    "started_at": BEGAN,
    "seen_at": ENDED,
    "is_silent": False,
    "shards": 3,
    "images": 120_000,
    "failed": 12,
    "rate": 812.5,
    "fill": 0.97,
    "busy": 0.99,
    "max_batch": 256,
    "errors": 0,
    "last_error": None,
    "last_error_at": None,
}
