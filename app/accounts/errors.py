"""What can be wrong with a sign-in or an account."""

from __future__ import annotations

from app.core.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Problem,
    TooLarge,
    Unauthorized,
    UnsupportedMedia,
)


class WrongCredentials(Unauthorized):
    """The same whether the account exists or not."""

    code, title = "wrong_credentials", "Email and password do not belong together"


class MalformedAuthorization(Unauthorized):
    code, title = "malformed_authorization", "Send one header: Authorization: Bearer <token>"


class InvalidToken(Unauthorized):
    code, title = "invalid_token", "This token is not valid here"


class TokenExpired(Unauthorized):
    code, title = "token_expired", "This token has expired; refresh it"


class SessionEnded(Unauthorized):
    code, title = "session_ended", "This session has ended; sign in again"


class RefreshReused(Unauthorized):
    """Somebody else may hold it, so the whole sign-in is over."""

    code, title = "refresh_reused", "This refresh token was used before; sign in again"


class ApiKeyEnded(Unauthorized):
    code, title = "api_key_ended", "This API key was revoked or has expired"


class NotPermitted(Forbidden):
    """The route takes no machines, or not this one."""

    code, title = "not_permitted", "This API key may not do this"


class AccountDisabled(Forbidden):
    code, title = "account_disabled", "This account is disabled"


class WrongPassword(Forbidden):
    code, title = "wrong_password", "The current password is not right"


class LinkNotValid(Gone):
    """Forged, expired, used and replaced by a newer one look the same."""

    code, title = "link_not_valid", "This link has expired or was used before; ask for a new one"


class AlreadyVerified(Conflict):
    code, title = "already_verified", "The email address of this account is verified"


class EmailTaken(Conflict):
    code, title = "email_taken", "An account with this email exists"


class OwnAccount(Conflict):
    """So that there is always an admin left."""

    code, title = "own_account", "Another admin must change your role or disable you"


class WeakPassword(Invalid):
    code, title = "weak_password", "Choose another password"

    def __init__(self, detail: str, field: str) -> None:
        super().__init__(detail, errors=[{"loc": ["body", field], "msg": detail, "type": "weak_password"}])


class InvalidIdToken(Unauthorized):
    code, title = "invalid_id_token", "This ID token is not valid here"


class EmailNotVerified(Forbidden):
    """Whoever could claim any address at the issuer would get into the account that has it here."""

    code, title = "email_not_verified", "Google has not verified this email"


class GoogleCannotVouch(Conflict):
    """Google does not run this mailbox, so it cannot say whose the account is that has its address."""

    code, title = "google_cannot_vouch", "An account with this address exists; sign in with its password"


class GoogleOff(NotFound):
    code, title = "google_off", "Signing in with Google is not set up here"


class GoogleLinked(Conflict):
    """An address may change hands; the account does not follow it."""

    code, title = "google_linked", "This account belongs to another Google account"


class RecaptchaFailed(Invalid):
    code, title = "recaptcha_failed", "reCAPTCHA is not convinced"

    def __init__(self, detail: str = "") -> None:
        error = {"loc": ["body", "recaptcha_token"], "msg": detail or self.title, "type": self.code}
        super().__init__(detail, errors=[error])


class BadPhoto(Invalid):
    """``reason`` is one of a few words."""

    code, title = "bad_photo", "This is not a photo we take"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, errors=[{"loc": ["body"], "msg": detail, "type": reason}], reason=reason)


class PhotoTooLarge(TooLarge):
    code, title = "photo_too_large", "The photo is too large"


class UploadCutOff(Problem):
    """Nobody is there to read it; it only keeps the log free of alarms."""

    status, code, title = 400, "cut_off", "The upload broke off"


class UploadTooSlow(Problem):
    status, code, title = 408, "too_slow", "The upload took too long"


class NoPhotoType(UnsupportedMedia):
    title = "Send image/png, image/jpeg or image/webp"


class SignInAgain(Forbidden):
    """A token left lying about must not be enough."""

    code, title = "sign_in_again", "Sign in again first: this takes a fresh session"


class RoleHeld(Conflict):
    """What staff did stays accountable."""

    code, title = "role_held", "Have an admin take your role away first"
