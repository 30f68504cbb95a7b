"""Settings: a city does not start on a missing, short, open or default secret (F022, F023)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from charter import config, install


def city(tmp_path: Path, demo: bool = False) -> dict[str, str]:
    folder = tmp_path / "demo" if demo else tmp_path
    install.write_settings(folder, demo)
    return {"INSTANCE": str(tmp_path), "DEMO": "1" if demo else "0"}


def test_what_init_writes_is_enough_and_private(tmp_path: Path) -> None:
    environ = city(tmp_path)
    settings = config.load({**environ, "PUBLIC_URL": "https://charter.example"})
    assert (tmp_path / "secrets.toml").stat().st_mode & 0o777 == 0o600
    assert settings.is_public
    assert settings.trusted_hosts == ("charter.example",)
    assert settings.secrets.session not in repr(settings)


def test_secrets_are_written_once(tmp_path: Path) -> None:
    city(tmp_path)
    before = (tmp_path / "secrets.toml").read_text()
    city(tmp_path)
    assert (tmp_path / "secrets.toml").read_text() == before


def test_a_database_is_never_given_new_secrets(tmp_path: Path) -> None:
    (tmp_path / "charter.sqlite").touch()
    with pytest.raises(config.ConfigFault, match="put the old one back"):
        install.write_settings(tmp_path, False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace('session = "', 'session = "" # "'), "too short or a default"),
        (lambda t: t.replace('session = "', 'session = "change-me-'), "too short or a default"),
        (lambda t: t.replace('trail = "', 'trail = "QUFB" # "'), "trail is shorter"),
        (lambda t: t.replace('pepper = "', 'pepper = "!'), "pepper is not base64"),
        (lambda t: t.replace("pepper", "peppr"), "has no 'pepper'"),
        (lambda t: t.replace('current = "k1"', 'current = "k7"'), "names no field key"),
    ],
)
def test_a_bad_secret_stops_the_start(
    tmp_path: Path, change: Callable[[str], str], words: str
) -> None:
    environ = city(tmp_path)
    path = tmp_path / "secrets.toml"
    path.write_text(change(path.read_text()))
    with pytest.raises(config.ConfigFault, match=words):
        config.load(environ)


def test_secrets_that_others_can_read_stop_the_start(tmp_path: Path) -> None:
    environ = city(tmp_path)
    (tmp_path / "secrets.toml").chmod(0o644)
    with pytest.raises(config.ConfigFault, match="chmod 600"):
        config.load(environ)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"PUBLIC_URL": "http://charter.example"}, "https"),
        ({"PUBLIC_URL": "https://charter.example/app"}, "without a path"),
        ({"HOST": "0.0.0.0"}, "PUBLIC_URL"),
        ({"FLASK_DEBUG": "1"}, "development"),
        ({"TRUSTED_HOSTS": "*"}, "wildcard"),
        ({"DEMO": "yes"}, "DEMO"),
        ({"SMTP_HOST": "m.example", "SMTP_FROM": "a@b.example", "SMTP_SECURITY": "none"}, "TY"),
        ({"SMTP_HOST": "mail.example"}, "SMTP_FROM"),
        ({"SMTP_HOST": "m.example", "SMTP_FROM": "a@b.example", "SMTP_PORT": "x"}, "SMTP_PORT"),
        ({"PROXIES": "one"}, "PROXIES is a number"),
    ],
)
def test_a_dangerous_setting_stops_the_start(
    tmp_path: Path, more: dict[str, str], words: str
) -> None:
    with pytest.raises(config.ConfigFault, match=words):
        config.load({**city(tmp_path), **more})


def test_the_demo_stays_on_this_machine_unless_told(tmp_path: Path) -> None:
    environ = city(tmp_path, demo=True)
    assert config.load(environ).demo
    with pytest.raises(config.ConfigFault):
        config.load({**environ, "HOST": "0.0.0.0"})
    assert config.load({**environ, "HOST": "0.0.0.0", "DEMO_PUBLIC": "1"}).demo


def test_without_a_word_a_city_comes_before_the_demo(tmp_path: Path) -> None:
    city(tmp_path, demo=True)
    assert config.load({"INSTANCE": str(tmp_path)}).demo
    city(tmp_path)
    assert not config.load({"INSTANCE": str(tmp_path)}).demo


def test_a_setting_nobody_knows_is_named(tmp_path: Path) -> None:
    environ = city(tmp_path)
    with (tmp_path / "city.toml").open("a") as file:
        file.write('colour_of_door = "red"\n')
    with pytest.raises(config.ConfigFault, match="colour_of_door"):
        config.load(environ)


def test_settings_kept_in_the_folder_count_unless_the_environment_says_otherwise(
    tmp_path: Path,
) -> None:
    environ = city(tmp_path)
    kept = "# ours\nPUBLIC_URL=https://kept.example\nPROXIES = 1\n"
    (tmp_path / "settings.env").write_text(kept)
    (tmp_path / config.SERVED).write_text("PORT=8080\n")
    assert config.load(environ).public_url == "https://kept.example"
    assert config.load(environ).proxies == 1
    said = {**environ, "PUBLIC_URL": "https://said.example"}
    assert config.load(said).public_url == "https://said.example"
    (tmp_path / "settings.env").unlink()
    assert config.load(environ).public_url == "http://127.0.0.1:8080"
