#!/usr/bin/env python3
"""Makes either.jsonl: 32 and 128 hexadecimal digits with a colon between, which may be better-auth's scrypt, a salt and the SHA-512 of
it and a password, or an MD5 digest and its salt. Python's own hashlib makes all; `rule` is the form that `short = true` makes. Those without
one in which the second half is cut are what earlier versions made of the first two."""
import base64
import hashlib
import json
import platform
import unicodedata
from pathlib import Path

BY = f"Python {platform.python_version()} hashlib"
PASSWORDS = ["secret", "Passw0rd!", "密码测试一二三"]
ORDERS = {
    "salt+password": lambda salt, word: salt + word,
    "password+salt": lambda salt, word: word + salt,
    "md5(password)+salt": lambda salt, word: hashlib.md5(word).hexdigest().encode() + salt,
}


def scrypt(salt, word):
    word = unicodedata.normalize("NFKC", word.decode()).encode()
    return hashlib.scrypt(word, salt=salt, n=2**14, r=16, p=1, dklen=64, maxmem=2**26)


def base64_of(some):
    return base64.b64encode(some).decode().rstrip("=")


def write(password, name, front, back, cut):
    whole = f"{front.hex()}:{back.hex()}"
    pair = f"$pair${base64_of(front)}${base64_of(back)}"
    line = {"scheme": "better-auth", "password": password, "by": f"{BY}, {name}"}
    short = {"rule": {"hash": "pwd", "short": True}, "record": {"hash": whole}}
    for more in ({"stored": whole}, {"stored": pair} | short, {"stored": cut}):
        if more["stored"]:
            out.write(json.dumps(line | more, ensure_ascii=False) + "\n")


with open(Path(__file__).parent / "either.jsonl", "w", encoding="utf-8") as out:
    made = {"scrypt": scrypt}
    made |= {name: lambda salt, word, order=order: hashlib.sha512(order(salt, word)).digest() for name, order in ORDERS.items()}
    for name, make in made.items():
        for password in PASSWORDS:
            salt = hashlib.md5(f"{name} {password}".encode()).hexdigest()
            key = make(salt.encode(), password.encode())
            cut = f"$better-auth${salt}${base64_of(key[:32])}"
            write(password, name, bytes.fromhex(salt), key, cut)
    for name, order in ORDERS.items():
        for password in PASSWORDS:
            salt = hashlib.sha512(f"{name} {password}".encode())
            digest = hashlib.md5(order(salt.hexdigest().encode(), password.encode()))
            write(password, f"md5 of {name}", digest.digest(), salt.digest(), None)
