"""A local stand-in of Firebase Auth: the same REST calls as the Auth emulator, but its ID tokens are signed.

The product verifies these tokens exactly as it verifies Google's; only issuer keys and URLs differ.
"""

from infra.local.identity.app import create_identity
from infra.local.identity.tokens import Signer, load_signer, mint_id_token

__all__ = ["Signer", "create_identity", "load_signer", "mint_id_token"]
