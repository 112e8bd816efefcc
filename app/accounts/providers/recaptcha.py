"""reCAPTCHA: asks Google whether a sign-up was made by a person."""

from __future__ import annotations

from collections.abc import Collection

import httpx

from app.accounts.errors import RecaptchaFailed
from app.core.errors import Transient


class Recaptcha:
    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        url: str,
        secret: str,
        least_score: float,
        hostnames: Collection[str] = (),
    ) -> None:
        """``hostnames``: pages the answer may come from; none named means that Google's list is enough."""
        self._client = client
        self._url = url
        self._secret = secret
        self._least = least_score
        self._hostnames = frozenset(hostnames)

    async def check(self, token: str | None) -> None:
        """Raises RecaptchaFailed, and Transient where Google does not answer: sign-up then waits.

        The visitor's address is not sent along; it is not needed for an answer.
        """
        if not token:
            raise RecaptchaFailed("recaptcha_token is asked for here")
        try:
            form = {"secret": self._secret, "response": token}
            response = await self._client.post(self._url, data=form)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Transient("reCAPTCHA does not answer") from error
        if response.status_code != 200 or not isinstance(answer, dict):
            raise Transient("reCAPTCHA does not answer")
        if not self._convinces(answer):
            raise RecaptchaFailed

    def _convinces(self, answer: dict[str, object]) -> bool:
        """Version 3 gives a score, version 2 none."""
        if answer.get("success") is not True:
            return False
        if self._hostnames and answer.get("hostname") not in self._hostnames:
            return False
        score = answer.get("score", 1.0)
        return isinstance(score, int | float) and score >= self._least
