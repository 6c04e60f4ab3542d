"""A small catalogue of the last weeks, served as the real services do, and settings for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.standin import ACCOUNT, Standin
from tests.support import catalogue

CELL = "34N_0061_0483"
LOOKS = 8


def dates() -> list[datetime]:
    """Return the times of eight looks, five days apart, the last one two days ago."""
    today = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    return [today - timedelta(days=2 + 5 * number) for number in reversed(range(LOOKS))]


def write(folder: Path) -> Path:
    bands = ("B02", "B03", "B04", "B08", "B8A", "B11", "B12", "SCL")
    drawn = catalogue.forest(7, bands=bands, cloudy=0.0, overcast=0.0)
    catalogue.make_catalogue(folder, dates(), drawn, baseline="05.11", offset=True)
    for number, file in enumerate(sorted(catalogue.item_files(folder))):
        cloud = 95.0 if number % 4 == 0 else 20.0
        catalogue.edit_item(file, lambda item, c=cloud: item["properties"].update(
            {"eo:cloud_cover": c}))  # fmt: skip
    return folder


def credentials(folder: Path, secret: str = ACCOUNT.client_secret) -> Path:
    path = folder / "account.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"client_id": ACCOUNT.client_id, "client_secret": secret}))
    return path


def environment(server: Standin, secrets: Path) -> dict[str, str]:
    return {
        "HEARTHWATCH_PROVIDER": "sentinelhub",
        "HEARTHWATCH_SENTINELHUB_URL": server.url,
        "HEARTHWATCH_SENTINELHUB_TOKEN_URL": server.token_url,
        "HEARTHWATCH_SENTINELHUB_CREDENTIALS": str(secrets),
    }
