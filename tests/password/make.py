#!/usr/bin/env python3
"""Makes vectors.jsonl, plain.txt and, by self_test.py, the function's self-test.json. See README.md.

The hashes come from libraries that have nothing to do with Userferry; what this file computes
itself is the composed and the shortened string, after the description of the forms."""
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import json
import os
import random
import subprocess
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import logging

logging.disable(logging.WARNING)  # passlib looks for a version number that bcrypt no longer has

import argon2
import bcrypt
import django
import firebase_scrypt
import passlib.hash as ph
import werkzeug.security
from django.conf import settings

settings.configure()
django.setup()
from django.contrib.auth import hashers

HERE = Path(__file__).parent
LONG = "".join("abcdefghijklmnopqrstuvwxyz"[i * 7 % 26] for i in range(100))
SHORT = ["secret", "Passw0rd!", "correct horse battery staple", LONG, "密码测试一二三", "🔑 emoji 🐼 パス", " leading and trailing ",
         "ünïcödé", "e\u0301 decomposed", "p@$$w%26+=&#?", "a"]
LINES = []


def put(scheme, password, stored, by, **more):
    assert isinstance(stored, str) and isinstance(password, str), (scheme, by)
    LINES.append({"scheme": scheme, "password": password, "stored": stored, "by": by, **more})


def version(name):
    from importlib.metadata import version as of
    return f"{name} {of(name)}"


PASSLIB, DJANGO, WERKZEUG, BCRYPT, ARGON2, FIREBASE = map(
    version, ["passlib", "Django", "Werkzeug", "bcrypt", "argon2-cffi", "firebase-scrypt"])
B64 = lambda data: base64.b64encode(data).decode().rstrip("=")
AB64 = lambda data: B64(data).replace("+", ".")

libcrypt = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1")
libcrypt.crypt.restype = ctypes.c_char_p
libcrypt.crypt_gensalt.restype = ctypes.c_char_p
CRYPT = "crypt(3), libxcrypt"


def crypt3(password, setting):
    stored = libcrypt.crypt(password.encode(), setting.encode())
    assert stored and not stored.startswith(b"*"), setting
    return stored.decode()


# ---- bcrypt
for i, password in enumerate(SHORT):
    for ident in ("2a", "2b", "2y"):
        put("bcrypt", password, ph.bcrypt.using(rounds=4 + i % 3, ident=ident, truncate_error=False).hash(password), PASSLIB)
    put("bcrypt", password, bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode(), BCRYPT)
for password in ("a" + "密" * 30, "é" * 50, "x" * 72, "x" * 73):  # the 72nd byte is in the middle of a character, or the last
    put("bcrypt", password, bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode(), BCRYPT)
    put("bcrypt", password, crypt3(password, libcrypt.crypt_gensalt(b"$2y$", 4, os.urandom(16), 16).decode()), CRYPT)
put("bcrypt", "Passw0rd!", bcrypt.hashpw(b"Passw0rd!", bcrypt.gensalt(10)).decode(), BCRYPT)
put("bcrypt", "密码", bcrypt.hashpw("密码".encode(), bcrypt.gensalt(12)).decode(), BCRYPT)


class Sha256Bcrypt(hashers.BCryptSHA256PasswordHasher):
    rounds = 4


class PlainBcrypt(hashers.BCryptPasswordHasher):
    rounds = 4


for password in SHORT:
    for hasher in (Sha256Bcrypt(), PlainBcrypt()):
        if hasher.digest is None and len(password.encode()) > 72:
            continue
        put("bcrypt", password, hasher.encode(password, hasher.salt()), DJANGO)

