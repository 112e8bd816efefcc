"""``/auth``, ``/me``, ``/users`` and ``/api-keys``, in one router."""

from fastapi import APIRouter

from app.accounts.routes import api_keys, auth, google, mail, me, personal, photo, users

router = APIRouter()
router.include_router(auth.router)
router.include_router(mail.router)
router.include_router(google.router)
router.include_router(me.router)
router.include_router(personal.router)
router.include_router(photo.router)
router.include_router(users.router)
router.include_router(api_keys.router)
