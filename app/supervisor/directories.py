"""Where programs under ``usher serve`` put files: beside the servers' data, unless somebody chose a place."""

from __future__ import annotations

from pathlib import Path

from app.settings import Settings


def own_directories(settings: Settings, data_dir: Path) -> dict[str, str]:
    groups = (settings.mail, settings.sms, settings.photos)
    chosen = set[str]().union(*(group.model_fields_set for group in groups))
    ours = {"email_directory": "mail", "sms_directory": "texts", "photo_directory": "photos"}
    return {
        f"USHER_{name.upper()}": str((data_dir / folder).absolute())
        for name, folder in ours.items()
        if name not in chosen
    }
