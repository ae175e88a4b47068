"""What a deployment decides, read from the environment once. Missing or malformed: the function fails at start and
names the variable. There is no environment name in here to branch on.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from shared.models.throttle import Rate, parse_rate


def _rate(value: object) -> object:
    return parse_rate(value) if isinstance(value, str) else value


OptionalRate = Annotated[Rate | None, BeforeValidator(_rate)]


class Settings(BaseModel):
    """One field, one environment variable of the same name in capitals."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    database_url: SecretStr = Field(
        min_length=1, description="Postgres, as role `backend`; the transaction pooler is fine."
    )
    database_pool_size: int = Field(default=4, ge=1, le=100, description="Connections of one instance.")
    identity_issuer: str = Field(min_length=1, description="https://securetoken.google.com/<project>")
    identity_audience: str = Field(min_length=1, description="The Firebase project id.")
    identity_jwks_url: str = Field(pattern=r"^https?://\S+$", description="Where the issuer publishes its keys.")
    signing_secret: SecretStr = Field(min_length=32, description="Signs cursors, hides addresses.")
    public_url: str = Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$", description="What links begin with.")
    trusted_proxies: int = Field(
        ge=0,
        le=10,
        description="How many X-Forwarded-For entries, counted from the right, our own front end adds. No default: too"
        " many trusts what a caller made up, too few throttles a whole front end as one address.",
    )
    posts_per_person: OptionalRate = Field(default=None, description="Instead of the policy in rules/throttle.py.")
    posts_per_address: OptionalRate = Field(default=None, description="Instead of the policy in rules/throttle.py.")


class SettingsError(Exception):
    """The environment does not describe a deployment. The message names each variable, never its value."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`; SettingsError names what is missing or malformed."""
    given = {name: environment[name.upper()] for name in Settings.model_fields if name.upper() in environment}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(
            f"{str(problem['loc'][0]).upper()}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_context=False, include_url=False)
        )
        raise SettingsError(f"The environment is incomplete. {problems}") from None
