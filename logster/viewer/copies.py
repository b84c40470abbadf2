"""One entry to take away: /show/KEY.txt, .md, .json and .curl, for a clipboard, an issue or a language model."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logster.viewer import detail, documents
from logster.viewer.documents import Subject
from logster.viewer.listing import now_ms
from logster.viewer.problems import Problem, gone
from logster.viewer.samples import window
from logster.viewer.threads import in_thread
from logster.viewer.visit import Visit, visit_of

MEDIA_TYPES = {"txt": "text/plain", "md": "text/markdown", "json": "application/json", "curl": "text/plain"}
NO_REQUEST = "No request is known of this occurrence, so there is nothing to repeat."

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


def routes() -> list[Route]:
    return [Route(f"/show/{{key}}.{form}", copy, methods=["GET"], name=form) for form in MEDIA_TYPES]


async def copy(request: Request) -> Response:
    """Return an entry in the form that the address names, with the env sample `env`, the newest by default."""
    visit = visit_of(request)
    key, form = request.path_params["key"], visit.path.rpartition(".")[2]
    content = await in_thread(_content, visit, key, form, request.query_params.get("env", ""), permalink(request, key))
    name = re.sub(r"[^0-9A-Za-z-]", "", key)[:64] or "entry"
    headers = {"Content-Disposition": f'inline; filename="logster-{name}.{"txt" if form == "curl" else form}"'}
    return Response(content, headers=headers, media_type=MEDIA_TYPES[form])


def _content(visit: Visit, key: str, form: str, wanted: str, link: str) -> bytes:
    entry = visit.store.entry(key)
    if entry is None:
        raise gone(key)
    samples = visit.store.env_samples(key)
    sample = window(entry, samples, wanted, "", now_ms()).sample
    subject = Subject(entry, sample, link, visit.settings.project_root)
    match form:
        case "json":
            return documents.as_json(subject, samples)
        case "curl":
            command = detail.request_of(visit, sample)
            if not command:
                raise Problem(404, NO_REQUEST)
            return f"{command}\n".encode("utf-8", "replace")
    write = documents.markdown if form == "md" else documents.text
    return write(subject).encode("utf-8", "replace")


def permalink(request: Request, key: str) -> str:
    """Return the whole address of an entry as far as the app can know it; the page's script knows better."""
    visit = visit_of(request)
    host, scheme = request.headers.get("host", ""), request.url.scheme
    if visit.settings.trusted_hops:
        host = request.headers.get("x-forwarded-host", host)
        scheme = request.headers.get("x-forwarded-proto", scheme)
    path = f"{request.scope.get('root_path', '')}/show/{quote(key, safe='')}"
    if not _HOST.fullmatch(host) or scheme not in ("http", "https"):
        return path
    return f"{scheme}://{host}{path}"
