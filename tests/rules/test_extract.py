"""Reading a post: what real wordings say, by table."""

import pytest

from shared.models.post import Entities
from shared.rules.extract import extract
from shared.rules.fingerprint import similarity_key

LOVER = Entities(activity="listening", category="music", subject="taylor swift", item="lover")
DUNE = Entities(activity="reading", category="books", subject="frank herbert", item="dune")
STRANGER_THINGS = Entities(activity="watching", category="tv", item="stranger things")
DUNE_THE_FILM = Entities(activity="watching", category="film", item="dune")
SOURDOUGH = Entities(activity="cooking", category="food", item="cooking sourdough")


@pytest.mark.parametrize(
    "text",
    [
        "Listening to Lover by Taylor Swift",
        "LISTENING TO LOVER BY TAYLOR SWIFT!!!",
        "  listening   to lover\nby taylor swift  ",
        "ＬＩＳＴＥＮＩＮＧ ＴＯ Lover by Taylor Swift",
        "lis\u200btening to Lover by Taylor\u00a0Swift",
        "listening to: Lover by Taylor Swift",
        "Taylor Swift - Lover",
        "Taylor Swift – Lover",
        "Taylor Swift — Lover on repeat",
        "Taylor Swift - Lover on repeat",
        "Taylor Swift - Lover on loop!",
        "Lover by Taylor Swift on repeat",
        "Taylor Swift's Lover on repeat",
        "listening to Taylor Swift's Lover",
        "listening to Taylor Swift’s Lover",
        "listening to Taylor Swift´s Lover",
        'listening to "Lover" by Taylor Swift',
        "listening to “Lover” by Taylor Swift",
        "listening to 'Lover' by Taylor Swift",
        'listening to Taylor Swift\'s "Lover"',
        "listening to Taylor Swift - “Lover”",
        '"Lover" by Taylor Swift on repeat',
        "#NowPlaying Lover by Taylor Swift",
        "#nowplaying Taylor Swift - Lover",
        "#NP Lover by Taylor Swift",
        "Lover by Taylor Swift #NowPlaying",
        "#NowPlaying Lover by Taylor Swift https://open.spotify.com/track/1",
        "vibing to lover by taylor swift rn",
        "jamming to Lover by Taylor Swift again",
        "I'm listening to Lover by Taylor Swift right now",
        "I’ve been listening to Lover by Taylor Swift tonight",
        "currently listening to Lover by Taylor Swift on Spotify",
        "just listened to Lover by Taylor Swift for the first time",
        "still blasting Lover by Taylor Swift in the car with friends...",
    ],
)
def test_one_song_in_many_wordings(text: str) -> None:
    assert extract(text) == LOVER


@pytest.mark.parametrize(
    "text",
    [
        "reading Dune by Frank Herbert",
        'Reading "Dune" by Frank Herbert',
        "finally started reading Dune by Frank Herbert",
        "rereading Frank Herbert's Dune",
        'reading Frank Herbert\'s "Dune" on kindle',
        "#amreading Dune by Frank Herbert",
        "just finished reading Dune by Frank Herbert in the park",
    ],
)
def test_one_book_in_many_wordings(text: str) -> None:
    assert extract(text) == DUNE


@pytest.mark.parametrize(
    "text",
    [
        "watching Stranger Things",
        "rewatching stranger things s4",
        "watching Stranger Things S04E01 again",
        "watching stranger things s4 e1",
        "Binge watching Stranger Things on Netflix",
        "watching stranger things season 4 episode 2",
        "bingeing “Stranger Things” with family",
        "#NowWatching Stranger Things",
    ],
)
def test_one_show_in_many_wordings(text: str) -> None:
    assert extract(text) == STRANGER_THINGS


@pytest.mark.parametrize(
    "text",
    [
        "watching the movie Dune",
        "watching film Dune",
        "watching Dune at the cinema",
        "watching Dune, the movie tonight",
    ],
)
def test_a_word_tells_a_film_from_a_show(text: str) -> None:
    assert extract(text) == DUNE_THE_FILM


@pytest.mark.parametrize(
    "text",
    [
        "baking sourdough",
        "Baking some sourdough",
        "I'm baking sourdough right now",
        "baking #sourdough 🍞",
        "baked my sourdough",
    ],
)
def test_one_everyday_activity_in_many_wordings(text: str) -> None:
    assert similarity_key(extract(text)) == similarity_key(SOURDOUGH) == "food::cookingsourdough"


