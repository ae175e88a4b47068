"""The stack's own RSA key: made once, readable by its owner only, published as a JWKS.

Two processes that start at the same moment end up with the same key.
"""

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

KEY_FILE = "signing-key.pem"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder against another process that prepares it at the same time."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def load_key(folder: Path) -> RSAPrivateKey:
    """The key in the folder, made on first use."""
    path = folder / KEY_FILE
    if not path.exists():
        with alone_in(folder):
            if not path.exists():
                _write_private(path, _new_key())
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key")
    return key


def _new_key() -> bytes:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, content: bytes) -> None:
    # Readers take no lock: they must see the whole file or none.
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    unfinished.replace(path)


def key_id(key: RSAPublicKey) -> str:
    """The RFC 7638 thumbprint, shortened to the 40 hex digits that Google's key ids have."""
    members = {"e": _base64(key.public_numbers().e), "kty": "RSA", "n": _base64(key.public_numbers().n)}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:40]


def jwks(key: RSAPublicKey) -> dict[str, list[dict[str, str]]]:
    numbers = key.public_numbers()
    published = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id(key)}
    return {"keys": [published | {"n": _base64(numbers.n), "e": _base64(numbers.e)}]}


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
