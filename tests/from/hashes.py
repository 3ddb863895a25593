"""Password hashes in the forms of the systems, by real libraries where one is named.

Each function takes a person and gives a hash of the known password, or the same form filled with random bytes: nobody
knows those passwords, and making 2,000 slow hashes would take an hour.
"""

import base64
import hashlib
import hmac

import bcrypt as bcrypt_library
from argon2 import low_level
from passlib import hash as passlib_hash

from people import b64, letters, random_bytes, sha

ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BCRYPT64 = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def salt_text(rng, bits=128):
    """22 characters of bcrypt's alphabet; the last one carries two bits only."""
    return letters(rng, 21, BCRYPT64) + rng.choice(".Oeu")


def bcrypt(person, prefix="2b", cost=10, password=None):
    """bcrypt 4 of PyPI; `$2y$` and `$2a$` are the same algorithm by other names for these passwords."""
    salt = f"${prefix}${cost:02}${salt_text(person.rng)}"
    if not person.known:
        return salt + letters(person.rng, 30, BCRYPT64) + person.rng.choice("aeimquyCGKOSW26")
    real = bcrypt_library.hashpw((password or person.password).encode(), salt.replace(prefix, "2b", 1).encode()).decode()
    return real.replace("$2b$", f"${prefix}$", 1)


def argon2(person, memory=65536, time=3, lanes=4, kind="id", salt=None, length=32, raw=False, password=None):
    """argon2-cffi 25 of PyPI."""
    salt = salt or random_bytes(person.rng, 16)
    types = {"id": low_level.Type.ID, "i": low_level.Type.I, "d": low_level.Type.D}
    if person.known:
        digest = low_level.hash_secret_raw(password or person.password.encode(), salt, time, memory, lanes, length, types[kind])
    else:
        digest = random_bytes(person.rng, length)
    return (digest, salt) if raw else f"$argon2{kind}$v=19$m={memory},t={time},p={lanes}${b64(salt, False)}${b64(digest, False)}"


def pbkdf2(person, name, salt, iterations, length):
    """hashlib's."""
    if not person.known:
        return random_bytes(person.rng, length)
    return hashlib.pbkdf2_hmac(name, person.password.encode(), salt, iterations, length)


def scrypt(person, salt, n, r, p, length, password=None):
    """hashlib's (OpenSSL)."""
    if not person.known:
        return random_bytes(person.rng, length)
    return hashlib.scrypt(password or person.password.encode(), salt=salt, n=n, r=r, p=p, dklen=length, maxmem=256 * n * r + (64 << 20))


def phpass(person, start="$P$", rounds=13):
    """passlib 1.7.4's phpass."""
    salt = letters(person.rng, 8, ITOA64)
    if not person.known:
        return f"{start}{ITOA64[rounds]}{salt}{letters(person.rng, 22, ITOA64)}"
    return passlib_hash.phpass.using(rounds=rounds, salt=salt, ident=start).hash(person.password)


def encode64(data):
    """phpass' own base64, of WordPress and Drupal."""
    out, value, bits = "", 0, 0
    for start in range(0, len(data), 3):
        chunk = data[start:start + 3]
        value = int.from_bytes(chunk, "little")
        for i in range(len(chunk) + 1):
            out += ITOA64[value >> 6 * i & 63]
    return out


def drupal7(person, rounds=15, md5_first=False):
    """Drupal's PhpassHashedPassword (core/lib/Drupal/Core/Password/PhpassHashedPasswordBase.php), written anew:
    SHA-512 2^rounds times, cut to 55 characters. `U$S$` is what an upgrade from Drupal 6 made of its MD5."""
    setting = f"$S${ITOA64[rounds]}{letters(person.rng, 8, ITOA64)}"
    password = (person.password or "").encode()
    if md5_first:
        password = hashlib.md5(password).hexdigest().encode()
    digest = random_bytes(person.rng, 64)
    if person.known:
        digest = hashlib.sha512(setting[4:].encode() + password).digest()
        for _ in range(1 << rounds):
            digest = hashlib.sha512(digest + password).digest()
    return ("U" if md5_first else "") + (setting + encode64(digest))[:55]


def wordpress68(person, cost=10):
    """WordPress 6.8: "$wp" before a bcrypt of the base64 of an HMAC-SHA-384 with the key "wp-sha384" (wp_hash_password)."""
    inner = base64.b64encode(hmac.new(b"wp-sha384", person.password.strip().encode(), "sha384").digest()).decode() if person.known else None
    return "$wp" + bcrypt(person, "2y", cost, inner)


def md5_hex(person):
    return hashlib.md5(person.password.encode()).hexdigest() if person.known else random_bytes(person.rng, 16).hex()


def digest_hex(person, name, *parts):
    """`parts` are texts, or PASSWORD where the password stands."""
    if not person.known:
        return random_bytes(person.rng, hashlib.new(name).digest_size).hex()
    return sha(name, *[person.password if part is PASSWORD else part for part in parts]).hexdigest()


PASSWORD = object()
