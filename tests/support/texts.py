"""Texts for properties: any Unicode that a request can carry, weighted towards what people and mischief write."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# Never timed: a busy machine is no failure.
PROPERTY = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

FRAGMENTS = (
    *("listening to ", "reading ", "watching ", "playing ", "baking ", "now ", "again ", "i'm ", "still "),
    *(" by ", " - ", "'s ", '"', "“", "”", "#", "#nowplaying ", " on repeat", " s4", " season 2", " the movie"),
    *("lover", "taylor swift", "dune", "5k", "-", "--", ".", "!", ":", "(", ")", " ", "\n", "\t", "\u00a0"),
    *("@bob", "a@b.example", "https://example.com/x", "+49 170 1234567", "@", "://", "www."),
    *(
        "🔥",
        "👨‍👩‍👧",
        "5️⃣",
        "🇩🇪",
        "é",
        "e\u0301",
        "ß",
        "ﬁ",
        "ﷺ",
        "Ｌ",
        "ſ",
        "Σ",
        "ς",
        "ガ",
        "ｶﾞ",
        "हिन्दी",
        "한",
        "ᄒ",
        "ᅡ",
        "ب",
    ),
    *("\u200b", "\u200d", "\ufeff", "\u2028", "\u0345", "\u3099", "\u20e3", "\U000e0041", "\U0001d49f", "´", "`"),
)

any_text = st.text(st.characters(codec="utf-8"), max_size=30)
worded_text = st.lists(st.sampled_from(FRAGMENTS) | st.text(st.characters(codec="utf-8"), max_size=3), max_size=12).map(
    "".join
)
texts = any_text | worded_text
