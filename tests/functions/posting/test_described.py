"""The function does what its own OpenAPI says, and nothing else: schemathesis tries it, over real HTTP."""

from typing import Any
from uuid import UUID

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from functions.posting.main import app
from tests.support.posting import Caller, Posting, new_song

CONFIG = {
    # What a query holds beyond what is described is ignored, as everywhere on the web.
    "generation": {"allow-extra-parameters": False},
    "checks": {
        # A schema cannot say which cursors were given out, which texts are one emoji, or which say nothing.
        "positive_data_acceptance": {"enabled": False},
    },
}
described = schemathesis.openapi.from_dict(app.openapi(), config=SchemathesisConfig.from_dict(CONFIG))


@described.parametrize()
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: schemathesis.Case[Any], posting: Posting) -> None:
    person = posting.person()  # somebody new for each case: throttles are tried elsewhere
    aim_at_a_post(case, person)
    case.call_and_validate(base_url=posting.url, headers=person.headers, timeout=30)


def aim_at_a_post(case: schemathesis.Case[Any], person: Caller) -> None:
    """Let the path name a post of the person; otherwise hardly any case would get beyond a 404."""
    try:
        UUID(case.path_parameters["post_id"])
    except (KeyError, ValueError, AttributeError, TypeError):
        return
    case.path_parameters["post_id"] = person.says(new_song())["post"]["id"]
