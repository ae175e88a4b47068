"""What a post says: text -> activity, category, subject, item.

A first, honest reader of English: a verb (or a hashtag, or "on repeat") names the category, then a title is taken
apart ("X by Y", "Y - X", "Y's X", quotes). What names no category is an everyday activity. Linear in the length of
the text. Handles, links, addresses and numbers to call never become part of an entity.
"""

import re
from typing import NamedTuple

from shared.models.post import Entities
from shared.rules.normalise import normalise


class _Reading(NamedTuple):
    """What a word tells by itself."""

    activity: str
    category: str | None


_VERBS: dict[str, _Reading] = {
    verb: _Reading(activity, category)
    for activity, category, verbs in (
        (
            "listening",
            "music",
            "listening to|listening|listen to|listened to|vibing to|jamming to|bumping|blasting",
        ),
        (
            "watching",
            "tv",
            "watching|watch|watched|rewatching|rewatched|bingeing|binging|binge watching|streaming",
        ),
        ("reading", "books", "reading|read|rereading|re-reading|reread"),
        ("playing", "games", "playing|play|played|replaying"),
        ("eating", "food", "eating|ate|having"),
        ("cooking", "food", "cooking|cooked|baking|baked|making"),
        ("drinking", "food", "drinking|drank|sipping"),
    )
    for verb in verbs.split("|")
}
_HASHTAGS: dict[str, _Reading] = {
    "nowplaying": _Reading("listening", "music"),
    "np": _Reading("listening", "music"),
    "nowwatching": _Reading("watching", "tv"),
    "nowreading": _Reading("reading", "books"),
    "currentlyreading": _Reading("reading", "books"),
    "amreading": _Reading("reading", "books"),
}
_MUSIC = _Reading("listening", "music")
_TITLED = frozenset({"music", "tv", "film", "books", "games"})
_NOT_GAMES = frozenset("guitar piano violin drums bass football soccer basketball tennis golf chess music".split())
_PRONOUNS = frozenset("me you him her us them it myself now the my your night day".split())
_STOPWORDS = frozenset(
    "a an the my our your some to at in on of for with and is am are was i im i'm i've me we it this that just".split()
)

# Bounded repeats: an open \S+ before an @ would cost the square of a long word.
_PRIVATE = re.compile(r"https?://\S+|www\.\S+|\S{1,64}@\S+|@\w[\w.\-]*|\+?\d[\d().\- ]{6,}\d")
_HASHTAG = re.compile(r"#(\w+)")
_FILLER = re.compile(
    r"(?:i'm|im|i am|i've been|ive been|i|currently|just|finally|still|now|again|started|starting|finished|finishing"
    r"|been|so|and|really|back to) "
)
_VERB = re.compile(
    "(" + "|".join(sorted(map(re.escape, _VERBS), key=len, reverse=True)) + r")(?=[ :]|[.,!?;]*(?: |$))[ :.,!?;]*"
)
_ON_REPEAT = re.compile(r" (?:on (?:repeat|loop)|playing on repeat)(?= |$|[.!])")
_TAIL = re.compile(
    r" (?:right now|rn|atm|again|tonight|today|now|at the moment|for the first time|with (?:friends|family)"
    r"|on (?:spotify|youtube|netflix|kindle|apple music|hulu|disney\+?|tv|my phone)"
    r"|in the (?:car|sun|park|bath)|at home)$"
)
_LONGEST_TAIL = 24  # characters: where to begin to look for one
_EPISODE = re.compile(r" (?:s\d{1,2}(?: ?e\d{1,3})?|(?:season|episode|series) \d{1,3})(?=[ ,.!]|$)")
_FILM = re.compile(r"^(?:the )?(?:movie|film) |,? (?:the movie|the film|at the (?:cinema|movies))$")
_QUOTED = re.compile(r'"([^"]{1,200})"(?: by ([^"]+))?')
_OWNER = re.compile(r"^([^'\"]{2,60})(?:'s| -) $")
_BY = re.compile(r"^(.+) by (.+)$")
_DASH = re.compile(r"^([^-]+(?:-\S[^-]*)*?) - (.+)$")
_POSSESSIVE = re.compile(r"^([^']{2,60})'s (\S.*)$")
_EDGES = " .,!?;:~*_()[]-…'\""


