import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from hearthwatch.errors import SettingsError
from hearthwatch.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _bare(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.upper().startswith("HEARTHWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


DATA_SPACE_TOKENS = (
    "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token"
)


def test_without_any_configuration_the_defaults_hold(tmp_path):
    assert load_settings().model_dump() == {
        "data_dir": tmp_path / "var",
        "database": "",
        "session_hours": 12.0,
        "session_idle_minutes": 60.0,
        "trusted_proxies": (),
        "requests_per_second": 200.0,
        "metrics_token": None,
        "log_format": "text",
        "backup_recipient": "",
        "elevated_every_hours": 3.0,
        "urgent_every_hours": 1.0,
        "confirm_above_units": 2000.0,
        "confirm_above_km2": None,
        "review_audit_share": 0.1,
        "review_audit_seed": "",
        "organisation": "local",
        "provider": "folder",
        "catalogue": None,
        "fallback_provider": None,
        "sentinelhub_url": "https://sh.dataspace.copernicus.eu",
        "sentinelhub_token_url": DATA_SPACE_TOKENS,
        "sentinelhub_credentials": None,
        "stac_url": "https://earth-search.aws.element84.com/v1",
        "stac_collections": ("sentinel-2-c1-l2a",),
        "stac_file_origins": (),
        "stac_requests_per_minute": 3000.0,
        "stac_credentials": None,
        "stac_token_url": DATA_SPACE_TOKENS,
        "subscription_credentials": None,
        "subscription_url": "https://catalogue.dataspace.copernicus.eu/odata/v1/Subscriptions",
        "subscription_token_url": DATA_SPACE_TOKENS,
        "backfill_days": 730,
        "firms_credentials": None,
        "firms_url": "https://firms.modaps.eosdis.nasa.gov",
        "firms_sources": ("VIIRS_SNPP_NRT", "VIIRS_NOAA20_NRT", "VIIRS_NOAA21_NRT", "MODIS_NRT"),
        "certificates": None,
        "smtp_host": None,
        "smtp_port": None,
        "smtp_tls": "starttls",
        "smtp_sender": None,
        "smtp_credentials": None,
        "requests_per_minute": 300.0,
        "units_per_minute": 300.0,
        "units_per_month": 10_000.0,
        "units_per_day": None,
        "units_per_region_month": None,
        "requests_per_month": 10_000,
        "kept_for_confirmation": 0.2,
        "kept_for_routine": 0.3,
        "prelook": True,
        "coarse_first": False,
        "prelook_clear_share": 0.15,
        "statistics_baselines": False,
        "executor": "threads",
        "workers": os.cpu_count(),
        "dask_scheduler": None,
        "max_region_km2": 2500.0,
        "max_vertices": 100_000,
        "minimum_mapping_unit_ha": 0.1,
        "watch_budget": 20.0,
        "probable_budget": 5.0,
        "established_budget": 1.0,
        "budget_aim": 1.0,
        "base_rate": 0.01,
        "host": "127.0.0.1",
        "port": 8480,
        "public_url": None,
        "heartbeat_hours": 24.0,
        "no_data_days": 14.0,
        "alert_allowed_hosts": (),
        "alert_key": None,
        "alert_sender": "",
        "cap_certificate": None,
        "cap_key": None,
        "public_events": False,
        "run_every_hours": 6.0,
        "log_level": "info",
    }


def test_the_order_is_given_then_environment_then_file_then_default(monkeypatch):
    Path("hearthwatch.toml").write_text('workers = 3\norganisation = "file"\nmax_vertices = 10\n')
    monkeypatch.setenv("HEARTHWATCH_WORKERS", "4")
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "env")
    found = load_settings(workers=5)
    assert (found.workers, found.organisation, found.max_vertices) == (5, "env", 10)


def test_a_list_is_written_with_commas_or_as_a_list(monkeypatch):
    Path("hearthwatch.toml").write_text('stac_collections = ["sentinel-2-l2a", "b"]\n')
    monkeypatch.setenv("HEARTHWATCH_STAC_FILE_ORIGINS", "https://a.example, https://b.example,")
    found = load_settings()
    assert found.stac_collections == ("sentinel-2-l2a", "b")
    assert found.stac_file_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    "url",
    [
        "http://sh.dataspace.copernicus.eu",
        "https://me:secret@sh.dataspace.copernicus.eu",
        "https://sh.dataspace.copernicus.eu/?key=secret",
        "http://127.0.0.1.example/",
        "file:///etc/passwd",
    ],
)
def test_an_address_in_clear_or_with_a_secret_in_it_is_refused_and_not_repeated(url):
    with pytest.raises(SettingsError) as refused:
        load_settings(sentinelhub_url=url)
    assert "sentinelhub_url" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8123", "http://localhost/a", "https://a.example:8/b"]
)
def test_an_address_of_this_machine_may_be_in_clear(url):
    assert load_settings(stac_url=url).stac_url == url


