"""The docs name every command and every setting there is, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.app import create_app
from api.models import RegionImagery
from hearthwatch.cli.parser import command_list
from hearthwatch.settings import Settings, load_settings
from hearthwatch.store import MemoryStore

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def rows(page: str, pattern: str) -> list[str]:
    return re.findall(pattern, (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_command_is_documented_and_no_other():
    documented = rows("commands.md", r"^\| `hearthwatch ([a-z ]+)` \|")
    assert documented == [name for name, _ in command_list()]


def test_every_setting_is_documented_and_no_other():
    documented = rows("settings.md", r"^\| `([a-z0-9_]+)` \|")
    assert sorted(documented) == sorted(Settings.model_fields)


def test_documented_defaults_are_the_real_ones():
    defaults = dict(re.findall(r"^\| `([a-z0-9_]+)` \| `?([^`|]+?)`? \|", (DOCS / "settings.md")
                               .read_text(encoding="utf-8"), re.MULTILINE))  # fmt: skip
    for name, field in Settings.model_fields.items():
        if name != "workers":
            assert defaults[name] == as_written(field.get_default()), name


def test_what_is_told_of_a_regions_imagery_is_documented():
    assert rows("api.md", r"^\| ([a-z_]+) \| [^|]+ \|$")[1:] == list(RegionImagery.model_fields)


def as_written(default):
    """Return a default as the page has it."""
    if default is None or default == ():
        return "none"
    if default == "":
        return "empty"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(default)
    return f"{default:g}" if isinstance(default, float) else str(default)


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in DOCS.glob("*.md"))])
def test_links_between_pages_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named <= targets


def test_every_route_is_documented_and_no_other(tmp_path):
    documented = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \|", (DOCS / "api.md").read_text("utf-8"),
                            re.MULTILINE)  # fmt: skip
    paths = create_app(load_settings(data_dir=tmp_path), MemoryStore()).openapi()
    offered = [(method.upper(), path) for path, item in paths["paths"].items() for method in item]
    assert sorted(documented) == sorted(offered)
