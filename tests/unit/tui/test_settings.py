"""Settings: defaults < file < environment < flags, and a clear word about a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.api.logins import Login, Logins
from protocol.exceptions import SettingsError
from tui.settings import load_settings, parse_mpv, settings_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_later_layers_win_field_by_field(file: Path) -> None:
    file.write_text(
        'name = "Filed"\nvideo = "none"\ntrim_ms = 40\n[mpv]\nvo = "null"\nhwdec = true\n'
    )
    environment = {"MATINEE_VIDEO": "terminal", "MATINEE_TRIM_MS": "-12.5", "HOME": "/"}
    settings = load_settings({"name": None, "mpv": {"vo": "x11"}}, environment, file)
    assert settings.name == "Filed"
    assert settings.video == "terminal"
    assert settings.trim_ms == -12.5
    assert settings.mpv == {"vo": "x11", "hwdec": "yes"}
    assert load_settings({"name": "Flag"}, environment, file).name == "Flag"


def test_trusted_domains_are_a_list_in_the_file_and_words_in_the_environment(file: Path) -> None:
    file.write_text('trusted_domains = ["a.example"]')
    assert load_settings({}, {}, file).trusted_domains == ("a.example",)
    environment = {"MATINEE_TRUSTED_DOMAINS": "b.example, c.example"}
    assert load_settings({}, environment, file).trusted_domains == ("b.example", "c.example")
    given = {"trusted_domains": ("d.example",)}
    assert load_settings(given, environment, file).trusted_domains == ("d.example",)


def test_without_anything_there_are_defaults_and_a_name(file: Path) -> None:
    settings = load_settings({}, {}, file)
    assert settings.listen == "127.0.0.1:8765"
    assert settings.tolerance_ms == 500
    assert settings.max_height == 1080
    assert settings.name


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('trusted_domains = ["https://a.example"]', "trusted_domains"),
        ('video = "cinema"', "video"),
        ("tolerance_ms = 5", "tolerance_ms"),
        ("max_height = 72", "max_height"),
        ("trim_ms = nan", "trim_ms"),
        ("colour = 1", "colour"),
        ("name = 7", "name"),
        ('mpv = "x"', "mpv"),
        ("[mpv]\n'a b' = 1", "mpv"),
    ],
)
def test_a_wrong_field_in_the_file_is_named(file: Path, text: str, field: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, file)
    assert caught.value.field == field
    assert field in str(caught.value)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ('video = "cinema"', "write none, terminal or window"),
        ("max_height = 72", "write a whole number from 144 to 4320"),
        ("trim_ms = nan", "write a number from -5000 to 5000"),
        ("wait = 3", "write true or false"),
        ("name = 7", "write a text of 32 characters at most"),
        ("server = 7", "write a text"),
        ('trusted_domains = ["https://a.example"]', "write names of sites and nothing else"),
        ('mpv = "x"', "write a table of names and values"),
    ],
)
def test_what_would_fit_is_said(file: Path, text: str, remedy: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, file)
    assert caught.value.remedy.startswith(remedy)


def test_a_wrong_variable_says_where_it_is_set(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"^MATINEE_TRIM_MS: .*environment"):
        load_settings({}, {"MATINEE_TRIM_MS": "late"}, file)


@pytest.mark.parametrize(
    ("field", "value", "flag"),
    [
        ("trim_ms", float("nan"), "--trim"),
        ("trusted_domains", ("http://x/y",), "--trust-domain"),
        ("max_height", 0, "--max-height"),
    ],
)
def test_a_wrong_flag_is_called_as_it_was_written(
    file: Path, field: str, value: object, flag: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({field: value}, {}, file)
    assert caught.value.field == flag


def test_a_file_that_is_not_toml_is_named(file: Path) -> None:
    file.write_text("name = ")
    with pytest.raises(SettingsError, match=r"settings\.toml.*TOML"):
        load_settings({}, {}, file)


def test_another_file_can_be_named(tmp_path: Path) -> None:
    assert settings_file({"MATINEE_SETTINGS": str(tmp_path / "x.toml")}) == tmp_path / "x.toml"


@pytest.mark.parametrize("pair", ["vo", "=x", "a b=c", "", "vo;=x", "-=x"])
def test_an_option_that_is_not_key_and_value_is_refused(pair: str) -> None:
    with pytest.raises(SettingsError, match="KEY=VALUE"):
        parse_mpv([pair])


def test_an_options_value_may_hold_anything() -> None:
    assert parse_mpv(["vf=lavfi=[scale=1:2]", "--ao="]) == {"vf": "lavfi=[scale=1:2]", "ao": ""}


def test_logins_are_a_browser_a_file_and_a_table_of_sites(file: Path) -> None:
    file.write_text('cookies_from = "firefox"\n[site_cookies]\n"site.example" = "~/site.txt"\n')
    environment = {"MATINEE_COOKIES": "/c.txt"}
    known = load_settings({}, environment, file).logins
    assert known == Logins(Login("firefox", "/c.txt"), (("site.example", "~/site.txt"),))
    environment = {"MATINEE_SITE_COOKIES": "a.example=chrome 'b.example=/my cookies.txt'"}
    sites = load_settings({}, environment, file).site_cookies
    assert sites == {"a.example": "chrome", "b.example": "/my cookies.txt"}
    with pytest.raises(SettingsError) as wrong:
        load_settings({"cookies_from": "lynx"}, {}, file)
    assert "--cookies-from" in wrong.value.message
    assert wrong.value.remedy == "write a browser, such as firefox or chrome"
    with pytest.raises(SettingsError, match="site_cookies"):
        load_settings({}, {"MATINEE_SITE_COOKIES": "a.example"}, file)


@pytest.mark.parametrize("languages", ["de", "de,en", "pt-BR, en", "ger eng"])
def test_languages_are_codes(file: Path, languages: str) -> None:
    assert load_settings({"slang": languages}, {}, file).slang == languages
    with pytest.raises(SettingsError) as wrong:
        load_settings({"alang": "d;e"}, {}, file)
    assert "such as de,en" in wrong.value.remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'name = "caf\xe9"', "not UTF-8"),
        (b"\xff\xfen\0", "not UTF-8"),
        (b"# " + b"x" * 2_000_000, "larger than"),
        (b"name = " + b"[" * 50_000, "not valid TOML"),
        (b"max_height = " + b"9" * 5000, "not valid TOML"),
    ],
)
def test_whatever_bytes_a_file_has_it_is_named_in_one_sentence(
    file: Path, content: bytes, said: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings({}, {}, file)
    assert str(file) in caught.value.remedy


def test_a_file_may_begin_with_the_mark_of_a_windows_editor(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbfname = "Ana"')
    assert load_settings({}, {}, file).name == "Ana"


def test_below_a_file_there_are_no_settings(file: Path) -> None:
    file.touch()
    assert load_settings({"name": "Ana"}, {}, file / "settings.toml").name == "Ana"


def test_bytes_that_are_no_text_are_shown_as_unknown_wherever_they_stand(file: Path) -> None:
    environment = {"MATINEE_NAME": "caf\udce9"}
    assert load_settings({}, environment, file).name == "caf\ufffd"
    flags = {"name": "\udcff", "mpv": {"title": "\udcff"}, "trusted_domains": ("a\udce9",)}
    settings = load_settings(flags, {}, file)
    assert (settings.name, settings.mpv["title"]) == ("\ufffd", "\ufffd")
    assert settings.trusted_domains == ("a\ufffd",)
    with pytest.raises(SettingsError, match="MATINEE_VIDEO"):
        load_settings({}, {"MATINEE_VIDEO": "\udce9"}, file)


def test_quotes_that_do_not_close_name_the_variable(file: Path) -> None:
    with pytest.raises(SettingsError, match="MATINEE_MPV"):
        load_settings({}, {"MATINEE_MPV": "vo='null"}, file)
