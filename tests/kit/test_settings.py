"""What a site may be told, and that the reference says the same."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from collegium.settings import OTHERS, PREFIX, Settings, SettingsError, load, secret_key

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def documented() -> dict[str, list[str]]:
    rows = re.findall(r"^\| `(COLLEGIUM_[A-Z_]+)` \|(.*)\|$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in rows}


def test_reference_has_every_variable_and_no_other() -> None:
    known = {PREFIX + field.upper() for field in Settings.__struct_fields__} | OTHERS
    assert set(documented()) == known


@pytest.mark.parametrize("field", Settings.__struct_fields__)
def test_reference_gives_the_default(field: str) -> None:
    default: Any = getattr(Settings(), field)
    words = "none" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    assert documented()[PREFIX + field.upper()][0] == words


def test_every_reference_says_something() -> None:
    assert [name for name, cells in documented().items() if len(cells[-1]) < 15] == []


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "site.env"
    file.write_text('# a comment\nexport COLLEGIUM_PORT=9001\nCOLLEGIUM_SITE_NAME="The Guild"\n', encoding="utf-8")
    found = load({"COLLEGIUM_SETTINGS": str(file), "COLLEGIUM_PORT": "9002", "PATH": "/bin"})
    assert (found.port, found.site_name) == (9002, "The Guild")


def test_an_empty_value_is_no_value() -> None:
    assert load({"COLLEGIUM_SMTP_URL": ""}).smtp_url is None


def test_base_url_has_no_slash_at_its_end_and_decides_on_cookies() -> None:
    found = load({"COLLEGIUM_BASE_URL": "https://learn.guild.test/"})
    assert found.base_url == "https://learn.guild.test"
    assert found.secure_cookies
    assert not Settings().secure_cookies


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("COLLEGIUM_PROT", "8000", "COLLEGIUM_PROT is not a setting"),
        ("COLLEGIUM_PORT", "eighty", "cannot be used"),
        ("COLLEGIUM_RUN_WORKER", "perhaps", "cannot be used"),
        ("COLLEGIUM_SECRET_KEY", "short", "at least 32 characters"),
    ],
)
def test_a_mistake_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load({name: value})


def test_a_line_that_is_no_setting_is_named(tmp_path: Path) -> None:
    file = tmp_path / "site.env"
    file.write_text("COLLEGIUM_PORT=1\nwhat is this\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="line 2"):
        load({}, file)


def test_variables_of_tests_and_scripts_are_let_be() -> None:
    assert load(dict.fromkeys([*sorted(OTHERS - {"COLLEGIUM_SETTINGS"}), "COLLEGIUM_TEST_CHROMIUM"], "x")) == Settings()


def test_secret_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    site = Settings(data_dir=tmp_path / "data")
    first = secret_key(site)
    assert len(first) >= 32
    assert secret_key(site) == first
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    assert secret_key(Settings(data_dir=tmp_path / "data", secret_key="k" * 40)) == b"k" * 40
    assert secret_key(Settings(data_dir=tmp_path / "other")) != first
