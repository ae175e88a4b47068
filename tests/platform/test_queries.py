"""The statements of a function, by name."""

import pytest

from shared.platform import queries


def test_each_statement_belongs_to_the_name_above_it() -> None:
    text = """-- What this function says.

-- name: get_post
-- one of them
select id
from posts

-- name: feed
select 1
"""
    assert queries.parse(text) == {"get_post": "-- one of them\nselect id\nfrom posts", "feed": "select 1"}


def test_a_text_without_names_has_no_statements() -> None:
    assert queries.parse("") == {}
    assert queries.parse("-- a comment\n\n-- another\n") == {}


def test_a_statement_before_the_first_name_is_refused() -> None:
    with pytest.raises(ValueError, match="before the first"):
        queries.parse("select 1\n-- name: two\nselect 2\n")


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        queries.parse("-- name: one\nselect 1\n-- name: one\nselect 2\n")


def test_the_statements_of_a_function_are_attributes_and_a_missing_one_is_an_error() -> None:
    loaded = queries.load("functions.posting")
    assert loaded.get_post.startswith("select")
    with pytest.raises(AttributeError):
        _ = loaded.no_such_statement
