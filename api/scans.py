"""Single scans over HTTP: one image in, its verdict out."""

from flask import Response, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.exceptions import UnsupportedMediaType

from api.bodies import scan_upload
from api.document import LOCATION, SCANS, bodies, described, problems
from api.headers import ScanHeader
from api.idempotency import submit_once
from api.requests import ScanUpload
from api.schemas import ScanView
from api.services import services
from api.shapes import answer
from api.submission import Order, submit_scan
from api.waiting import preferred_wait_s, wait_for_scan

blueprint = APIBlueprint("scans", __name__, url_prefix="/v1", abp_tags=[SCANS])


@blueprint.post(
    "/scans",
    operation_id="create_scan",
    summary="Scan one image",
    description="With `Prefer: wait=10` the answer waits up to so many seconds for the verdict.",
    openapi_extensions=bodies(multipart=ScanUpload),
    responses={
        200: described(ScanView, "The scan has ended, and here is its verdict."),
        202: described(ScanView, "The scan was accepted; read its job.", headers=LOCATION),
        **problems(413, 415, 422, 507),
    },
)
def create_scan(header: ScanHeader) -> Response:
    """Make a job of one image, and wait for its verdict as long as the client prefers."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("Send the image as the file `image` of multipart/form-data.")
    upload = scan_upload(request)
    submitted = submit_once(
        services(),
        request,
        header.idempotency_key,
        lambda keyed: submit_scan(services(), upload, Order(upload.options, keyed)),
    )
    wait_s = min(preferred_wait_s(header.prefer), int(services().settings.max_wait_s))
    scan = wait_for_scan(
        services(), submitted.public_id, wait_s=wait_s, may_have_ended=submitted.replayed
    )
    applied = {"Preference-Applied": f"wait={wait_s}"} if wait_s else {}
    headers = {
        "Location": url_for("jobs.read_job", job_id=submitted.public_id),
        **submitted.headers,
    }
    if scan.job.state.is_final and wait_s:
        return answer(scan, 200, applied | headers)
    return answer(scan, 202, headers)
