"""One's own certificates, and the page on which anybody verifies one."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.certificates import service
from collegium.kit.db import ANON
from collegium.kit.errors import Problem
from collegium.kit.storage import media_response
from collegium.web import pages

RATE_LIMIT = RateLimitConfig(rate_limit=("minute", 30))


@get("/me/certificates", include_in_schema=False)
async def my_certificates(request: pages.WebRequest) -> Response[str]:
    """The reader's certificates."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        found = await service.mine(tx)
    waiting = any(not one.has_document and not one.pdf_error and not one.revoked_at for one in found)
    template = "certificates/_mine.html" if pages.is_fragment(request) else "certificates/mine.html"
    return pages.render(request, template, certificates=found, waiting=waiting, zone=viewer.time_zone)


@get("/me/certificates/{name:str}", include_in_schema=False)
async def my_document(request: pages.WebRequest, name: FromPath[str]) -> Stream:
    """The signed PDF of a certificate, for those who may see it."""
    pages.require_viewer(request)
    number = name.removesuffix(".pdf")
    async with pages.transaction(request) as tx:
        key = await service.document_key(tx, number)
    return await media_response(
        request, pages.site_of(request).storage, key, download_as=f"{service.normal_number(number)}.pdf"
    )


@get("/verify", include_in_schema=False)
async def verify_form(request: pages.WebRequest, number: FromQuery[str] = "") -> Response[str]:
    """Asks for a number or a file."""
    if number.strip():
        return pages.redirect(request, "/verify/" + quote(service.normal_number(number), safe=""))
    return pages.render(request, "certificates/verify.html", found=None, checked=None, number="", error=None)


@get("/verify/{number:str}", include_in_schema=False, middleware=[RATE_LIMIT.middleware])
async def verify(request: pages.WebRequest, number: FromPath[str]) -> Response[str]:
    """Whether one certificate is valid, revoked or unknown."""
    async with pages.site_of(request).db.transaction(ANON, read_only=True) as tx:
        found = await service.verify(tx, number)
    status = 404 if found.status == "unknown" else 200
    return pages.render(
        request,
        "certificates/verify.html",
        status=status,
        found=found,
        checked=None,
        number=service.normal_number(number),
        error=None,
    )


@post("/verify", status_code=200, include_in_schema=False, middleware=[RATE_LIMIT.middleware])
async def verify_file(request: pages.WebRequest) -> Response[str]:
    """Whether an uploaded PDF is one that this site signed, unchanged, and whether its certificate still stands."""
    site = pages.site_of(request)
    upload = (await request.form()).get("file")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    checked = found = error = None
    try:
        checked = await service.check_document(site, content)
    except Problem as problem:
        error = problem.detail
    if checked is not None and checked.status == "ours" and checked.number:
        async with site.db.transaction(ANON, read_only=True) as tx:
            found = await service.verify(tx, checked.number)
    return pages.render(
        request,
        "certificates/verify.html",
        status=422 if error else 200,
        found=found,
        checked=checked,
        number=(checked.number if checked else "") or "",
        error=error,
    )


@post("/verify/{number:str}/revoke", include_in_schema=False)
async def revoke(request: pages.WebRequest, number: FromPath[str]) -> Response[str]:
    """Revokes a certificate, by an administrator."""
    pages.require_admin(request)
    form = await request.form()
    target = "/verify/" + quote(service.normal_number(number), safe="")
    try:
        async with pages.transaction(request) as tx:
            await service.revoke(tx, number, str(form.get("reason", "")))
    except Problem as problem:
        if problem.status != 422:
            raise
        return pages.redirect(request, target, flash=("error", problem.detail))
    return pages.redirect(
        request, target, flash=("success", "The certificate is revoked. Anyone who checks it sees that.")
    )


ROUTES: list[ControllerRouterHandler] = [my_certificates, my_document, verify_form, verify, verify_file, revoke]
