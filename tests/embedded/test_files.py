"""Secrets and files of the data directory, and the settings read back from them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.embedded.child import StartError
from app.embedded.locks import DirectoryLock
from app.embedded.ports import free_port, is_free, remembered_port
from app.settings import Mail, Payments, Runtime, Security, Settings, Sms
from app.supervisor.directories import own_directories
from app.supervisor.files import read_private, write_private
from app.supervisor.secrets import development_secrets
from app.supervisor.surroundings import server_urls, surrounding_settings


def test_private_files_are_private_from_the_first_byte(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    write_private(file, {"n": 1})
    write_private(file, {"n": 2})
    assert read_private(file) == {"n": 2}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    assert read_private(tmp_path / "absent") is None


def test_secrets_are_made_once(tmp_path: Path) -> None:
    made = development_secrets(Settings(), tmp_path)
    assert set(made) == {"USHER_SECRET_KEYS", "USHER_SANDBOX_WEBHOOK_SECRET"}
    assert development_secrets(Settings(), tmp_path) == made


def test_secrets_somebody_chose_stand(tmp_path: Path) -> None:
    chosen = Settings(security=Security(secret_keys=SecretStr("1:" + "k" * 32)))
    assert set(development_secrets(chosen, tmp_path)) == {"USHER_SANDBOX_WEBHOOK_SECRET"}


def test_production_makes_no_secrets(tmp_path: Path) -> None:
    settings = Settings(
        runtime=Runtime(env="production"),
        security=Security(secret_keys=SecretStr("1:" + "k" * 32)),
        payments=Payments(providers="stripe"),
        mail=Mail(email="smtp", smtp_host="mail.example.com"),
        sms=Sms(sms_provider="none"),
    )
    assert development_secrets(settings, tmp_path) == {}
    assert not list(tmp_path.iterdir())


def test_letters_and_photos_lie_beside_the_data_unless_somebody_chose_a_place(tmp_path: Path) -> None:
    own = own_directories(Settings(), tmp_path)
    assert own == {
        "USHER_EMAIL_DIRECTORY": str(tmp_path / "mail"),
        "USHER_SMS_DIRECTORY": str(tmp_path / "texts"),
        "USHER_PHOTO_DIRECTORY": str(tmp_path / "photos"),
    }
    chosen = Settings(mail=Mail(email_directory="elsewhere"), sms=Sms(sms_directory="there"))
    assert set(own_directories(chosen, tmp_path)) == {"USHER_PHOTO_DIRECTORY"}


def test_commands_find_the_running_servers_and_their_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("USHER_MONGODB_URL", "USHER_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StartError, match="nothing runs with the data directory"):
        server_urls(tmp_path)
    write_private(tmp_path / "run.json", {"mongod": {"url": "mongodb://m"}, "redis": {"url": "redis://r"}})
    made = development_secrets(Settings(), tmp_path)
    assert server_urls(tmp_path) == ("mongodb://m", "redis://r")
    assert server_urls(tmp_path, redis_url="redis://other") == ("mongodb://m", "redis://other")
    settings = surrounding_settings(tmp_path)
    assert settings.mongo.mongodb_url == "mongodb://m"
    assert settings.security.secret_keys.get_secret_value() == made["USHER_SECRET_KEYS"]


def test_a_directory_has_one_owner(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    lock.acquire()
    with pytest.raises(StartError, match="usher already runs"):
        DirectoryLock(tmp_path).acquire()
    lock.release()
    DirectoryLock(tmp_path).acquire()


def test_port_is_remembered_and_outside_the_range_of_outgoing_connections(tmp_path: Path) -> None:
    port = remembered_port(tmp_path)
    assert remembered_port(tmp_path) == port
    assert port < 30_000
    assert is_free(free_port())
