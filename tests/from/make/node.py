"""better-auth and Directus, by Node programs beside this module.

- better-auth: the real software (npm better-auth, with its plugins admin, username and phoneNumber) makes the tables and the users in
  SQLite (make/better-auth.mjs). Exported with the password of the `credential` account joined, since that is where it lies
  (https://www.better-auth.com/docs/concepts/database#account). A ban is in force if `banned` is 1 and banExpires is null or not over
  (https://www.better-auth.com/docs/plugins/admin#ban-user).
- directus: `directus_users` of Directus 11 (api/src/database/migrations, https://directus.io/docs/guides/auth/user-management), the
  table written down anew; hashes by npm's argon2, which Directus uses; version 0.45 of it writes
  the parameters as `m,p,t`, earlier ones as `m,t,p`. Only status `active` may sign in: draft, invited, unverified, suspended
  and archived may not (api/src/services/authentication.ts). The Data Studio's export has `**********` for the hashes, so this is SQLite's own.
"""

import json
import subprocess
from pathlib import Path

from people import Expected, iso, letters, people, random_bytes, wrong_phone

SYSTEMS = ["better-auth", "directus"]
HERE = Path(__file__).parent
BETTER = """SELECT user.*, account.password FROM user LEFT JOIN account ON account.userId = user.id AND account.providerId = 'credential'"""
DIRECTUS = """CREATE TABLE directus_users (id char(36) not null primary key, first_name varchar(50) null, last_name varchar(50) null, email varchar(128) null unique,
password varchar(255) null, location varchar(255) null, title varchar(50) null, description text null, tags json null, avatar char(36) null, language varchar(255) null default null,
tfa_secret varchar(255) null, status varchar(16) not null default 'active', role char(36) null, token varchar(255) null unique, last_access datetime null, last_page varchar(255) null,
provider varchar(128) not null default 'default', external_identifier varchar(255) null unique, auth_data json null, email_notifications boolean null default '1',
appearance varchar(255) null, theme_dark varchar(255) null, theme_light varchar(255) null, theme_light_overrides json null, theme_dark_overrides json null, text_direction varchar(255) not null default 'auto');
"""


def node(script, folder, data, *line):
    (folder / "input.json").write_text(json.dumps(data), encoding="utf-8")
    subprocess.run(["node", HERE / script, folder / "input.json", *line], check=True, cwd=HERE)


def sqlite(folder, query, file):
    with open(folder / file, "wb") as out:
        subprocess.run(["sqlite3", "-header", "-csv", folder / "data.db", query], check=True, stdout=out)


def make(system, folder, count):
    return better(folder, count) if system == "better-auth" else directus(folder, count)


def better(folder, count):
    expected = Expected("better-auth", "better-auth 1.7 itself; SQLite", "https://www.better-auth.com/docs/concepts/database")
    expected.file = "users.csv"
    users, seen = [], set()
    for person in people("better-auth", count):
        email = (person.email or f"{person.username}@placeholder.example.com").lower()
        if email in seen:
            email = f"{person.username}.{person.n}@example.com"
        seen.add(email)
        expires, banned = None, person.blocked
        if person.blocked and person.n % 2:
            expires = iso(person.created.replace(year=2124, day=1))
        elif person.n % 80 == 9 and not person.known:
            banned, expires = True, iso(person.created.replace(year=2021, day=1))
        name = f"{person.first} {person.last}"
        users.append({"id": letters(person.rng, 32), "name": name, "email": email, "emailVerified": person.verified, "image": f"https://example.com/{person.n}.png" if person.kind == "social" else None,
                      "createdAt": iso(person.created), "updatedAt": iso(person.updated), "role": "user", "banned": banned, "banReason": "Spam" if banned else None, "banExpires": expires,
                      "username": person.username.lower() if person.n % 2 else None, "displayUsername": person.username if person.n % 2 else None, "phoneNumber": person.phone,
                      "phoneNumberVerified": bool(person.phone and person.n % 2),
                      "kind": person.kind, "password": person.password, "hash": None if person.known else f"{random_bytes(person.rng, 16).hex()}:{random_bytes(person.rng, 64).hex()}"})
        expected.user(person, "hash" if person.kind == "password" else None, id=users[-1]["id"], email=email, phone=person.phone, blocked=person.blocked, emailVerified=person.verified,
                      display=name, username=users[-1]["username"], signedUp=person.created, phoneVerified=bool(person.n % 2) if person.phone else "any")
    node("better-auth.mjs", folder, users, folder / "data.db")
    sqlite(folder, BETTER, expected.file)
    expected.settle_duplicates("email", "phone")
    return expected


def directus(folder, count):
    expected = Expected("directus", "SQLite, with Directus' table; npm argon2", "https://github.com/directus/directus/tree/main/api/src/database")
    expected.file = "directus_users.csv"
    expected.lacks = ["when a user was created"]
    columns = "id first_name last_name email password location title language status role last_access provider external_identifier auth_data email_notifications text_direction".split()
    rows, seen = [], set()
    for person in people("directus", count):
        email = person.email and person.email.lower()
        if email in seen:
            email = f"{person.username}.{person.n}@example.com"
        seen.add(email)
        status = "active"
        if person.blocked:
            status = ["suspended", "archived", "draft", "suspended"][person.n % 4]
        elif not person.verified and person.kind == "password" and person.n % 2:
            status = "unverified"
        elif person.kind == "none":
            status = "invited"
        social = person.kind == "social"
        first, last = person.first[:50], person.last[:50]
        hash = None
        if person.kind == "password":
            hash = {"password": person.password} if person.known else f"$argon2id$v=19$m=65536,{['t=3,p=4', 'p=4,t=3'][person.n % 2]}$" + letters(person.rng, 21) + "A$" + letters(person.rng, 42) + "A"
        rows.append([person.uuid, first, last, email, hash, None, None, "en-US" if person.n % 7 == 0 else None, status, None, person.last_login and str(int(person.last_login.timestamp() * 1000)),
                     "google" if social else "default", email if social else None, None, 1, "auto"])
        expected.user(person, "hash" if hash else None, id=person.uuid, email=email, blocked=status != "active", givenName=first, familyName=last, lastLogin=person.last_login)
    node("directus.mjs", folder, {"ddl": DIRECTUS, "columns": columns, "rows": rows}, folder / "data.db")
    sqlite(folder, "SELECT * FROM directus_users", expected.file)
    expected.settle_duplicates()
    return expected
