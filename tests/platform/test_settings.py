"""What a deployment decides: complete, or the function does not start and says which variable is wrong."""

from datetime import timedelta

import pytest

from shared.models.throttle import Rate
from shared.platform.settings import Settings, SettingsError, read_settings

COMPLETE = {
    "DATABASE_URL": "postgresql://backend:pa55word@db.example:6543/postgres",
    "IDENTITY_ISSUER": "https://securetoken.google.com/demo",
    "IDENTITY_AUDIENCE": "demo",
    "IDENTITY_JWKS_URL": "https://keys.example/jwk",
    "SIGNING_SECRET": "a signing secret of at least 32 characters",
    "TRUSTED_PROXIES": "1",
    "PUBLIC_URL": "https://api.example.com",
}
REQUIRED = sorted(COMPLETE)


def test_a_complete_environment_is_read_and_the_rest_of_it_ignored() -> None:
    settings = read_settings({**COMPLETE, "PATH": "/bin", "database_url": "lower case is another variable"})
    assert settings.database_url.get_secret_value() == COMPLETE["DATABASE_URL"]
    assert settings.identity_audience == "demo"
    assert (settings.database_pool_size, settings.trusted_proxies) == (4, 1)
    assert (settings.posts_per_person, settings.posts_per_address) == (None, None)


def test_what_has_a_default_can_be_set() -> None:
    settings = read_settings(
        {
            **COMPLETE,
            "DATABASE_POOL_SIZE": "9",
            "TRUSTED_PROXIES": "0",
            "POSTS_PER_PERSON": "10/minute burst 20",
            "POSTS_PER_ADDRESS": "1/hour burst 2",
        }
    )
    assert (settings.database_pool_size, settings.trusted_proxies) == (9, 0)
    assert settings.posts_per_person == Rate(interval=timedelta(seconds=6), burst=20)
    assert settings.posts_per_address == Rate(interval=timedelta(hours=1), burst=2)


@pytest.mark.parametrize("variable", REQUIRED)
def test_a_missing_variable_is_named(variable: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings({name: value for name, value in COMPLETE.items() if name != variable})
    assert variable in str(refusal.value)
    assert not any(other in str(refusal.value) for other in REQUIRED if other != variable)


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings({})
    assert all(variable in str(refusal.value) for variable in REQUIRED)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SIGNING_SECRET", "too-short-a-secret"),
        ("PUBLIC_URL", "ftp://files.example"),
        ("PUBLIC_URL", "https://api.example.com/"),
        ("PUBLIC_URL", "https://api.example.com?tenant=seven"),
        ("PUBLIC_URL", "https://api.exam ple.com"),
        ("PUBLIC_URL", "https://api.example.com\n"),
        ("PUBLIC_URL", "api.example.com"),
        ("DATABASE_POOL_SIZE", "many-connections"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "-4"),
        ("DATABASE_POOL_SIZE", "100000000"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "all-of-them"),
        ("TRUSTED_PROXIES", ""),
        ("POSTS_PER_PERSON", "ten a minute"),
        ("POSTS_PER_PERSON", ""),
        ("POSTS_PER_ADDRESS", "0/minute burst 77"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_is_not(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings({**COMPLETE, variable: value})
    assert variable in str(refusal.value)
    assert len(value) < 4 or value not in str(refusal.value)
    assert COMPLETE["DATABASE_URL"] not in str(refusal.value)
    assert refusal.value.__suppress_context__, "a traceback would show the values"


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = read_settings(COMPLETE)
    assert "pa55word" not in f"{settings} {settings!r}"
    assert COMPLETE["SIGNING_SECRET"] not in f"{settings} {settings!r}"


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings(COMPLETE).trusted_proxies = 3


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
