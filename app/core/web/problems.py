"""Errors become ``application/problem+json`` (RFC 9457) here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.core.errors import Problem, Transient
from app.core.mongo import PyMongoError, is_unavailable
from app.core.redis import RedisError, is_away
from app.core.web.allow import methods_of

log = structlog.get_logger("web")

PROBLEM_MEDIA = "application/problem+json"
_FIELD = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
    },
}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "A problem", "content": {PROBLEM_MEDIA: {"schema": _FIELD}}},
    "5XX": {"description": "A problem on our side", "content": {PROBLEM_MEDIA: {"schema": _FIELD}}},
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _on_problem)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _on_invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _on_http)  # type: ignore[arg-type]
    app.add_exception_handler(PyMongoError, _on_dependency)
    app.add_exception_handler(RedisError, _on_dependency)
    app.add_exception_handler(Exception, _on_unexpected)


def render(problem: Problem, request_id: str) -> Response:
    headers: dict[str, str] = {}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(problem.retry_after)))
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {
        **problem.data,
        "type": f"urn:usher:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request_id,
    }
    content = orjson.dumps(body, default=str)
    return Response(content, problem.status, headers | problem_headers(problem), PROBLEM_MEDIA)


def problem_headers(problem: Problem) -> dict[str, str]:
    return dict(getattr(problem, "headers", {}))


def request_id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


async def _on_problem(request: Request, problem: Problem) -> Response:
    return render(problem, request_id(request))


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    """The input itself is left out of the answer: it may hold a password."""
    errors = [{"loc": list(e["loc"]), "msg": e["msg"], "type": e["type"]} for e in error.errors()]
    return _plain(422, "invalid", "The request is not valid", request, {"errors": errors})


async def _on_http(request: Request, error: HTTPException) -> Response:
    if isinstance(error.__cause__, Problem):  # FastAPI wraps what was raised while it read the body.
        return await _on_problem(request, error.__cause__)
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "bad_request"}
    response = _plain(error.status_code, codes.get(error.status_code, "http_error"), "", request, {})
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    if error.status_code == 405 and (allowed := methods_of(request.url.path, request.app.openapi())):
        response.headers["Allow"] = allowed
    return response


async def _on_dependency(request: Request, error: Exception) -> Response:
    if is_unavailable(error) or is_away(error):
        log.warning("dependency_away", error=type(error).__name__, path=request.scope.get("path"))
        return render(Transient(), request_id(request))
    return await _on_unexpected(request, error)


async def _on_unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected", error=type(error).__name__, request_id=request_id(request), exc_info=error)
    return render(Problem(), request_id(request))


def _plain(status: int, code: str, detail: str, request: Request, data: Mapping[str, Any]) -> Response:
    title = HTTPStatus(status).phrase
    body = {
        "type": f"urn:usher:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
        "request_id": request_id(request),
        **data,
    }
    return Response(orjson.dumps(body, default=str), status, media_type=PROBLEM_MEDIA)
