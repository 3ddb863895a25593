"""Auth0, Firebase, Cognito and Okta: services that run nowhere but at their makers', so by their documentation.

- auth0: the file of a bulk user import (https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples), an array
  with custom_password_hash in each algorithm that the page names but md4, and password_hash.
- auth0-export: a bulk user export as NDJSON with all fields of the profile
  (https://auth0.com/docs/manage-users/user-migration/bulk-user-exports). It has no passwords.
- auth0-passwords: the password hashes that Auth0's support gives out on request, NDJSON of MongoDB documents
  (https://auth0.com/docs/troubleshoot/customer-support/manage-subscriptions/export-data; the form is in
  https://workos.com/docs/migrate/auth0). user_id is "auth0|" and _id.$oid.
- firebase: `firebase auth:export users.json --format=json` (https://firebase.google.com/docs/cli/auth;
  firebase-tools src/accountExporter.ts). Times are milliseconds in texts. Hashes by PyPI's firebase-scrypt.
- cognito: `aws cognito-idp list-users` (https://docs.aws.amazon.com/cli/latest/reference/cognito-idp/list-users.html). No passwords.
- okta: GET /api/v1/users (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/). No passwords.
  SUSPENDED and DEPROVISIONED users cannot sign in, LOCKED_OUT ones not until somebody unlocks them; what of STAGED, PROVISIONED, RECOVERY and
  PASSWORD_EXPIRED, who never or no longer have a password that works, is left to the one who migrates.
"""

import hashlib
import hmac
import json

from passlib import hash as passlib_hash

import firebase_scrypt_form as fbscrypt
import hashes
from hashes import PASSWORD
from people import Expected, b64, iso, letters, people, random_bytes, sha, wrong_phone

SYSTEMS = ["auth0", "auth0-export", "auth0-passwords", "firebase", "cognito", "okta"]


def make(system, folder, count):
    return globals()[system.replace("-", "_")](folder, count)


def lines(path, records):
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


AUTH0 = ["bcrypt", "bcrypt", "password_hash", "password_hash", "argon2", "argon2", "pbkdf2", "pbkdf2", "scrypt", "scrypt", "md5", "md5-prefix", "sha1", "sha256-suffix",
         "sha256-base64", "sha512-prefix", "sha512-hexsalt", "hmac", "ldap", "ldap"]


def auth0_hash(person, kind):
    rng = person.rng
    text = lambda value: {"value": value, "encoding": "utf8"}
    bare = lambda name, *parts: hashes.digest_hex(person, name, *parts)
    salt = letters(rng, 8)
    if kind == "bcrypt":
        return {"algorithm": "bcrypt", "hash": {"value": hashes.bcrypt(person, "2b", 10)}}
    if kind == "argon2":
        return {"algorithm": "argon2", "hash": text(hashes.argon2(person, 65536, 3, 4))}
    if kind == "pbkdf2":
        raw = random_bytes(rng, 16)
        return {"algorithm": "pbkdf2", "hash": text(f"$pbkdf2-sha256$i=100000,l=32${b64(raw, False)}${b64(hashes.pbkdf2(person, 'sha256', raw, 100000, 32), False)}")}
    if kind == "scrypt":
        raw = random_bytes(rng, 16)
        return {"algorithm": "scrypt", "hash": {"value": hashes.scrypt(person, raw, 16384, 8, 1, 64).hex(), "encoding": "hex"}, "salt": {"value": raw.hex(), "encoding": "hex"},
                "keylen": 64, "cost": 16384, "blockSize": 8, "parallelization": 1}
    if kind == "ldap":
        hash = passlib_hash.ldap_salted_sha1.using(salt=random_bytes(rng, 8)).hash(person.password or letters(rng, 20))
        return {"algorithm": "ldap", "hash": text(hash)}
    if kind == "hmac":
        key = letters(rng, 16)
        digest = hmac.new(key.encode(), (person.password or letters(rng, 20)).encode(), "sha256").digest()
        return {"algorithm": "hmac", "hash": {"value": b64(digest), "encoding": "base64", "digest": "sha256", "key": {"value": key, "encoding": "utf8"}}}
    name, _, way = kind.partition("-")
    if way == "prefix":
        return {"algorithm": name, "hash": {"value": bare(name, salt, PASSWORD), "encoding": "hex"}, "salt": {"value": salt, "encoding": "utf8", "position": "prefix"}}
    if way == "suffix":
        return {"algorithm": name, "hash": {"value": bare(name, PASSWORD, salt), "encoding": "hex"}, "salt": {"value": salt, "position": "suffix"}}
    if way == "base64":
        return {"algorithm": name, "hash": {"value": b64(bytes.fromhex(bare(name, PASSWORD))), "encoding": "base64"}, "password": {"encoding": "utf8"}}
    if way == "hexsalt":
        raw = random_bytes(rng, 8)
        return {"algorithm": name, "hash": {"value": bare(name, raw, PASSWORD), "encoding": "hex"}, "salt": {"value": raw.hex(), "encoding": "hex", "position": "prefix"}}
    return {"algorithm": name, "hash": {"value": bare(name, PASSWORD), "encoding": "hex"}}


