"""Reading a post: what holds for any text at all."""

import re
import unicodedata
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.models import post, reaction
from shared.models.post import Entities
from shared.rules import extract as extracting
from shared.rules import normalise as normalising
from shared.rules.extract import extract
from shared.rules.fingerprint import similarity_key
from shared.rules.normalise import normalise, squash
from tests.support.texts import FRAGMENTS, PROPERTY, texts

CATEGORIES = {"music", "tv", "film", "books", "games", "food", "activity"}
parser: Any = import_module("re._parser")
UNBOUNDED = parser.MAXREPEAT


@PROPERTY
@given(texts)
def test_any_text_has_entities(text: str) -> None:
    entities = extract(text)
    assert entities.category is None or entities.category in CATEGORIES
    assert entities.subject is None or entities.item is not None
    assert all(part is None or part == part.strip() != "" for part in dict(entities).values())


@PROPERTY
@given(texts)
def test_a_text_is_read_as_its_normal_form_is(text: str) -> None:
    assert extract(normalise(text)) == extract(text)


@PROPERTY
@given(texts)
def test_a_key_is_made_of_nothing_but_what_the_text_says(text: str) -> None:
    key = similarity_key(extract(text))
    if key is not None:
        category, subject, item = key.split(":")
        # An everyday item may begin with the activity that the verb stands for: "baked" says cooking.
        said = squash(text) + "".join(reading.activity for reading in extracting._VERBS.values())
        assert category in CATEGORIES
        assert set(unicodedata.normalize("NFD", subject + item)) <= set(unicodedata.normalize("NFD", said))


names = st.text(st.sampled_from("abcdefghij_"), min_size=4, max_size=15).filter(lambda name: name.strip("_"))
paths = st.text(st.sampled_from("abcdefghij/-_?=&%#.~"), max_size=30)
numbers = st.lists(st.text(st.sampled_from("0123456789"), min_size=2, max_size=4), min_size=4, max_size=6)
personal = st.one_of(
    names.map("@{}".format),
    st.tuples(names, names).map(lambda pair: f"@{pair[0]}.{pair[1]}"),
    st.tuples(names, names).map(lambda pair: f"{pair[0]}@{pair[1]}.example.com"),
    st.tuples(names, paths).map(lambda pair: f"https://{pair[0]}.example/{pair[1]}"),
    st.tuples(names, paths).map(lambda pair: f"HTTP://{pair[0]}.example/{pair[1]}"),
    st.tuples(names, paths).map(lambda pair: f"www.{pair[0]}.example/{pair[1]}"),
    st.tuples(numbers, st.sampled_from([" ", "-", ".", ""])).map(lambda pair: pair[1].join(pair[0])),
    st.tuples(numbers, st.sampled_from([" ", "-", "."])).map(lambda pair: "+" + pair[1].join(pair[0])),
)


@PROPERTY
@given(
    st.sampled_from(["listening to lover by taylor swift ", "reading ", "watching dune ", "at home with ", ""]),
    personal,
    st.sampled_from(["", " on repeat", " now", " by heart", "!", " #nowplaying"]),
)
def test_handles_addresses_links_and_numbers_leave_no_trace_in_a_key(before: str, secret: str, after: str) -> None:
    assert similarity_key(extract(before + secret + after)) == similarity_key(extract(f"{before} {after}"))


titles = st.text(st.sampled_from("abcdefghijk lm"), min_size=3, max_size=20).map(
    lambda title: "x" + title.strip() + "x"
)


@PROPERTY
@given(titles, titles)
def test_a_song_has_one_key_in_every_form(song: str, artist: str) -> None:
    forms = (
        f"listening to {song} by {artist}",
        f"{artist} - {song} on repeat".upper() if max(len(song.split()), len(artist.split())) <= 6 else None,
        f'#NowPlaying "{song}" by {artist}',
        f"listening to {artist}'s “{song}”",
    )
    keys = {similarity_key(extract(form)) for form in forms if form}
    assert keys == {f"music:{squash(artist)}:{squash(song)}"}


@settings(PROPERTY, max_examples=40)
@given(
    st.sampled_from(["", "listening to ", "reading ", "watching ", "playing ", "x "]),
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=3).map("".join),
    st.sampled_from(["", "x", " by", '"', "@", " -", "1"]),
)
def test_ten_thousand_characters_of_anything_repeated_come_to_an_end(before: str, fragment: str, after: str) -> None:
    text = before + fragment * (10_000 // len(fragment)) + after
    assert isinstance(extract(text), Entities)
    key = similarity_key(extract(text))
    assert key is None or len(key) <= 200


def compiled(*modules: ModuleType) -> list[re.Pattern[str]]:
    return [value for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]


def repeats(tree: Any, *, inside: bool = False) -> list[tuple[Any, bool]]:
    """Every unbounded repeat of a parsed pattern: its body, and whether it stands inside another."""
    found: list[tuple[Any, bool]] = []
    for operation, argument in tree:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, body = argument
            found += [(body, inside)] if most is UNBOUNDED else []
            found += repeats(body, inside=inside or most is UNBOUNDED)
        elif name == "SUBPATTERN":
            found += repeats(argument[-1], inside=inside)
        elif name == "BRANCH":
            for branch in argument[1]:
                found += repeats(branch, inside=inside)
        elif name in ("ASSERT", "ASSERT_NOT"):
            found += repeats(argument[1], inside=inside)
    return found


def explodes(pattern: str) -> bool:
    """Whether a repeat stands inside a repeat whose rounds do not each begin with a character of their own."""
    found = repeats(parser.parse(pattern))
    return any(inner for _, inner in found) and not all(
        str(body[0][0]) == "LITERAL" for body, inner in found if not inner and repeats(body)
    )


def searches_a_square(pattern: str) -> bool:
    """Whether a search begins with an unbounded repeat that something must follow: tried anew at every character."""
    tree = list(parser.parse(pattern))
    while str(tree[0][0]) == "SUBPATTERN":
        tree = [*tree[0][1][-1], *tree[1:]]
    starts = [list(branch) for branch in tree[0][1][1]] if str(tree[0][0]) == "BRANCH" else [tree]
    return any(
        str(start[0][0]) in ("MAX_REPEAT", "MIN_REPEAT") and start[0][1][1] is UNBOUNDED and len(start) > 1
        for start in starts
    )


@pytest.mark.parametrize(
    "pattern", compiled(extracting, normalising, post, reaction), ids=lambda found: found.pattern[:30]
)
def test_no_pattern_can_take_more_than_its_share(pattern: re.Pattern[str]) -> None:
    assert not explodes(pattern.pattern)
    assert not searches_a_square(pattern.pattern)


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(?:\w+ ?)*!", r"^(?:a|b*)*c", r"x(?:[^-]*-?)*y"])
def test_a_repeat_that_explodes_is_seen(pattern: str) -> None:
    assert explodes(pattern)


@pytest.mark.parametrize("pattern", [r"\S+@\S", r"(\d+)-", r"x|\s+$", r"([^']*)'s"])
def test_a_search_that_costs_a_square_is_seen(pattern: str) -> None:
    assert searches_a_square(pattern)
