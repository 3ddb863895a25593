#!/usr/bin/env python3
"""Makes forms.jsonl: hashes whose form was once taken for plain text. See README.md.

Where a library defines the form, it makes the hash. The others are written down here after what their
programs do, with hashlib."""
import base64
import hashlib
import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import passlib.hash as ph
from Crypto.Cipher import AES
from Crypto.Util import Counter
from django.conf import settings

settings.configure()
from django.contrib.auth import hashers
from werkzeug.security import generate_password_hash

HERE = Path(__file__).parent
LONG = "".join("abcdefghijklmnopqrstuvwxyz"[i * 7 % 26] for i in range(100))
SHORT = ["secret", "Passw0rd!", "correct horse battery staple", LONG, "密码测试一二三", "🔑 emoji 🐼 パス", " leading and trailing ",
         "ünïcödé", "e\u0301 decomposed", "p@$$w%26+=&#?", "a"]
PASSLIB, DJANGO, WERKZEUG = (f"{name} {version(name)}" for name in ("passlib", "Django", "Werkzeug"))
B64 = lambda data: base64.b64encode(data).decode()
LINES = []


def put(scheme, password, stored, by, **more):
    LINES.append({"scheme": scheme, "password": password, "stored": stored, "by": by, **more})


# ---- Django's digests, with a salt and without
for password in SHORT:
    for hasher, scheme in [(hashers.MD5PasswordHasher, "salted-md5"), (hashers.SHA1PasswordHasher, "salted-sha1")]:
        put(scheme, password, hasher().encode(password, hasher().salt()), DJANGO)
    put("unsalted-sha1", password, hashers.UnsaltedSHA1PasswordHasher().encode(password, ""), DJANGO)
    bare = hashers.UnsaltedMD5PasswordHasher().encode(password, "")
    put("hex-md5", password, bare, DJANGO)
    assert hashers.UnsaltedMD5PasswordHasher().verify(password, "md5$$" + bare)
    put("unsalted-md5", password, "md5$$" + bare, DJANGO)

# ---- Werkzeug's of before version 3: HMAC, where Django writes the same form
for password in SHORT:
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        put(f"salted-{algorithm}", password, generate_password_hash(password, algorithm, salt_length=8 if algorithm == "sha1" else 16), WERKZEUG)

# ---- PBKDF2 as the PHC string format has it
lines = subprocess.run(["node", HERE / "phc.mjs"], input=json.dumps(SHORT), capture_output=True, text=True, check=True).stdout
for digest, password, stored in json.loads(lines):
    put(f"pbkdf2-{digest}", password, stored, "@phc/pbkdf2 1.1.14")
rust = subprocess.run(["cargo", "run", "-q", "--manifest-path", HERE / "phc/Cargo.toml"], input="\n".join(SHORT), capture_output=True, text=True, check=True)
for password, stored in zip(SHORT, rust.stdout.split("\n")):
    put(stored.split("$")[1], password, stored, "RustCrypto pbkdf2 0.12.2")

# ---- OpenLDAP's pw-pbkdf2, and Atlassian's
for i, password in enumerate(SHORT + [""]):
    for scheme, handler in [("pbkdf2-sha1", ph.ldap_pbkdf2_sha1), ("pbkdf2-sha256", ph.ldap_pbkdf2_sha256), ("pbkdf2-sha512", ph.ldap_pbkdf2_sha512)]:
        stored = handler.using(rounds=100 + i).hash(password)
        put(scheme, password, stored, PASSLIB)
        if scheme == "pbkdf2-sha1":
            put(scheme, password, stored.replace("{PBKDF2}", "{PBKDF2-SHA1}"), PASSLIB + ", by its other name")
    put("pbkdf2-sha1", password, ph.atlassian_pbkdf2_sha1.hash(password), PASSLIB)
put("pbkdf2-sha512", "Passw0rd!", ph.ldap_pbkdf2_sha512.hash("Passw0rd!"), PASSLIB)

# ---- digest:salt, as shops and forums write it
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
PRINTABLE = "".join(chr(c) for c in range(33, 127) if chr(c) not in ":{$")


def text(length, letters=LETTERS):
    return "".join(letters[byte % len(letters)] for byte in os.urandom(length))


