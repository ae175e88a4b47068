"""What happens in the demo, and what must come of it: people, their posts, the verdicts they have to get."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any

import httpx

from infra.local.demo.people import Person, Unexpected, expect
from infra.local.demo.teller import Teller
from infra.local.stack import Record

PEOPLE = {"Ada": "ada@example.com", "Ben": None, "Chloé": None, "Dev": "dev@example.com", "Emi": None}


@dataclass
class Story:
    """The story while it is played; deviations are collected, and it goes on."""

    record: Record
    http: httpx.AsyncClient
    teller: Teller
    people: dict[str, Person] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    deviations: list[str] = field(default_factory=list)

    async def play(self) -> None:
        """From the first sign-in to the feed."""
        await self._arrive()
        first = await self._say_the_same()
        parrot = await self._say_something_else()
        await self._keep_private()
        await self._refuse()
        await self._send_twice()
        await self._react(parrot)
        await self._delete(first)
        await self._read_feed()

    @property
    def p50(self) -> float:
        """Of the posts, in milliseconds."""
        return median(self.times)

    async def _arrive(self) -> None:
        self.teller.scene("Five people sign in.")
        for name, email in PEOPLE.items():
            self.people[name] = Person(name, email, self.http)
            answer = await self.people[name].sign_in(self.record)
            self.teller.arrived(name, "by e-mail" if email else "anonymously", ms=answer.ms)

    async def _say_the_same(self) -> str:
        self.teller.scene("They say the same thing in other words.")
        await self._post("Ada", "Listening to Lover by Taylor Swift", verdict=("only_one", 0))
        bens = await self._post("Ben", "Taylor Swift - Lover", verdict=("few", 1))
        await self._post("Chloé", "lover by taylor swift on repeat #NowPlaying", verdict=("few", 2))
        await self._post("Dev", "#NowPlaying Taylor Swift's Lover", verdict=("few", 3))
        return str(bens["id"])

    async def _say_something_else(self) -> str:
        self.teller.scene("They say something else.")
        parrot = await self._post("Emi", "teaching my parrot to whistle Bach", verdict=("only_one", 0))
        await self._post("Ben", "rewatching stranger things s4", verdict=("only_one", 0))
        await self._post("Ada", "Watching Stranger Things with friends", verdict=("few", 1))
        await self._post("Chloé", "🙃", verdict=("unknown", 0))
        return str(parrot["id"])

    async def _keep_private(self) -> None:
        self.teller.scene("A private post gets a verdict, and counts for nobody.")
        await self._post("Emi", "Reading Dune by Frank Herbert", verdict=("only_one", 0))
        await self._post("Dev", 'Re-reading "Dune" by Frank Herbert', verdict=("few", 1), private=True)
        await self._post("Ada", "currently reading Dune by Frank Herbert", verdict=("few", 1))

    async def _refuse(self) -> None:
        self.teller.scene("Not everything is a post.")
        answer = await self.people["Ben"].post("   ")
        expect(answer, 422)
        self.teller.said("Ben", "(three spaces)", ms=answer.ms)
        problems = answer.body["details"].get("problems", [])
        why = "; ".join(f"{problem['field']}: {problem['problem']}" for problem in problems)
        self.teller.heard(f"✗ {answer.status} {answer.body['code']}  {why or answer.body['message']}", "yellow")

    async def _send_twice(self) -> None:
        self.teller.scene("The network is bad, so the app sends it twice.")
        key = "demo-sourdough"
        post = await self._post("Chloé", "Baking sourdough", verdict=("only_one", 0), key=key)
        again = await self.people["Chloé"].post("Baking sourdough", key=key)
        expect(again, 201)
        self.teller.said("Chloé", "Baking sourdough", ms=again.ms, remark="again")
        self._check(again.body["post"]["id"] == post["id"], "the same Idempotency-Key made a second post")
        self._check(again.headers.get("idempotency-replayed") == "true", "a replayed answer does not say so")
        self.teller.heard("= The same post, the same answer. Nothing is there twice.", "green")

    async def _react(self, post_id: str) -> None:
        self.teller.scene("Two like the parrot.")
        for count, name in enumerate(("Ada", "Dev"), start=1):
            answer = await self.people[name].ask("PUT", f"/v1/posts/{post_id}/reactions/🦜")
            expect(answer, 200)
            reactions = answer.body["reactions"]
            self._check(reactions == {"🦜": count}, f"{count} reactions were expected, there are {reactions}")
            self.teller.said(name, "🦜", ms=answer.ms)

    async def _delete(self, post_id: str) -> None:
        self.teller.scene("Ben deletes his post about Lover, and the count follows: three, not four.")
        answer = await self.people["Ben"].ask("DELETE", f"/v1/posts/{post_id}")
        expect(answer, 204)
        self.teller.said("Ben", "(deleted)", ms=answer.ms)
        await self._post("Emi", "listening to lover by taylor swift", verdict=("few", 3))

    async def _read_feed(self) -> None:
        answer = await self.people["Ben"].ask("GET", "/v1/feed")
        expect(answer, 200)
        self.teller.scene("The feed, newest first, without anybody's name.", answer.ms)
        self.teller.feed(answer.body["items"])
        contents = [item["content"] for item in answer.body["items"]]
        self._check(len(contents) == 11, f"11 posts were expected in the feed, there are {len(contents)}")
        self._check(not any("Re-reading" in content for content in contents), "the private post is in the feed")
        leaked = [person.name for person in self.people.values() if person.uid in str(answer.body)]
        self._check(not leaked, f"the feed names its authors: {', '.join(leaked)}")

    async def _post(
        self, name: str, content: str, *, verdict: tuple[str, int], private: bool = False, key: str | None = None
    ) -> dict[str, Any]:
        """Post, show the verdict, compare it with the kind and the number of others expected; answers the post."""
        answer = await self.people[name].post(content, private=private, key=key)
        if answer.status != 201:
            raise Unexpected(f"{name}'s {content!r} was refused: {answer.status} {answer.body}")
        self.times.append(answer.ms)
        self.teller.said(name, content, ms=answer.ms, remark="private" if private else "")
        self.teller.verdict(answer.body["verdict"])
        got = (answer.body["verdict"]["kind"], answer.body["verdict"]["others"])
        self._check(got == verdict, f"{name}'s {content!r}: {verdict} was expected, it was {got}")
        post: dict[str, Any] = answer.body["post"]
        return post

    def _check(self, holds: bool, deviation: str) -> None:
        if not holds:
            self.deviations.append(deviation)
