"""Google as far as we see it: an issuer of ID tokens with real keys, and reCAPTCHA. On 127.0.0.1."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT_ID = "usher.apps.example.com"
ISSUER = "https://accounts.example.com"


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass
class Issuer:
    """``keys`` are those it lists. ``asked`` counts who asked for them."""

    url: str = ""
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=lambda: {"k1": new_key()})
    listed: list[Any] | None = None
    """Given instead of the keys, where a test wants another list."""
    status: int = 200
    max_age: int = 3600
    asked: int = 0
    captcha: dict[str, Any] = field(default_factory=lambda: {"success": True, "score": 0.9})
    captcha_forms: list[dict[str, list[str]]] = field(default_factory=list)

    @property
    def keys_url(self) -> str:
        return f"{self.url}/keys"

    @property
    def captcha_url(self) -> str:
        return f"{self.url}/siteverify"

    def token(
        self, key: rsa.RSAPrivateKey | None = None, kid: str = "k1", headers: Any = None, **claims: Any
    ) -> str:
        """An ID token; a claim that is None is left out."""
        now = int(time.time())
        whole = {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "sub": "110248495921238986420",
            "email": "ada@example.com",
            "email_verified": True,
            "hd": "example.com",
            "name": "Ada Lovelace",
            "iat": now,
            "exp": now + 3600,
            **claims,
        }
        kept = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(kept, key or self.keys[kid], "RS256", headers={"kid": kid, **(headers or {})})

    def jwks(self) -> list[Any]:
        if self.listed is not None:
            return self.listed
        return [public(key, kid) for kid, key in self.keys.items()]


def public(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    listed: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**listed, "kid": kid, "alg": "RS256", "use": "sig"}


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            self._answer(issuer.status, {"keys": issuer.jwks()})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            issuer.captcha_forms.append(parse_qs(body))
            self._answer(issuer.status, issuer.captcha)

        def _answer(self, status: int, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", f"public, max-age={issuer.max_age}")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