@pytest.mark.parametrize(
    ("text", "category", "subject", "item", "key"),
    [
        ("listening to Anti-Hero by Taylor Swift", "music", "taylor swift", "anti-hero", "music:taylorswift:antihero"),
        ("listening to Stand by Me by Ben E. King", "music", "ben e. king", "stand by me", "music:beneking:standbyme"),
        ("listening to Stand By Me", "music", None, "stand by me", "music::standbyme"),
        ("listening to Beyoncé - Déjà Vu", "music", "beyoncé", "déjà vu", "music:beyonce:dejavu"),
        ("Jay-Z - 99 Problems", "music", "jay-z", "99 problems", "music:jayz:99problems"),
        ("listening to AC/DC - T.N.T.", "music", "ac/dc", "t.n.t", "music:acdc:tnt"),
        ("listening to 7 rings by Ariana Grande", "music", "ariana grande", "7 rings", "music:arianagrande:7rings"),
        ("listening to 夜に駆ける by YOASOBI", "music", "yoasobi", "夜に駆ける", "music:yoasobi:夜に駆ける"),
        ("Guns N´ Roses - November Rain", "music", "guns n' roses", "november rain", "music:gunsnroses:novemberrain"),
        ("reading 1984 by George Orwell", "books", "george orwell", "1984", "books:georgeorwell:1984"),
        ("reading 1984", "books", None, "1984", "books::1984"),
        ("reading the Handmaid's Tale", "books", None, "the handmaid's tale", "books::thehandmaidstale"),
        ("watching The Handmaid's Tale", "tv", None, "the handmaid's tale", "tv::thehandmaidstale"),
        ("watching 2001: A Space Odyssey", "tv", None, "2001: a space odyssey", "tv::2001aspaceodyssey"),
        ("playing Elden Ring with friends", "games", None, "elden ring", "games::eldenring"),
        ("playing the guitar", "activity", None, "playing guitar", "activity::playingguitar"),
        ("playing chess", "activity", None, "playing chess", "activity::playingchess"),
        ("drinking a coffee", "food", None, "drinking coffee", "food::drinkingcoffee"),
        ("5k this morning", "activity", None, "5k morning", "activity::5kmorning"),
        ("Morning run 🏃", "activity", None, "morning run 🏃", "activity::morningrun"),
        ("5️⃣k run", "activity", None, "5\u20e3k run", "activity::5krun"),
        ("walking the dog", "activity", None, "walking dog", "activity::walkingdog"),
        ("finally started Dune", "activity", None, "dune", "activity::dune"),
        ("Слушаю Земфиру", "activity", None, "слушаю земфиру", "activity::слушаюземфиру"),
        ("ラーメンを食べている", "activity", None, "ラーメンを食べている", "activity::ラーメンを食べている"),
        ("हिन्दी गाना", "activity", None, "हिन्दी गाना", "activity::हिन्दीगाना"),
    ],
)
def test_a_wording_has_its_category_subject_item_and_key(
    text: str, category: str, subject: str | None, item: str, key: str
) -> None:
    entities = extract(text)
    assert (entities.category, entities.subject, entities.item) == (category, subject, item)
    assert similarity_key(entities) == key


@pytest.mark.parametrize(
    "text",
    [
        *("...", "!?", "🎉🎉🎉", "👨‍👩‍👧", "#", "- -", "''", '""', "the", "i am"),
        *("listening", "listening to", "watching", "reading…", "#nowplaying", "on repeat", 'reading ""', "watching  !"),
        *("@alice", "https://example.com/alice", "alice@example.com", "+49 170 1234567", "#np https://example.com/1"),
    ],
)
def test_where_nothing_comparable_is_left_there_is_no_key(text: str) -> None:
    assert similarity_key(extract(text)) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hey @alice.smith look", "activity::heylook"),
        ("with @jay-graber.example.social baking bread", "activity::bakingbread"),
        ("running with @bob@social.example", "activity::running"),
        ("mail me at alice.smith+moments@mail.example.com", "activity::mail"),
        ("mail me at ALICE＠EXAMPLE.COM", "activity::mail"),
        ("listening to https://example.com/x Lover by Taylor Swift", "music:taylorswift:lover"),
        ("listening to Lover by Taylor Swift HTTP://EXAMPLE.COM/X?y=z#w", "music:taylorswift:lover"),
        ("listening to Lover by Taylor Swift www.example.com", "music:taylorswift:lover"),
        ("call +49 (170) 123-4567", "activity::call"),
        ("call 0049 170 1234567 now", "activity::call"),
        ("call 555.123.4567", "activity::call"),
        ("call (555) 123-4567", "activity::call"),
        ("call 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5", "activity::call"),
        ("call ５５５－１２３－４５６７", "activity::call"),
        ("call 55\u200b5 123 45\u200b67", "activity::call"),
        ("call ٠١٧٠ ١٢٣٤٥٦٧", "activity::call"),
    ],
)
def test_what_leads_to_a_person_is_never_part_of_a_key(text: str, key: str) -> None:
    assert similarity_key(extract(text)) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("listening to Lover by Taylor Swift", "listening to Lover by Lower Dens"),
        ("listening to Lover by Taylor Swift", "listening to Cardigan by Taylor Swift"),
        ("reading Dune", "watching Dune"),
        ("watching Dune", "watching the movie Dune"),
        ("playing Dune", "reading Dune"),
        ("5k run", "10k run"),
        ("eating bread", "baking bread"),
        ("がっこう", "かっこう"),
    ],
)
def test_what_is_not_the_same_has_another_key(one: str, other: str) -> None:
    assert similarity_key(extract(one)) != similarity_key(extract(other))