def auth0(folder, count):
    expected = Expected("auth0", "documentation; PyPI bcrypt, argon2-cffi, passlib, hashlib", "https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples")
    expected.file = "users.json"
    expected.lacks = ["when a user was created"]
    records, known = [], 0
    for person in people("auth0", count):
        kind = AUTH0[known % 20] if person.known else person.rng.choice(AUTH0)
        known += person.known
        email = person.email or f"{person.username}@example.org"
        record = {"user_id": f"{person.n:024x}", "email": email, "email_verified": person.verified, "username": person.username[:15] + str(person.n) if person.n % 2 else None,
                  "given_name": person.first, "family_name": person.last, "name": f"{person.first} {person.last}", "nickname": person.username,
                  "picture": f"https://cdn.example.com/{person.n}.png", "blocked": person.blocked, "app_metadata": {"plan": "free"}, "user_metadata": {"lang": "en"}}
        if record["username"] is None:
            del record["username"]
        if not person.blocked and person.n % 2:
            del record["blocked"]
        if person.kind == "password":
            if kind == "password_hash":
                record["password_hash"] = hashes.bcrypt(person, "2b", 10)
            else:
                record["custom_password_hash"] = auth0_hash(person, kind)
        records.append(record)
        expected.user(person, "hash" if person.kind == "password" else None, id=record["user_id"], email=email, blocked=person.blocked, emailVerified=person.verified,
                      username=record.get("username"), givenName=person.first, familyName=person.last, display=record["name"], photo=record["picture"])
    (folder / expected.file).write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    expected.settle_duplicates()
    return expected


def auth0_export(folder, count):
    expected = Expected("auth0-export", "documentation", "https://auth0.com/docs/manage-users/user-migration/bulk-user-exports")
    expected.file = "users.ndjson"
    expected.lacks = ["passwords"]
    records = []
    for person in people("auth0-export", count):
        person.known = False
        social = person.kind == "social"
        sms = person.email is None
        provider = "google-oauth2" if social else "sms" if sms else "auth0"
        number = str(person.rng.getrandbits(68)) if social else random_bytes(person.rng, 12).hex()
        record = {"user_id": f"{provider}|{number}", "created_at": iso(person.created), "updated_at": iso(person.updated), "name": f"{person.first} {person.last}",
                  "nickname": person.username, "picture": f"https://s.gravatar.com/avatar/{person.n:032x}", "email_verified": bool(person.verified and person.email),
                  "identities": [{"connection": "google-oauth2" if social else "sms" if sms else "Username-Password-Authentication", "user_id": number, "provider": provider, "isSocial": social}]}
        phone = None
        if sms:
            phone = person.phone or "+1415555" + f"{2000 + person.n:04}"
            record |= {"phone_number": phone, "phone_verified": True}
        else:
            record["email"] = person.email
        if social:
            record |= {"given_name": person.first, "family_name": person.last, "locale": "en"}
        if person.last_login:
            record |= {"last_login": iso(person.last_login), "last_ip": "203.0.113.9", "logins_count": person.n % 90 + 1}
        if person.blocked:
            record["blocked"] = True
        if person.n % 5 == 0:
            record |= {"user_metadata": {"theme": "dark", "tags": ["a", "b"]}, "app_metadata": {"roles": ["editor"]}}
        records.append(record)
        expected.user(person, None, id=record["user_id"], email=record.get("email"), phone=phone, blocked=person.blocked, emailVerified=record["email_verified"] if not sms else "any",
                      display=record["name"], photo=record["picture"], signedUp=person.created, lastLogin=person.last_login, loginsCount=record.get("logins_count"),
                      **({"givenName": person.first, "familyName": person.last} if social else {}))
    lines(folder / expected.file, records)
    # Auth0 lets one address stand in two connections; only one of them can arrive.
    expected.settle_duplicates("email", "phone")
    return expected