for i, password in enumerate(SHORT):
    raw = password.encode()
    md5 = lambda *parts: hashlib.md5(b"".join(parts)).hexdigest()
    salt = text(32)
    put("salted-md5", password, f"{md5(raw, salt.encode())}:{salt}", "Joomla 1.5 to 3.1, by hashlib")
    salt = md5(os.urandom(8))[:2]
    put("salted-md5", password, f"{md5(salt.encode(), raw)}:{salt}", "osCommerce, by hashlib")
    salt = text(2 if i % 2 else 32)
    put("salted-md5", password, f"{md5(salt.encode(), raw)}:{salt}", "Magento 1, by hashlib")
    salt = text(32)
    put("salted-sha256", password, f"{hashlib.sha256(salt.encode() + raw).hexdigest()}:{salt}", "Magento 1 EE, by hashlib")
    put("salted-sha256", password, f"{hashlib.sha256(salt.encode() + raw).hexdigest()}:{salt}:1", "Magento 2, by hashlib")
    put("salted-md5", password, f"{md5(salt.encode(), raw)}:{salt}:0", "Magento 2, by hashlib")
    salt = text(3 if i % 2 else 30, PRINTABLE)
    put("salted-md5", password, f"{md5(md5(raw).encode(), salt.encode())}:{salt}", "vBulletin, by hashlib")
    salt = hashlib.md5(os.urandom(8)).hexdigest()  # as long as the digest, and of the same letters
    put("salted-md5", password, f"{md5(raw, salt.encode())}:{salt}", "Joomla with a digest for a salt, by hashlib")
    put("salted-md5", password, f"{salt}:{md5(salt.encode(), raw)}", "salt:digest, by hashlib")
    salt = text(16)
    put("salted-sha1", password, f"{salt}:{hashlib.sha1(salt.encode() + raw).hexdigest()}", "salt:digest, by hashlib")
    put("salted-sha512", password, f"{hashlib.sha512(raw + salt.encode()).hexdigest()}:{salt}", "digest:salt, by hashlib")
    # With the mapping's word for what was hashed.
    digest = hashlib.sha1(raw + bytes.fromhex(md5(salt.encode()))).digest()
    bare = lambda data: B64(data).rstrip("=")
    put("salted-sha1", password, f"$sha1$ps${bare(bytes.fromhex(md5(salt.encode())))}${bare(digest)}", "hashlib",
        rule={"scheme": "sha1", "split": "|", "salt_encoding": "hex", "order": "password+salt"},
        record={"hash": f"{md5(salt.encode())}|{digest.hex()}" if i % 2 else f"{digest.hex()}|{md5(salt.encode())}"})

# ---- Firebase's hashes as GoTrue takes them
PROJECT = {"sk": "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==", "ss": "Bw=="}


def gotrue(password, salt, n, r, p, separator=True):
    """`firebaseScrypt` of GoTrue's internal/crypto/password.go."""
    signer, behind = base64.b64decode(PROJECT["sk"]), base64.b64decode(PROJECT["ss"]) if separator else b""
    key = hashlib.scrypt(password.encode(), salt=salt + behind, n=2**n, r=r, p=p, dklen=32, maxmem=1 << 28)
    hashed = AES.new(key, AES.MODE_CTR, counter=Counter.new(128, initial_value=0)).encrypt(signer)
    ss = f",ss={PROJECT['ss']}" if separator else ""
    return f"$fbscrypt$v=1,n={n},r={r},p={p}{ss},sk={PROJECT['sk']}${B64(salt)}${B64(hashed)}"


# Firebase's own example.
example = gotrue("user1password", base64.b64decode("42xEC+ixf3L2lw=="), 14, 8, 1)
assert example.endswith("lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="), example
put("fbscrypt", "user1password", example, "hashlib's scrypt and pycryptodome, checked with Firebase's own example")
for i, password in enumerate(SHORT):
    stored = gotrue(password, os.urandom(10), 14 if i == 1 else 10, [8, 4, 8][i % 3], [1, 1, 2][i % 3], separator=i % 4 != 3)
    put("fbscrypt", password, stored, "hashlib's scrypt and pycryptodome, checked with Firebase's own example")

# ---- what an LDIF has behind `userPassword::`
for password in SHORT:
    for scheme, handler in [("ldap-sha", ph.ldap_sha1), ("ldap-ssha", ph.ldap_salted_sha1), ("ldap-md5", ph.ldap_md5), ("ldap-smd5", ph.ldap_salted_md5),
                            ("ldap-ssha512", ph.ldap_salted_sha512), ("pbkdf2-sha512", ph.ldap_pbkdf2_sha512.using(rounds=100)),
                            ("sha512-crypt", ph.ldap_sha512_crypt.using(rounds=1000)), ("md5-crypt", ph.ldap_md5_crypt)]:
        stored = handler.hash(password)
        wrapped = B64(stored.encode())
        put(scheme, password, wrapped, PASSLIB + ", in base64")
        if scheme == "ldap-ssha512":
            put(scheme, password, stored, PASSLIB, rule={"short": True}, record={"hash": wrapped})

# ---- shorter forms
for line in [line for line in LINES if line["scheme"] == "pbkdf2-sha512" and "rule" not in line and "base64" not in line["by"]]:
    head, _, last = line["stored"].rpartition("$")
    data = base64.b64decode(last.replace(".", "+") + "=" * (-len(last) % 4))
    if len(data) <= 32:
        continue
    adapted = lambda data: B64(data).rstrip("=").replace("+", ".")
    if "$i=" in head:  # the l= would contradict: it becomes passlib's form
        _, word, costs, salt = head.split("$")
        salt = base64.b64decode(salt + "=" * (-len(salt) % 4))
        head = f"${word}${costs.split(',')[0][2:]}${adapted(salt)}"
    put("pbkdf2-sha512", line["password"], f"{head}${adapted(data[:32])}", line["by"], rule={"short": True}, record={"hash": line["stored"]})

LINES.sort(key=lambda line: line["scheme"])
with open(HERE / "forms.jsonl", "w", encoding="utf-8") as out:
    for line in LINES:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
print(f"{len(LINES)} vectors")
