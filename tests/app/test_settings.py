"""Settings come from one file and the environment, and what is wrong with them is said in words."""

from pathlib import Path

import pytest

from currant.app.settings import Settings, SettingsWrong, find_file, keys, load
from currant.app.settings_of_stations import UnknownStations


def written(folder: Path, text: str) -> Path:
    file = folder / "currant.toml"
    file.write_text(text)
    return file


def problems(file: Path | None, **environment: str) -> list[str]:
    with pytest.raises(SettingsWrong) as wrong:
        load(file, environment=environment)
    return [str(problem) for problem in wrong.value.problems]


def test_without_any_file_what_is_not_encrypted_listens_on_loopback() -> None:
    settings = load(environment={})
    assert (settings.http.host, settings.ocpp.host) == ("127.0.0.1", "127.0.0.1")
    assert settings.ocpp.unknown_stations is UnknownStations.PENDING
    assert not settings.ocpp.allow_unauthenticated
    assert settings.database_url.startswith("sqlite:////")


def test_options_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "operator = 'A'\n[ocpp]\nport = 1111\ntls_port = 2222\nhost = '10.0.0.1'\n")
    environment = {"CURRANT_OCPP_TLS_PORT": "3333", "CURRANT_OCPP_HOST": "10.0.0.2"}
    settings = load(file, options={"ocpp.host": "10.0.0.3", "ocpp.port": None}, environment=environment)
    assert settings.operator == "A"
    assert (settings.ocpp.port, settings.ocpp.tls_port, settings.ocpp.host) == (1111, 3333, "10.0.0.3")


def test_every_key_can_be_set_by_its_variable() -> None:
    for key in keys():
        provider = '[{"id":"x","name":"X","issuer":"https://x.example","client_id":"c"}]'
        kinds = {
            "true or false": "true",
            "list of texts": '["a","b"]',
            "list of tables": provider,
            "list of whole numbers": "[1,2]",
        }
        value = kinds.get(key.type, "8" if key.default == 7 else "7")
        value = str(key.default.value) if hasattr(key.default, "value") else value
        value = {"max_message_bytes": "20000", "push_contact": "mailto:us@example.org"}.get(key.name, value)
        settings = load(environment={key.variable: value})
        section = getattr(settings, key.section) if key.section else settings
        if not hasattr(key.default, "value") and key.default is not True:
            assert getattr(section, key.name) != key.default, key.variable


def test_a_misspelt_key_is_an_error_that_names_the_right_one(tmp_path: Path) -> None:
    found = problems(written(tmp_path, "[ocpp]\nprot = 9000\n[htpp]\nport = 1\n"))
    assert any("ocpp.prot: No such setting. Did you mean ocpp.port?" in problem for problem in found)
    assert any("htpp.port: No such setting. Did you mean http.port?" in problem for problem in found)


def test_a_misspelt_variable_is_an_error_too() -> None:
    assert problems(None, CURRANT_OCPP_PRT="1") == [
        "CURRANT_OCPP_PRT: No such setting. Did you mean CURRANT_OCPP_PORT?"
    ]


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    found = problems(written(tmp_path, "[ocpp]\nport = 70000\nheartbeat_interval_s = 'often'\n"))
    assert len(found) == 2
    assert "70000" in found[0]
    assert "often" in found[1]


def test_a_file_that_is_not_toml_is_said_to_be_none(tmp_path: Path) -> None:
    assert "cannot be read as TOML" in problems(written(tmp_path, "ocpp: {}"))[0]


def test_the_file_is_looked_for_in_a_stated_order(tmp_path: Path) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    (home / ".config" / "currant").mkdir(parents=True)
    here.mkdir()
    environment = {"HOME": str(home)}
    assert find_file(None, environment, working=here) is None
    at_home = written(home / ".config" / "currant", "")
    assert find_file(None, environment, working=here) == at_home
    at_work = written(here, "")
    assert find_file(None, environment, working=here) == at_work
    assert find_file(None, {**environment, "CURRANT_CONFIG": str(at_home)}, working=here) == at_home
    with pytest.raises(SettingsWrong):
        find_file(tmp_path / "nowhere.toml", environment, working=here)


def test_every_key_says_what_it_means() -> None:
    for key in keys():
        assert len(key.explanation) > 20, key.dotted
    assert {key.section for key in keys()} >= {"", "ocpp", "http"}
    assert isinstance(load(environment={}), Settings)


def test_a_mistake_in_a_provider_is_told_without_its_secret(tmp_path: Path) -> None:
    told = problems(
        written(
            tmp_path,
            '[[sign_in.providers]]\nid = "x"\nname = "X"\nissuer = "https://x.example"\n'
            'client_secret = "do not tell"\nscope = ["openid"]\n',
        )
    )
    assert any("client_id: Field required" in problem for problem in told)
    assert any("scope: Extra inputs are not permitted" in problem for problem in told)
    assert not any("do not tell" in problem for problem in told)
