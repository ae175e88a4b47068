"""What counts as the same text: case, width, zero-width characters and spacing make no difference.

Pure and idempotent; linear in the length of the text, but for runs of combining marks, which `MAX_CODE_POINTS` bounds.
"""

import re
import unicodedata

# Format characters (zero-width, direction marks, tags) mean nothing to a reader; controls are at most a space.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2800]+")
_PLAIN = str.maketrans(
    dict.fromkeys("’‘ʼ`´\u1fef\u1ffd", "'") | dict.fromkeys("“”„«»", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)
# The combining blocks that belong to no script; U+3099 and U+309A, which tell ga from ka, are not among them.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")


def normalise(text: str) -> str:
    """`text` as it is compared: NFKC, casefolded, plain quotes and dashes, single spaces, nothing invisible."""
    if text.isascii():
        return _SPACES.sub(" ", text.casefold().replace("`", "'")).strip()
    # Before NFKC, which would make a space and a mark of the acute that many type for an apostrophe.
    folded = text.translate(_PLAIN)
    # NFKC and casefold feed each other ("ͅ", "ﬁ" with marks); the second pass settles them, as in NFKC_Casefold.
    for _ in range(2):
        folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", folded)).casefold()
    folded = unicodedata.normalize("NFKC", folded).translate(_PLAIN)
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