def auth0_passwords(folder, count):
    expected = Expected("auth0-passwords", "documentation; PyPI bcrypt", "https://workos.com/docs/migrate/auth0")
    expected.file = "passwords.json"
    expected.lacks = ["names and the rest of the profile", "whether a user is blocked", "what stands before an id in user_id"]
    records = []
    for person in people("auth0-passwords", count):
        email = person.email or f"{person.username}@example.org"
        id = random_bytes(person.rng, 12).hex()
        records.append({"_id": {"$oid": id}, "email_verified": person.verified, "email": email.lower(), "passwordHash": hashes.bcrypt(person, "2b", 10),
                        "password_set_date": {"$date": iso(person.updated)}, "tenant": "dev-example", "connection": "Username-Password-Authentication", "_tmp_is_unique": True})
        expected.user(person, "hash", id=id, email=email, emailVerified=person.verified)
    lines(folder / expected.file, records)
    expected.settle_duplicates()
    return expected


def firebase(folder, count):
    expected = Expected("firebase", "documentation; PyPI firebase-scrypt", "https://firebase.google.com/docs/cli/auth")
    expected.file = "users.json"
    (folder / "hash_config.txt").write_text(fbscrypt.parameters())
    expected.function_options = ["--firebase", "hash_config.txt"]
    records = []
    milliseconds = lambda moment: str(int(moment.timestamp() * 1000))
    for person in people("firebase", count):
        social = person.kind == "social"
        record = {"localId": letters(person.rng, 28)}
        if person.email:
            record["email"] = person.email.lower()
        record["emailVerified"] = bool(person.verified and person.email)
        if person.kind == "password" and person.email:
            record["passwordHash"], record["salt"] = fbscrypt.pair(person)
        display = None
        if person.n % 4 or social or person.known:
            record["displayName"] = display = f"{person.first} {person.last}"
        if social:
            record["photoUrl"] = f"https://lh3.example.com/{person.n}"
        if person.last_login:
            record["lastSignedInAt"] = milliseconds(person.last_login)
        record["createdAt"] = milliseconds(person.created)
        if person.phone:
            record["phoneNumber"] = person.phone
        if person.blocked:
            record["disabled"] = True
        if person.n % 30 == 0:
            record["customAttributes"] = json.dumps({"admin": True})
        record["providerUserInfo"] = [{"providerId": "google.com", "rawId": str(person.rng.getrandbits(68)), "email": person.email, "displayName": display, "photoUrl": record["photoUrl"]}] if social else []
        records.append(record)
        expected.user(person, "hash" if "passwordHash" in record else None, id=record["localId"], email=person.email, phone=person.phone, blocked=person.blocked,
                      emailVerified=record["emailVerified"] if person.email else "any", display=display, signedUp=person.created, lastLogin=person.last_login)
    body = ",\n".join(json.dumps(record, indent=2, ensure_ascii=False) for record in records)
    (folder / expected.file).write_text('{"users": [\n' + body + "]}", encoding="utf-8")
    expected.settle_duplicates("email", "phone")
    return expected