def extract(text: str) -> Entities:
    """The entities of `text`; all None when nothing is left. Microseconds, never an error."""
    cue, plain = _take_hashtags(_PRIVATE.sub(" ", normalise(text)))
    plain, repeated = _ON_REPEAT.subn("", f" {plain} ".rstrip())
    plain = _strip_fillers(" ".join(plain.split()))
    verb = _VERB.match(plain)
    reading = _VERBS[verb[1]] if verb else cue or (_MUSIC if repeated else None)
    rest = plain[verb.end() :] if verb else plain
    if reading is None and (dashed := _split_dash(rest)):
        return _titled(_MUSIC, dashed[1], by=dashed[0])
    if reading is None or reading.category not in _TITLED or _is_pastime(reading, rest):
        return _everyday(reading, rest if reading else plain)
    return _read_title(reading, rest)


def _take_hashtags(text: str) -> tuple[_Reading | None, str]:
    cue = next((_HASHTAGS[tag] for tag in _HASHTAG.findall(text) if tag in _HASHTAGS), None)
    return cue, _HASHTAG.sub(lambda tag: " " if tag[1] in _HASHTAGS else tag[1], text)


def _strip_fillers(text: str) -> str:
    start = 0
    while filler := _FILLER.match(text, start):
        start = filler.end()
    return text[start:]


def _is_pastime(reading: _Reading, rest: str) -> bool:
    return reading.activity == "playing" and any(word in _NOT_GAMES for word in rest.split()[:3])


def _strip_tail(text: str) -> str:
    text = text.strip(_EDGES)
    end = len(text)
    while tail := _TAIL.search(text, max(end - _LONGEST_TAIL, 0), end):
        end = tail.start()
        while text[end - 1] in _EDGES:
            end -= 1
    return text[:end]


def _read_title(reading: _Reading, rest: str) -> Entities:
    """Take a title apart, its category being known."""
    rest, episodes = _EPISODE.subn("", rest)
    if reading.category == "tv" and not episodes:
        rest, films = _FILM.subn("", _strip_tail(rest))
        reading = _Reading(reading.activity, "film") if films else reading
    if quoted := _QUOTED.search(rest):
        owner = _OWNER.match(rest[: quoted.start()]) if reading.category in ("music", "books") else None
        return _titled(reading, quoted[1], by=quoted[2] or (owner and owner[1]))
    rest = _strip_tail(rest)
    by = _BY.match(rest)
    if by and by[2].split()[0] not in _PRONOUNS:
        return _titled(reading, by[1], by=by[2])
    dashed = _split_dash(rest) if reading.category == "music" else None
    subject, item = dashed or _split_possessive(reading, rest) or (None, rest)
    return _titled(reading, item, by=subject)


def _split_dash(text: str) -> tuple[str, str] | None:
    """`"taylor swift - lover"` -> (subject, item), where both sides are short enough to be names."""
    found = _DASH.match(_strip_tail(text)) if " - " in text else None
    if found is None or max(len(found[1].split()), len(found[2].split())) > 6:
        return None
    return found[1], found[2]


def _split_possessive(reading: _Reading, text: str) -> tuple[str, str] | None:
    """`"taylor swift's lover"`; for books only with a full name, since titles have owners too (the handmaid's tale)."""
    found = _POSSESSIVE.match(text) if reading.category in ("music", "books") else None
    if found is None:
        return None
    words = found[1].split()
    if reading.category == "books" and (len(words) < 2 or words[0] in ("the", "a", "an")):
        return None
    return found[1], found[2]


def _titled(reading: _Reading, item: str, *, by: str | None) -> Entities:
    title = _strip_tail(item)
    if not title:
        return Entities(activity=reading.activity, category=reading.category)
    name = _strip_tail(by) if by else None
    return Entities(activity=reading.activity, category=reading.category, subject=name or None, item=title)


def _everyday(reading: _Reading | None, text: str) -> Entities:
    """An activity without a title: its content words, so that "baking some sourdough" meets "baking sourdough"."""
    words = [word for word in _strip_tail(text.replace('"', " ")).split() if word not in _STOPWORDS]
    if reading is not None:
        words.insert(0, reading.activity)
    item = " ".join(words)
    if not any(map(str.isalnum, item)):
        return Entities()
    category = reading.category if reading and reading.category == "food" else "activity"
    return Entities(activity=reading.activity if reading else None, category=category, item=item)
