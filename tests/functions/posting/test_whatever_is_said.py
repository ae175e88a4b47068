"""Any text at all, as a post, a language, a key or a question, is accepted or refused and never fails inside."""

import json
from collections.abc import Callable
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.database import Database
from tests.support.load import Call, at_once
from tests.support.posting import Posting, contents

bounded = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
anything = st.text(max_size=60)
names = st.text(st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
forms: list[Callable[[str, str], str]] = [
    lambda one, other: f"Listening to {one} by {other}",
    lambda one, other: f'reading "{one}" {other} #{one}',
    lambda one, other: f"{one} - {other}",
    lambda one, other: f"{one}'s {other} on repeat",
    lambda one, other: f"watching {one} s1 e2 {other}",
    lambda one, other: one * 14 + other,
]
said = anything | st.builds(lambda form, one, other: form(one, other), st.sampled_from(forms), names, names)


@bounded
@given(texts=st.lists(said, min_size=8, max_size=24))
def test_posts_that_travel_together_are_each_accepted_or_refused(texts: list[str], posting: Posting) -> None:
    calls = [Call(posting.person(), "POST", "/v1/posts", {"content": text}) for text in texts]
    for text, answer in zip(texts, at_once(calls), strict=True):
        assert answer.status_code in (201, 422), (text, answer.text)
        if answer.status_code == 201:
            post = answer.json()["post"]
            assert post["content"] == text
            assert posting.visitor().reads(f"/v1/posts/{post['id']}")["key"] == post["key"]


@bounded
@given(text=anything | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn", "Co"]), max_size=10))
def test_any_text_anywhere_is_an_answer_and_no_failure(text: str, posting: Posting, store: Database) -> None:
    person = posting.person()
    raw = quote(text, safe="", errors="surrogatepass")
    before = contents(store)
    for method, path in (
        ("GET", f"/v1/feed?key={raw}"),
        ("GET", f"/v1/feed?key=a:{raw}:b"),
        ("GET", f"/v1/feed?category={raw}"),
        ("GET", f"/v1/feed?limit={raw}"),
        ("GET", f"/v1/me/posts?cursor={raw}"),
        ("GET", f"/v1/posts/{raw}"),
        ("PUT", f"/v1/posts/01a1fb50-394e-7734-81dc-40e68845efff/reactions/{raw}"),
    ):
        assert person.request(method, path).status_code < 500, path
    for body in (
        {"content": "x", "language": text},
        {"content": "x", text: text},
        {"content": "x", "visibility": text},
    ):
        raw_body = json.dumps(body).encode()
        answer = person.request("POST", "/v1/posts", content=raw_body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (201, 400, 422), answer.text
        if answer.status_code == 201:
            assert person.delete(answer.headers["location"]).status_code == 204
            before = contents(store)
    assert contents(store) == before
