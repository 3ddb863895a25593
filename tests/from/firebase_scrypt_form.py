"""Firebase's scrypt, by PyPI's firebase-scrypt 0.1.0 (https://github.com/firebase/scrypt is the original)."""

import base64

from firebase_scrypt import encrypt, generate_derived_key

from people import b64, random_bytes

# A made-up project's parameters, as the console shows them.
SIGNER_KEY = b64(bytes(range(64)))
SEPARATOR, ROUNDS, MEMORY = "Bw==", 8, 14


def pair(person):
    """Hash and salt in base64."""
    salt = b64(random_bytes(person.rng, 12))
    if not person.known:
        return b64(random_bytes(person.rng, 64)), salt
    key = generate_derived_key(person.password, salt, SEPARATOR, ROUNDS, MEMORY)
    return b64(encrypt(base64.b64decode(SIGNER_KEY), key)), salt


def gotrue(person):
    """`$fbscrypt$` of internal/crypto/password.go, which carries the project's parameters."""
    hash, salt = pair(person)
    return f"$fbscrypt$v=1,n={MEMORY},r={ROUNDS},p=1,ss={SEPARATOR},sk={SIGNER_KEY}${salt}${hash}"


def parameters():
    return f"""hash_config {{
  algorithm: SCRYPT,
  base64_signer_key: {SIGNER_KEY},
  base64_salt_separator: {SEPARATOR},
  rounds: {ROUNDS},
  mem_cost: {MEMORY},
}}
"""
