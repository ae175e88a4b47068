"""What counts as the same text: case, width, zero-width characters and spacing make no difference.

Pure and idempotent; linear in the length of the text.
"""

import re
import unicodedata

# Format characters (zero-width, direction marks, tags) mean nothing to a reader; controls are at most a space.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2800]+")
_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_ACCENTS = re.compile("[\u0300-\u036f]")


def normalise(text: str) -> str:
    """`text` as it is compared: NFKC, casefolded, plain quotes and dashes, single spaces, nothing invisible."""
    if text.isascii():
        return _SPACES.sub(" ", text.casefold()).strip()
    # NFKC and casefold feed each other ("ͅ", "ﬁ" with marks); the second pass settles them, as in NFKC_Casefold.
    folded = text
    for _ in range(2):
        folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", folded)).casefold()
    folded = unicodedata.normalize("NFKC", folded).translate(_QUOTES).translate(_DASHES)
    return _SPACES.sub(" ", folded).strip()


def squash(text: str) -> str:
    """The letters and digits of `text` alone, without accents: `"Beyoncé – Déjà Vu"` -> `"beyoncedejavu"`.

    Marks that carry the sound in other scripts (Devanagari vowels, kana voicing) stay; only combining accents go.
    """
    folded = normalise(text)
    if folded.isascii():
        return "".join(filter(str.isalnum, folded))
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
    kept = "".join(c for c in bare if unicodedata.category(c)[0] in "LMN")
    return unicodedata.normalize("NFC", kept)
