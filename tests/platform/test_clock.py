"""The one place that reads the time, and that nothing outside a process can turn back."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.platform import clock

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("shared", "functions") for path in ROOT.glob(f"{top}/**/*.py"))
# The door of the settings: the environment goes in whole and comes out as Settings.
MAY_SEE_THE_ENVIRONMENT = {"shared/platform/service.py", "shared/platform/cloud_function.py"}


@pytest.fixture
def system_source() -> Iterator[None]:
    """The source as it was, again after the test."""
    source = clock._source
    yield
    clock.set_source(source)


def names_in(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    imported = {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    return imported | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_the_time_is_the_machines_in_utc() -> None:
    before = datetime.now(UTC)  # noqa: TID251 (what the clock is compared with)
    now = clock.now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)  # noqa: TID251 (what the clock is compared with)


@pytest.mark.usefixtures("system_source")
def test_a_process_may_live_in_another_time() -> None:
    moments = iter([datetime(2031, 5, 17, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC)])
    clock.set_source(lambda: next(moments))
    assert [clock.now().year, clock.now().year] == [2031, 1999]


def test_no_product_code_moves_the_clock() -> None:
    movers = [path for path in SOURCES if "set_source" in names_in(path)]
    assert movers == []
    assert "_source" not in {name for path in SOURCES if path.name != "clock.py" for name in names_in(path)}


def test_the_environment_is_read_for_settings_alone_and_never_for_the_clock() -> None:
    readers = {str(path.relative_to(ROOT)) for path in SOURCES if {"environ", "getenv", "environb"} & names_in(path)}
    assert readers <= MAY_SEE_THE_ENVIRONMENT
    for place in readers:
        tree = ast.parse((ROOT / place).read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        settings = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "read_settings"]
        given = [argument for call in settings for argument in call.args if ast.unparse(argument) == "os.environ"]
        seen = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "environ"]
        assert len(seen) == len(given), place


def test_no_setting_is_about_the_clock() -> None:
    from shared.platform.settings import Settings

    assert [name for name in Settings.model_fields if {"clock", "time", "now"} & set(name.split("_"))] == []
