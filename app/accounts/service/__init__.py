"""What accounts do, split by verb."""

from app.accounts.service.accounts import AccountService
from app.accounts.service.administration import Administration
from app.accounts.service.api_keys import ApiKeyService
from app.accounts.service.callers import Callers
from app.accounts.service.limits import AccountLimits
from app.accounts.service.once import Once
from app.accounts.service.passwords import Passwords
from app.accounts.service.revocations import Revocations
from app.accounts.service.sessions import SessionService
from app.accounts.service.sign_in import Admission, SignInService

__all__ = [
    "AccountLimits",
    "AccountService",
    "Administration",
    "Admission",
    "ApiKeyService",
    "Callers",
    "Once",
    "Passwords",
    "Revocations",
    "SessionService",
    "SignInService",
]