def test_an_empty_variable_counts_as_absent(monkeypatch):
    Path("hearthwatch.toml").write_text('dask_scheduler = "tcp://127.0.0.1:8786"\n')
    monkeypatch.setenv("HEARTHWATCH_DASK_SCHEDULER", "")
    assert load_settings().dask_scheduler == "tcp://127.0.0.1:8786"


def test_a_named_file_is_read_instead_of_the_one_here(tmp_path, monkeypatch):
    Path("hearthwatch.toml").write_text("workers = 3\n")
    other = tmp_path / "other.toml"
    other.write_text("workers = 7\n")
    monkeypatch.setenv("HEARTHWATCH_CONFIG", str(other))
    assert load_settings().workers == 7


def test_a_named_file_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_CONFIG", "absent.toml")
    with pytest.raises(SettingsError, match=r"absent\.toml cannot be read: No such file"):
        load_settings()


@pytest.mark.parametrize("content", [b"workers = \n", b"organisation = '\xff'\n"])
def test_a_file_that_is_not_toml_is_named(content):
    Path("hearthwatch.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"hearthwatch\.toml is not valid TOML"):
        load_settings()


def test_an_unknown_key_in_the_file_is_named_with_the_closest():
    Path("hearthwatch.toml").write_text("max_vertexes = 5\n")
    with pytest.raises(SettingsError, match=r"max_vertexes .*toml.* closest is max_vertices"):
        load_settings()


def test_an_unknown_variable_is_named_with_the_closest(monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_ORGANIZATION", "x")
    with pytest.raises(SettingsError, match=r"HEARTHWATCH_ORGANIZATION .*HEARTHWATCH_ORGANISATION"):
        load_settings()


def test_an_unknown_name_given_in_code_is_named_with_the_closest():
    with pytest.raises(SettingsError, match=r"worker .* closest is workers"):
        load_settings(worker=2)


def test_a_name_near_no_setting_still_gets_an_answer(monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_QQQ", "x")
    with pytest.raises(SettingsError, match=r"HEARTHWATCH_QQQ .* closest is HEARTHWATCH_"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("executor", "gpu"),
        ("workers", "0"),
        ("workers", "many"),
        ("max_region_km2", "0"),
        ("max_region_km2", "inf"),
        ("max_vertices", "3"),
        ("minimum_mapping_unit_ha", "-1"),
        ("minimum_mapping_unit_ha", "nan"),
        ("organisation", "../other"),
        ("log_level", "loud"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_it_was_given_under(
    monkeypatch, name, value
):
    variable = f"HEARTHWATCH_{name.upper()}"
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=rf"setting {name} .*{variable}"):
        load_settings()


def test_a_bad_value_in_the_file_is_put_down_to_the_file():
    Path("hearthwatch.toml").write_text("workers = 0\n")
    with pytest.raises(SettingsError, match=r"setting workers \(in hearthwatch\.toml\)"):
        load_settings()


def test_a_bad_value_is_not_repeated_in_the_message():
    with pytest.raises(SettingsError) as caught:
        load_settings(executor="something private")
    assert "private" not in str(caught.value)


def test_the_data_folder_does_not_move_with_the_process(tmp_path, monkeypatch):
    found = load_settings(data_dir="state")
    monkeypatch.chdir("/")
    assert found.data_dir == tmp_path / "state"


def test_capital_letters_do_not_matter_in_a_choice(monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_LOG_LEVEL", "WARNING")
    assert load_settings(executor="Dask").log_level == "warning"


def test_settings_do_not_change_once_loaded():
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().workers = 2


def test_each_setting_is_described():
    for name, described in Settings.model_fields.items():
        assert described.description, name
        assert described.description.endswith("."), name


def test_neither_the_package_nor_its_errors_pay_for_pydantic():
    code = "import sys, hearthwatch.errors, hearthwatch.identity; print('pydantic' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
