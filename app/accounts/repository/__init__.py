"""Accounts in MongoDB: ``users``, ``sessions`` and ``api_keys``."""

from app.accounts.repository.api_keys import ApiKeyRepository
from app.accounts.repository.sessions import SessionRepository
from app.accounts.repository.users import UserRepository

__all__ = ["ApiKeyRepository", "SessionRepository", "UserRepository"]
