"""Keycloak's realm export with users (`kc.sh export --realm shop --users realm_file`,
https://www.keycloak.org/server/importExport). Not by the real software: UserRepresentation and CredentialRepresentation of
https://github.com/keycloak/keycloak/tree/main/core/src/main/java/org/keycloak/representations/idm. secretData and credentialData are
JSON in texts (server-spi .../credential/dto/PasswordSecretData.java, PasswordCredentialData.java).

Hashes by hashlib and argon2-cffi: pbkdf2-sha256 of before version 24 (27,500 rounds, 64 bytes; 600,000 and 32 bytes since), pbkdf2-sha512 of 24 (210,000),
pbkdf2 (SHA-1), argon2 of 25 (Argon2id 1.3, 7,168 KiB, 5 rounds, 1 lane). Some users have an OTP before their password; service accounts have nothing
at all. `enabled` says who may not sign in. The realm has other lists of objects beside `users`.
"""

import json

import hashes
from people import Expected, b64, letters, people, random_bytes, wrong_phone

SYSTEMS = ["keycloak"]
KINDS = ["pbkdf2-sha256"] * 5 + ["pbkdf2-sha256-24"] * 2 + ["pbkdf2-sha512"] * 5 + ["pbkdf2"] * 2 + ["argon2"] * 6


def password(person, kind):
    salt = random_bytes(person.rng, 16)
    extra = {}
    if kind == "argon2":
        digest, _ = hashes.argon2(person, 7168, 5, 1, salt=salt, raw=True)
        rounds = 5
        extra = {"hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}
    else:
        name, rounds, length = {"pbkdf2-sha256": ("sha256", 27500, 64), "pbkdf2-sha256-24": ("sha256", 600000, 32), "pbkdf2-sha512": ("sha512", 210000, 64), "pbkdf2": ("sha1", 20000, 64)}[kind]
        digest = hashes.pbkdf2(person, name, salt, rounds, length)
    return {"id": person.uuid[::-1], "type": "password", "userLabel": "My password", "createdDate": int(person.created.timestamp() * 1000),
            "secretData": json.dumps({"value": b64(digest), "salt": b64(salt), "additionalParameters": {}}, separators=(",", ":")),
            "credentialData": json.dumps({"hashIterations": rounds, "algorithm": kind.replace("-24", ""), "additionalParameters": extra}, separators=(",", ":"))}


def make(system, folder, count):
    expected = Expected("keycloak", "documentation; hashlib, argon2-cffi", "https://www.keycloak.org/server/importExport")
    expected.file = "shop-realm.json"
    users, known = [], 0
    for person in people("keycloak", count):
        kind = KINDS[known % 20] if person.known else person.rng.choice(KINDS)
        known += person.known
        service = person.kind == "none" and not person.known
        phone = wrong_phone(person) if person.wrong_phone else person.phone_text
        user = {"id": person.uuid, "username": person.username}
        if service:
            user |= {"username": f"service-account-client{person.n}", "emailVerified": False, "createdTimestamp": int(person.created.timestamp() * 1000), "enabled": True, "totp": False,
                     "serviceAccountClientId": f"client{person.n}"}
            user |= {"credentials": [], "disableableCredentialTypes": [], "requiredActions": [], "realmRoles": ["default-roles-shop"], "notBefore": 0, "groups": []}
            users.append(user)
            expected.user(person, None, id=person.uuid, username=user["username"], signedUp=person.created)
            continue
        user |= {"firstName": person.first, "lastName": person.last}
        if person.email:
            user["email"] = person.email.lower()
        user |= {"emailVerified": bool(person.verified and person.email), "createdTimestamp": int(person.created.timestamp() * 1000), "enabled": not person.blocked, "totp": person.n % 25 == 0}
        attributes = {}
        if phone:
            attributes["phoneNumber"] = [phone]
        if person.n % 4 == 0:
            attributes["locale"] = ["de"]
        if person.n % 9 == 0:
            attributes["department"] = ["R&D", "Sales"]
        if attributes:
            user["attributes"] = attributes
        credentials = []
        if person.n % 25 == 0:
            credentials.append({"id": person.uuid[::-1], "type": "otp", "userLabel": "phone", "createdDate": 1600000000000, "secretData": json.dumps({"value": letters(person.rng, 20)}),
                                "credentialData": json.dumps({"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"})})
        hashed = person.kind == "password"
        if hashed:
            credentials.append(password(person, kind))
        user |= {"credentials": credentials, "disableableCredentialTypes": [], "requiredActions": ["VERIFY_EMAIL"] if not person.verified else []}
        if person.kind == "social":
            user["federatedIdentities"] = [{"identityProvider": "google", "userId": str(person.rng.getrandbits(68)), "userName": person.email or "x"}]
        user |= {"realmRoles": ["default-roles-shop"], "notBefore": 0, "groups": ["/customers"] if person.n % 2 else []}
        users.append(user)
        if person.wrong_phone:
            expected.omit("phone", phone)
        expected.user(person, "hash" if hashed else None, id=person.uuid, email=person.email, phone=person.phone, blocked=person.blocked,
                      emailVerified=user["emailVerified"] if person.email else "any", username=person.username, givenName=person.first, familyName=person.last, signedUp=person.created)
    realm = {"id": "0f4cf1e6-1f4b-4a58-9f42-d4e9d3a3a1b7", "realm": "shop", "displayName": "Shop", "notBefore": 0, "enabled": True, "sslRequired": "external", "passwordPolicy": "hashAlgorithm(argon2)",
             "roles": {"realm": [{"id": person.uuid, "name": name, "composite": False, "clientRole": False, "attributes": {}} for person, name in zip(people("roles", 3), ["offline_access", "uma_authorization", "default-roles-shop"])], "client": {}},
             "groups": [{"id": "g1", "name": "customers", "path": "/customers", "attributes": {}, "realmRoles": [], "clientRoles": {}, "subGroups": []}],
             "users": users, "scopeMappings": [{"clientScope": "offline_access", "roles": ["offline_access"]}],
             "clients": [{"id": f"c{i}", "clientId": name, "enabled": True, "secret": "**********", "redirectUris": []} for i, name in enumerate(["account", "admin-cli", "broker", "shop-web"])],
             "browserFlow": "browser", "keycloakVersion": "26.0.7"}
    (folder / expected.file).write_text(json.dumps(realm, indent=2, ensure_ascii=False), encoding="utf-8")
    expected.settle_duplicates("email", "phone")
    return expected
