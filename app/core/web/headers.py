"""What every answer forbids a browser to do with it, unless the answer says otherwise itself.

An API's answer is no page: it may load nothing, be framed by nobody and be kept by no cache. Pages bring
their own Content-Security-Policy.
"""

from __future__ import annotations

from collections.abc import Iterable

RawHeaders = list[tuple[bytes, bytes]]

_EVERYWHERE: RawHeaders = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_HTTPS = (b"strict-transport-security", b"max-age=31536000")
_API = (b"cache-control", b"no-store")
_API_PREFIX = "/api/"


class Protection:
    def __init__(self, *, https: bool) -> None:
        """``https``: browsers are told to come by HTTPS only from now on."""
        pages = [*_EVERYWHERE, _HTTPS] if https else _EVERYWHERE
        self._pages = _Defaults(pages)
        self._api = _Defaults([*pages, _API])

    def added(self, path: str, given: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
        defaults = self._api if path.startswith(_API_PREFIX) else self._pages
        return defaults.beside({name for name, _ in given})


class _Defaults:
    def __init__(self, headers: RawHeaders) -> None:
        self._headers = headers
        self._names = frozenset(name for name, _ in headers)

    def beside(self, given: set[bytes]) -> RawHeaders:
        """Runs on every request, most of which set none of these."""
        if self._names.isdisjoint(given):
            return self._headers
        return [header for header in self._headers if header[0] not in given]
