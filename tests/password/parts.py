#!/usr/bin/env python3
"""Makes parts.jsonl: hashes whose parts stand apart in exports (Keycloak, Auth0), and the forms of Spring
Security and of OpenLDAP's SHA-2. See README.md.

The digests come from argon2-cffi, from Node's crypto (parts.mjs) and from passlib; what this file does itself is
to put them into the forms, after their descriptions."""
import base64
import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import passlib.hash as ph
from argon2 import low_level
from argon2.low_level import Type

HERE = Path(__file__).parent
LONG = "".join("abcdefghijklmnopqrstuvwxyz"[i * 7 % 26] for i in range(100))
SHORT = ["secret", "Passw0rd!", "correct horse battery staple", LONG, "密码测试一二三", "🔑 emoji 🐼 パス", " leading and trailing ",
         "ünïcödé", "e\u0301 decomposed", "p@$$w%26+=&#?", "a"]
ARGON2, PASSLIB = f"argon2-cffi {version('argon2-cffi')}", f"passlib {version('passlib')}"
B64 = lambda data: base64.b64encode(data).decode()
BARE = lambda data: B64(data).rstrip("=")
LINES = []


def put(scheme, password, stored, by, **more):
    LINES.append({"scheme": scheme, "password": password, "stored": stored, "by": by, **more})


# ---- Argon2 as Keycloak keeps it: salt and hash in base64, the rest in `credentialData`
for i, password in enumerate(SHORT):
    for kind, word in ((Type.ID, "id"), (Type.I, "i"), (Type.D, "d")):
        salt = os.urandom(16)
        m, t, p = (64, 128, 256)[i % 3], 1 + i % 3, 1 + i % 2
        hash = low_level.hash_secret_raw(password.encode(), salt, t, m, p, 32, kind, 19)
        costs = f"m={m},t={t},p={p}"
        named = word == "id" or i % 2
        record = {"hash": B64(hash), "salt": B64(salt), "iterations": t, "m": m, "p": p}
        rule = {"scheme": f"argon2{word}" if named else "argon2", "hash_encoding": "base64", "salt_encoding": "base64"}
        if not named:
            record["variant"], record["version"] = word, "1.3"
        put(f"argon2{word}", password, f"$argon2{word}$v=19${costs}${BARE(salt)}${BARE(hash)}", ARGON2, rule=rule, record=record)
        # The numbers stand in any order.
        if word == "id":
            other = ",".join([f"m={m}", f"p={p}", f"t={t}"] if i % 2 else [f"t={t}", f"p={p}", f"m={m}"])
            put("argon2id", password, f"$argon2id$v=19${other}${BARE(salt)}${BARE(hash)}", ARGON2 + ", the numbers in another order")
            put("argon2id", password, f"$argon2id$v=19${costs}${B64(salt)}${B64(hash)}", ARGON2 + ", with padding")
    hash = low_level.hash_secret(password.encode(), os.urandom(16), 2, 1024, 1, 32, Type.ID).decode()
    named = f"{{argon2@SpringSecurity_v5_8}}{hash}"
    put("argon2id", password, named, ARGON2 + ", named as Spring Security does")
    put("argon2id", password, hash, ARGON2 + ", named as Spring Security does, without the name", rule={"short": True}, record={"hash": named})

# ---- OpenLDAP's SHA-2
for password in SHORT + [""]:
    put("ldap-ssha2", password, ph.ldap_salted_sha256.hash(password), PASSLIB)

# ---- what Spring Security's documentation prints (reference manual, "DelegatingPasswordEncoder")
by = "Spring Security's reference manual"
put("pbkdf2-sha1", "password", "{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc", by)
put("pbkdf2-sha1", "password", "$pbkdf2$185000$XZI7RKbRKfM$3fPjyNKUEnI9y95yRF6O9r87UI./F/pO1Na5nKdj2Nw", by + ", as passlib writes", rule={"short": True},
    record={"hash": "{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc"})
put("scrypt", "password", "{scrypt}$e0801$8bWJaSu2IKSn9Z9kM+TPXfOc/9bdYSrN1oD9qfVThWEwdRTnO7re7Ei+fUZRJ68k9lTyuTeUp4of4g24hHnazw==$"
    "OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=", by)
put("bcrypt", "password", "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG", by)

# ---- what Node's crypto makes
lines = subprocess.run(["node", HERE / "parts.mjs"], input=json.dumps(SHORT), capture_output=True, text=True, check=True).stdout
for line in json.loads(lines):
    put(line.pop("scheme"), line.pop("password"), line.pop("stored"), line.pop("by"), **line)

LINES.sort(key=lambda line: line["scheme"])
with open(HERE / "parts.jsonl", "w", encoding="utf-8") as out:
    for line in LINES:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
print(f"{len(LINES)} vectors")
