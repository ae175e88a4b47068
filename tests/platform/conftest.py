"""What tests of the adapters share."""

from collections.abc import Iterator

import pytest

from tests.support.issuing import Publisher, publishing


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """An issuer that publishes the key `one`."""
    with publishing(Publisher()) as publisher:
        yield publisher