# ---- WordPress 6.8: bcrypt by the library, what goes into it by the description
put("wordpress", "my_password", "$wp$2y$12$RnJgFT5Ooe6P0ajs/eaCYuqKLwWEqkZd01j2JyyrF6mcZa8NHJTxu", "WordPress 6.8.1 (juanma.codes, 2025-07-03)")
for password in SHORT:
    inner = base64.b64encode(hmac.digest(b"wp-sha384", password.strip(" \t\n\r\0\x0b").encode(), "sha384"))
    put("wordpress", password, "$wp" + bcrypt.hashpw(inner, bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$"), BCRYPT + " over hmac")

# ---- argon2
for i, password in enumerate(SHORT):
    for kind in (argon2.Type.ID, argon2.Type.I, argon2.Type.D):
        hasher = argon2.PasswordHasher(time_cost=1 + i % 3, memory_cost=64 << i % 3, parallelism=1 + i % 4, hash_len=[32, 16, 64][i % 3],
                                       salt_len=[16, 8, 24][i % 3], type=kind)
        stored = hasher.hash(password)
        put(stored.split("$")[1], password, stored, ARGON2)
    put("argon2id", password, ph.argon2.using(type="ID", rounds=2, memory_cost=128, parallelism=2).hash(password), PASSLIB)
put("argon2id", "Passw0rd!", argon2.PasswordHasher().hash("Passw0rd!"), ARGON2)


class SmallArgon2(hashers.Argon2PasswordHasher):
    time_cost, memory_cost, parallelism = 1, 256, 2


for password in SHORT[:6]:
    put("argon2id", password, SmallArgon2().encode(password, SmallArgon2().salt()), DJANGO)
put("argon2id", "密码", hashers.Argon2PasswordHasher().encode("密码", "abcdefghijklmnopqrstuv"), DJANGO)

# ---- scrypt
for i, password in enumerate(SHORT + [""]):
    stored = ph.scrypt.using(rounds=4 + i % 5, block_size=8 if i % 2 else 2, parallelism=1 + i % 3).hash(password)
    put("scrypt", password, stored, PASSLIB)
    put("scrypt", password, werkzeug.security.generate_password_hash(password, f"scrypt:{1024 << i % 3}:8:{1 + i % 2}"), WERKZEUG)
    if password:
        hasher = hashers.ScryptPasswordHasher()
        put("scrypt", password, hasher.encode(password, hasher.salt(), n=1024, r=8, p=1 + i % 3), DJANGO)
        put("scrypt", password, crypt3(password, f"$7${'5678'[i % 4]}{'46'[i % 2]}..../....SodiumChloride{i}$"), CRYPT)
put("scrypt", "Passw0rd!", werkzeug.security.generate_password_hash("Passw0rd!", "scrypt"), WERKZEUG)
put("scrypt", "Passw0rd!", ph.scrypt.hash("Passw0rd!"), PASSLIB)
put("scrypt", "Passw0rd!", hashers.ScryptPasswordHasher().encode("Passw0rd!", "abcdefghijklmnopqrstuv"), DJANGO)

# ---- pbkdf2
for i, password in enumerate(SHORT + [""]):
    for scheme, handler in (("pbkdf2-sha1", ph.pbkdf2_sha1), ("pbkdf2-sha256", ph.pbkdf2_sha256), ("pbkdf2-sha512", ph.pbkdf2_sha512)):
        put(scheme, password, handler.using(rounds=1 + i * 50, salt_size=4 + i).hash(password), PASSLIB)
    algorithm = ("sha1", "sha256", "sha512")[i % 3]
    put("pbkdf2-" + algorithm, password, werkzeug.security.generate_password_hash(password, f"pbkdf2:{algorithm}:{100 + i}"), WERKZEUG)
    if password:
        for hasher in (hashers.PBKDF2PasswordHasher(), hashers.PBKDF2SHA1PasswordHasher()):
            put("pbkdf2-" + ("sha256" if "256" in hasher.algorithm else "sha1"), password, hasher.encode(password, hasher.salt(), 1000 + i), DJANGO)
put("pbkdf2-sha256", "Passw0rd!", hashers.make_password("Passw0rd!"), DJANGO)
put("pbkdf2-sha512", "Passw0rd!", ph.pbkdf2_sha512.hash("Passw0rd!"), PASSLIB)

# ---- phpass, Drupal, crypt(3)
for i, password in enumerate(SHORT + [""]):
    put("phpass", password, ph.phpass.using(rounds=7 + i % 4, ident="PH"[i % 2]).hash(password), PASSLIB)
    put("md5-crypt", password, ph.md5_crypt.using(salt_size=i % 9).hash(password), PASSLIB)
    put("apr1", password, ph.apr_md5_crypt.using(salt_size=8 - i % 9 if i < 9 else 8).hash(password), PASSLIB)
    put("sha256-crypt", password, ph.sha256_crypt.using(rounds=1000 + i * 7, salt_size=(16, 8, 1)[i % 3]).hash(password), PASSLIB)
    put("sha512-crypt", password, ph.sha512_crypt.using(rounds=1000 + i * 7, salt_size=(16, 8, 1)[i % 3]).hash(password), PASSLIB)
    put("md5-crypt", password, crypt3(password, f"$1$s.lt/{i}$"), CRYPT)
    put("sha256-crypt", password, crypt3(password, f"$5$salt{i}$"), CRYPT)
    put("sha512-crypt", password, crypt3(password, f"$6$rounds={1000 + i}$saltsaltsalt{i}$"), CRYPT)
put("sha512-crypt", "Passw0rd!", ph.sha512_crypt.hash("Passw0rd!"), PASSLIB)
put("sha256-crypt", "Passw0rd!", ph.sha256_crypt.hash("Passw0rd!"), PASSLIB)

ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def drupal(data, setting):
    """Drupal 7's hash; no library for Python or Node is kept. The published example is below."""
    digest = hashlib.sha512(setting[4:12].encode() + data).digest()
    for _ in range(1 << ITOA64.index(setting[3])):
        digest = hashlib.sha512(digest + data).digest()
    from passlib.utils.binary import h64
    return (setting + h64.encode_bytes(digest).decode())[:55]


example = "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf"
assert drupal(b"hashcat", example[:12]) == example
for i, password in enumerate(SHORT):
    stored = drupal(password.encode(), f"$S${'567'[i % 3]}salt{i:04}")
    put("drupal7", password, stored, "hashlib, checked with hashcat's example")
    inner = hashlib.md5(password.encode()).hexdigest()
    put("drupal7", password, "U" + drupal(inner.encode(), f"$S$6upgr{i:04}"), "hashlib, checked with hashcat's example")
put("drupal7", "secret", "U" + ph.phpass.using(rounds=7).hash(hashlib.md5(b"secret").hexdigest()), PASSLIB)
put("drupal7", "Passw0rd!", drupal(b"Passw0rd!", "$S$E1234abcd"), "hashlib, checked with hashcat's example")

for password in SHORT[:4]:
    setting = libcrypt.crypt_gensalt(b"$y$", 1, os.urandom(16), 16).decode()
    put("yescrypt", password, crypt3(password, setting), CRYPT, verifiable=False)
put("bcrypt", "secret", ph.bcrypt.using(rounds=4, ident="2y").hash("secret").replace("$2y$", "$2x$"), PASSLIB, verifiable=False)

# ---- the examples that hashcat publishes for its modes
for scheme, stored in [
    ("phpass", "$P$984478476IagS59wHZvyQMArzfx58u."),
    ("phpass", "$H$984478476IagS59wHZvyQMArzfx58u."),
    ("drupal7", example),
    ("md5-crypt", "$1$28772684$iEwNOgGugqO9.bIz5sk8k/"),
    ("apr1", "$apr1$71850310$gh9m4xcAn3MGxogwX/ztb."),
    ("sha256-crypt", "$5$rounds=5000$GX7BopJZJxPc/KEK$le16UF8I2Anb.rOrn22AUPWvzUETDGefUmAV8AZkGcD"),
    ("sha512-crypt", "$6$52450745$k5ka2p8bFuSmoVT1tzOyyuaREkkKBcCNqoDKzYiJL9RaE8yMnPgh2XzzF0NDrUhgrcLwg78xs1w5pJiypEdFX/"),
    ("bcrypt", "$2a$05$LhayLxezLhK1LhWvKxCyLOj0j1u.Kj0jZ0pEmm134uzrQlFvQJLF6"),
    ("ldap-sha", "{SHA}uJ6qx+YUFzQbcQtyd2gpTQ5qJ3s="),
    ("ldap-ssha", "{SSHA}AZKja92fbuuB9SpRlHqaoXxbTc43Mzc2MDM1Ng=="),
    ("ldap-ssha512", "{SSHA512}ALtwKGBdRgD+U0fPAy31C28RyKYx7+a8kmfksccsOeLknLHv2DBXYI7TDnTolQMBuPkWDISgZr2cHfnNPFjGZTEyNDU4OTkw"),
    ("pbkdf2-sha256", "pbkdf2_sha256$10000$1135411628$bFYX62rfJobJ07VwrUMXfuffLfj2RDM2G6/BrTrUWkE="),
    ("hex-md5", "8743b52063cd84097a65d1633f5c74f5"),
    ("hex-sha1", "b89eaac7e61417341b710b727768294d0e6a277b"),
    ("hex-sha256", "127e6fbfe24a750e72930c220a8e138275656b8e5d8f48a98c3c92df2caba935"),
]:
    put(scheme, "hashcat", stored, "hashcat's example hashes")

# ---- directories, digests
for password in SHORT + [""]:
    for scheme, handler in [("ldap-sha", ph.ldap_sha1), ("ldap-ssha", ph.ldap_salted_sha1), ("ldap-md5", ph.ldap_md5),
                            ("ldap-smd5", ph.ldap_salted_md5), ("ldap-ssha512", ph.ldap_salted_sha512),
                            ("hex-md5", ph.hex_md5), ("hex-sha1", ph.hex_sha1), ("hex-sha256", ph.hex_sha256), ("hex-sha512", ph.hex_sha512)]:
        put(scheme, password, handler.hash(password), PASSLIB)
put("ldap-ssha", "secret", ph.ldap_salted_sha1.hash("secret").replace("{SSHA}", "{ssha}"), PASSLIB)
put("hex-md5", "secret", ph.hex_md5.hash("secret").upper(), PASSLIB)

# ---- Firebase
PROJECT = {"base64_signer_key": "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
           "base64_salt_separator": "Bw==", "rounds": 8, "mem_cost": 14}
OTHER = {"base64_signer_key": base64.b64encode(hashlib.sha512(b"other project").digest()).decode(),
         "base64_salt_separator": "Bw==", "rounds": 4, "mem_cost": 10}
put("firebase-scrypt", "user1password",
    "$firebase-scrypt$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
    "Firebase's own example", firebase=PROJECT)
for i, password in enumerate(SHORT):
    project = PROJECT if i % 3 == 0 else OTHER
    salt = base64.b64encode(hashlib.md5(str(i).encode()).digest()[:10]).decode()
    key = firebase_scrypt.generate_derived_key(password, salt, project["base64_salt_separator"], project["rounds"], project["mem_cost"])
    digest = base64.b64encode(firebase_scrypt.encrypt(base64.b64decode(project["base64_signer_key"]), key)).decode()
    form = f"$firebase-scrypt${salt}${digest}"
    put("firebase-scrypt", password, form.replace("=", "") if i % 2 else form, FIREBASE, firebase=project)
    put("firebase-scrypt", password, f"$firebase-scrypt${salt.rstrip('=')}${B64(base64.b64decode(digest)[:32])}", FIREBASE,
        rule={"short": True}, record={"hash": form}, firebase=project)

# ---- salted digests from columns
ORDERS = {"salt+password": "sp", "password+salt": "ps", "salt+password+salt": "sps", "md5(password)+salt": "ms", "salt+md5(password)": "sm",
          "sha1(password)+salt": "hs", "salt+sha1(password)": "sh", "salt+md5(password)+salt": "sms", "password": "p", "md5(password)": "m",
          "sha1(password)": "h"}
count = 0
for order, letters in ORDERS.items():
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        password = SHORT[count % len(SHORT)]
        raw = password.encode()
        as_bytes = count % 3 != 0
        salt = os.urandom(8) if as_bytes else (f"盐{count}" if count % 2 else f"abc{count}").encode()
        if "s" not in letters:
            salt = b""
        pieces = {"s": salt, "p": raw, "m": hashlib.md5(raw).hexdigest().encode(), "h": hashlib.sha1(raw).hexdigest().encode()}
        digest = hashlib.new(algorithm, b"".join(pieces[letter] for letter in letters)).digest()
        rule = {"scheme": algorithm, "order": order}
        in_hex = count % 4 != 1
        record = {"hash": (digest.hex().upper() if count % 8 == 2 else digest.hex()) if in_hex else base64.b64encode(digest).decode()}
        if not in_hex:
            rule["hash_encoding"] = "base64"
        if "s" in letters:
            if as_bytes:
                rule["salt_encoding"] = "hex" if count % 2 else "base64"
                record["salt"] = salt.hex() if count % 2 else base64.b64encode(salt).decode()
            else:
                record["salt"] = salt.decode()
        stored = f"${algorithm}${letters}${B64(salt)}${B64(digest)}"
        put("salted-" + algorithm, password, stored, "hashlib", rule=rule, record=record)
        if algorithm == "sha512":
            put("salted-sha512", password, f"${algorithm}${letters}${B64(salt)}${B64(digest[:32])}", "hashlib", rule={"short": True}, record={"hash": stored})
        count += 1
for password in SHORT:  # Discuz and vBulletin, with passlib's digests
    digest = ph.hex_md5.hash(ph.hex_md5.hash(password) + "x9Q!")
    put("salted-md5", password, f"$md5$ms${B64(b'x9Q!')}${B64(bytes.fromhex(digest))}", PASSLIB,
        rule={"scheme": "md5", "order": "md5(password)+salt"}, record={"hash": digest, "salt": "x9Q!"})
put("salted-md5", "secret", f"$md5$sp$${B64(hashlib.md5(b'secret').digest())}", "hashlib",
    rule={"scheme": "md5", "order": "salt+password"}, record={"hash": hashlib.md5(b"secret").hexdigest(), "salt": ""})

# ---- what Node makes, composed here
node = subprocess.run(["node", HERE / "make.mjs"], input=json.dumps(SHORT + [""]), capture_output=True, text=True, check=True)
for line in json.loads(node.stdout):
    if "rule" in line:
        record = line["record"]
        decode = {"hex": bytes.fromhex, "base64": base64.b64decode, None: str.encode}
        salt = decode[line["rule"].get("salt_encoding")](record["salt"])
        digest = decode[line["rule"].get("hash_encoding", "hex")](record["hash"])
        if line["scheme"] == "scrypt":
            stored = f"$scrypt$ln={record['n'].bit_length() - 1},r={record['r']},p={record['p']}${B64(salt)}${B64(digest)}"
        else:
            word = line["scheme"].replace("pbkdf2-sha1", "pbkdf2")
            stored = f"${word}${record.get('iterations', line['rule'].get('iterations'))}${AB64(salt)}${AB64(digest)}"
        put(line["scheme"], line["password"], stored, line["by"], rule=line["rule"], record=record)
    else:
        put(line["scheme"], line["password"], line["stored"], line["by"])


# ---- short forms: each keeps its own way of writing, with fewer bytes
def short(stored):
    head, _, last = stored.rpartition("$")
    if stored.startswith("$6$"):
        return f"{head}${last[:43]}" if len(last) == 86 else None
    if stored.startswith(("scrypt:", "pbkdf2:")):
        return f"{head}${last[:64]}" if len(last) > 64 else None
    if stored.startswith("$pbkdf2"):
        data = base64.b64decode(last.replace(".", "+") + "=" * (-len(last) % 4))
        return f"{head}${AB64(data[:32])}" if len(data) > 32 else None
    if stored.startswith("$scrypt$"):
        data = base64.b64decode(last + "=" * (-len(last) % 4))
        return f"{head}${B64(data[:32])}" if len(data) > 32 else None
    if stored.startswith(("scrypt$", "pbkdf2_")):
        data = base64.b64decode(last)
        return f"{head}${base64.b64encode(data[:32]).decode()}" if len(data) > 32 else None
    return None


for line in list(LINES):
    if line.get("rule", {}).get("short") or line["by"].startswith("hashcat"):
        continue
    if line["scheme"] == "hex-sha512":
        shorter = f"$sha512$p$${B64(bytes.fromhex(line['stored'])[:32])}"
        put("salted-sha512", line["password"], shorter, line["by"], rule={"short": True}, record={"hash": line["stored"]})
    elif (shorter := short(line["stored"])) is not None:
        put(line["scheme"], line["password"], shorter, line["by"], rule={"short": True}, record={"hash": line["stored"]})

LINES.sort(key=lambda line: line["scheme"])
# Directories and Spring Security name the family before a hash that names it itself.
for scheme, prefix, start in [("bcrypt", "{bcrypt}", "$2b$"), ("sha512-crypt", "{CRYPT}", "$6$"), ("argon2id", "{argon2}", "$argon2id$"), ("md5-crypt", "{crypt}", "$1$")]:
    line = next(line for line in LINES if line["scheme"] == scheme and line["stored"].startswith(start) and "rule" not in line)
    LINES.append({**line, "stored": prefix + line["stored"], "by": line["by"] + ", with its family named"})
with open(HERE / "vectors.jsonl", "w", encoding="utf-8") as out:
    for line in LINES:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")

subprocess.run([sys.executable, HERE / "self_test.py"], check=True)

# ---- plain passwords
pick = random.Random(20240601)
common = """123456 123456789 12345678 password qwerty abc123 111111 iloveyou admin letmein welcome monkey dragon football sunshine princess
 master shadow superman michael trustno1 baseball 000000 654321 666666 888888 5201314 woaini a123456 123123 1q2w3e4r qazwsx zaq12wsx passw0rd
 Password1 Passw0rd! P@ssw0rd Summer2024! Winter23 changeme secret root toor test guest hello freedom whatever ninja mustang access charlie
 donald batman hunter2 starwars pokemon google computer killer jordan harley ranger thomas robert soccer hockey george andrew tigger
 asdfgh zxcvbn qwertyuiop 1qaz2wsx q1w2e3r4 aa123456 li123456 wang1234 zhang520 caonima 7758521 147258369 1314520 110110 112233""".split()
unicode_ = """密码 密码123 我的密码是什么 中文口令！ пароль пароль123 كلمةالسر סיסמה パスワード ぱすわーど 비밀번호 mật_khẩu contraseña señal ñandú Straße naïve façade
 ünïcödé žluťoučký ελληνικά 🔑 🔑🔒 🐼熊猫 p🙂ss 👩‍👩‍👧‍👦family éclair ａｂｃ１２３ ＰＡＳＳ İstanbul ı1ı1 ﷺ1234 ٠١٢٣٤٥ 　全角空格　 a̐éö̲ 龍門客棧 臺灣2024""".split()
hashlike = ["$2b$12$short", "$2b$", "$2b$12$", "$2y$10$" + "x" * 52, "$2y$10$" + "x" * 54, "$2a$5$" + "x" * 53, "$2b$12$" + "!" * 53, "{SHA}no", "{SHA}", "{SSHA}abcd",
            "{MD5}short", "{}", "{smile}", "{SHA}密码", "$money$", "$$$", "$", "$1$", "$1$salt$", "$1$salt$short", "$5$", "$6$abc", "$6$ s p a c e", "$cash$money$",
            "$P$", "$P$short", "$H$9abc", "$S$short", "$apr1$", "$apr1$x$y", "$argon2id$", "$argon2", "$argon2id$v=19", "$scrypt$", "$scrypt$x", "$7$", "$y$",
            "$pbkdf2$", "$pbkdf2-sha256$1", "pbkdf2_sha256$", "pbkdf2_sha256$x", "pbkdf2:", "pbkdf2:sha256", "pbkdf2:sha256:1", "scrypt:", "scrypt:a", "scrypt:1:2:3",
            "scrypt$", "bcrypt$", "bcrypt$no", "bcrypt_sha256$", "argon2$", "md5$", "md5$a$b", "sha1$a$b", "U$S$", "U$S$short", "$wp$", "$wp$2y$10$short", "$md5$", "$md5$sp$",
            "$md5$money$", "$sha1$xyz$", "$sha256$", "$firebase-scrypt$", "$firebase-scrypt$x", "a$b", "a$b$c", "US$100", "100$", "$100", "2b$12$abc", "$2c$12$" + "a" * 53,
            "{CLEARTEXT}pw", "{BCRYPT}nope", "0x1234abcd", "#ff00ff", "deadbeef", "cafebabe1234"]
hexes = ["".join(pick.choice("0123456789abcdef") for _ in range(n)) for n in (8, 12, 15, 16, 20, 24, 28, 31, 33, 36, 39, 41, 48, 56, 60, 63, 65, 72, 80, 96, 100, 120, 127, 129)]
hexes += ["g" + "0" * 31, "0" * 31 + "-", "a" * 39 + "z", "0" * 63 + "G"]
b64 = []
while len(b64) < 24:
    # The first byte is neither 0 nor 1, so no ASP.NET hash.
    data = bytes([pick.randrange(2, 256)]) + pick.randbytes(60 if len(b64) % 2 else 48)
    b64.append(base64.b64encode(data).decode())
b64 += [base64.b64encode(bytes([1, 0, 0, 0, 9]) + pick.randbytes(56)).decode(),  # no such function
        base64.b64encode(bytes([1, 0, 0, 0, 1, 0, 0, 39, 16, 255, 255, 255, 255]) + pick.randbytes(48)).decode(),  # salt too long
        base64.b64encode(bytes([0]) + pick.randbytes(60)).decode()]  # 0 goes with 49 bytes
b64 += ["x" * 68, "y" * 84, "Q" * 67 + "!", "correcthorsebatterystaple" * 3]
words = ["correct horse battery staple", " leading", "trailing ", " both ", "two  spaces", "tab\there", "it's", 'say "hi"', "a,b;c", "back\\slash", "100%", "%41", "&amp;", "<b>",
         "null", "NULL", "None", "undefined", "true", "0", "-1", "1e9", "=1+1", "+41791234567", "me@example.org", "https://example.org/?a=b", "../../etc/passwd", "'; DROP TABLE users;--",
         "x" * 100, "x" * 117, "x" * 128, "x" * 200, "密" * 40, "🔑" * 20]
made = []
while len(made) < 60:
    made.append("".join(pick.choice("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!@#%^&*()-_=+[]:,.?") for _ in range(pick.randrange(8, 25))))
plain = list(dict.fromkeys(common + unicode_ + hashlike + hexes + b64 + words + made))
assert len(plain) >= 300 and not any("\n" in one for one in plain)
(HERE / "plain.txt").write_text("\n".join(plain) + "\n", encoding="utf-8")
print(f"{len(LINES)} vectors, {len(plain)} plain passwords", file=sys.stderr)