def cognito(folder, count):
    expected = Expected("cognito", "documentation", "https://docs.aws.amazon.com/cli/latest/reference/cognito-idp/list-users.html")
    expected.file = "users.json"
    expected.lacks = ["passwords"]
    records = []
    for person in people("cognito", count):
        person.known = False
        social = person.kind == "social"
        username = f"google_{person.rng.getrandbits(68)}" if social else person.uuid
        phone = person.phone
        if person.email is None and not phone:
            phone = f"+1206555{2000 + person.n:04}"
        attributes = [("sub", person.uuid)]
        if person.email:
            attributes += [("email_verified", "true" if person.verified else "false"), ("email", person.email)]
        if phone:
            attributes += [("phone_number_verified", "true" if person.n % 2 else "false"), ("phone_number", phone)]
        attributes += [("given_name", person.first), ("family_name", person.last)]
        born = person.birthday.strftime("%Y-%m-%d") if person.n % 3 == 0 else None
        if born:
            attributes.append(("birthdate", born))
        if social:
            attributes.append(("identities", json.dumps([{"userId": username[7:], "providerName": "Google", "providerType": "Google", "issuer": None, "primary": True, "dateCreated": 1600000000000}])))
        if person.n % 4 == 0:
            attributes += [("custom:tenant", f"t{person.n % 7}"), ("locale", "en-GB"), ("zoneinfo", "Europe/London")]
        status = "EXTERNAL_PROVIDER" if social else "UNCONFIRMED" if not person.verified and person.n % 2 else "FORCE_CHANGE_PASSWORD" if person.kind == "none" else "CONFIRMED"
        records.append({"Username": username, "Attributes": [{"Name": name, "Value": value} for name, value in attributes],
                        "UserCreateDate": iso(person.created, 6, "+00:00"), "UserLastModifiedDate": iso(person.updated, 6, "+00:00"), "Enabled": not person.blocked, "UserStatus": status})
        expected.user(person, None, id=[person.uuid, username], email=person.email, phone=phone, blocked=None if status == "UNCONFIRMED" else person.blocked,
                      emailVerified=person.verified if person.email else "any", phoneVerified=bool(person.n % 2) if phone else "any", givenName=person.first, familyName=person.last,
                      birthdate=born, signedUp=person.created)
        expected.users[-1]["id"] = [person.uuid, username]
    (folder / expected.file).write_text(json.dumps({"Users": records}, indent=4, ensure_ascii=False), encoding="utf-8")
    expected.settle_duplicates("email", "phone")
    return expected


def okta(folder, count):
    expected = Expected("okta", "documentation", "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/")
    expected.file = "users.json"
    expected.lacks = ["passwords"]
    records = []
    for person in people("okta", count):
        person.known = False
        id = "00u" + letters(person.rng, 17)
        login = person.email or f"{person.username}@example.com"
        if person.duplicate is not None:
            login = f"{person.username}@example.com"
        status, blocked = "ACTIVE", False
        if person.blocked:
            status, blocked = ["SUSPENDED", "DEPROVISIONED", "LOCKED_OUT"][person.n % 3], True
        elif person.kind == "none":
            status, blocked = ["STAGED", "PROVISIONED", "RECOVERY", "PASSWORD_EXPIRED"][person.n % 4], None
        phone = wrong_phone(person) if person.wrong_phone else person.phone_text
        records.append({"id": id, "status": status, "created": iso(person.created), "activated": None if status == "STAGED" else iso(person.created), "statusChanged": iso(person.updated),
                        "lastLogin": person.last_login and iso(person.last_login), "lastUpdated": iso(person.updated), "passwordChanged": iso(person.created), "type": {"id": "oty1abcdefGHIJKL0h8"},
                        "profile": {"firstName": person.first, "lastName": person.last, "mobilePhone": phone, "secondEmail": None, "login": login, "email": person.email or login,
                                    **({"locale": "en_US", "city": "Berlin", "department": "R&D"} if person.n % 5 == 0 else {})},
                        "credentials": {"password": {}, "emails": [{"value": person.email or login, "status": "VERIFIED", "type": "PRIMARY"}], "provider": {"type": "OKTA", "name": "OKTA"}},
                        "_links": {"self": {"href": f"https://dev-example.okta.com/api/v1/users/{id}"}}})
        if person.wrong_phone:
            expected.omit("phone", phone)
        expected.user(person, None, id=id, email=person.email or login, phone=person.phone, blocked=blocked, username=login, givenName=person.first, familyName=person.last,
                      signedUp=person.created, lastLogin=person.last_login)
    (folder / expected.file).write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    expected.settle_duplicates()
    return expected
