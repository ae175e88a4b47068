"""What counts as an e-mail address and a password here, and how a password is kept (scrypt, never in the clear)."""

import hashlib
import hmac
import re
import secrets

from infra.local.identity.errors import Refused

PASSWORD_MIN = 6
COST = {"n": 2**14, "r": 8, "p": 1}  # about 40 ms and 16 MB


def canonical_email(email: str) -> str:
    """Lower case, as Firebase compares them."""
    if not re.fullmatch(r"[^@\s\x00]+@[^@\s\x00]+", email) or len(email) > 256:
        raise Refused("INVALID_EMAIL")
    return email.lower()


def hash_password(password: str) -> str:
    if len(password) < PASSWORD_MIN:
        raise Refused(f"WEAK_PASSWORD : Password should be at least {PASSWORD_MIN} characters")
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_scrypt(password, salt)}"


def password_fits(password: str, kept: str) -> bool:
    _, salt, expected = kept.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), expected)


def _scrypt(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, **COST).hex()
