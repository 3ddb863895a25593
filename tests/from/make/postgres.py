"""Supabase (GoTrue), Devise and Spring Security: tables in a real PostgreSQL, written by its own `\\copy … CSV HEADER`.

- supabase: `auth.users` as the migrations of https://github.com/supabase/auth (migrations/, up to 20240129114555
  is_anonymous) leave it, the DDL written down anew; `\\copy auth.users to … csv header`. supabase-json: the same by
  `select jsonb_agg(u) from auth.users u`. GoTrue keeps a phone number without its `+` (internal/api/phone.go, formatPhoneNumber),
  an absent address as NULL, absent tokens as ''. bcrypt `$2a$10$`; hashes that came by the admin API are Argon2id or `$fbscrypt$`
  (internal/crypto/password.go). Users of other providers have '' or NULL. A ban is in force until banned_until (internal/models/user.go,
  IsBanned); deleted_at is set by a soft deletion, which also makes the address a hash. Names lie in raw_user_meta_data,
  as the client's signUp wrote them.
- devise: `users` with all modules' columns (https://github.com/heartcombo/devise/blob/v4.9.4/lib/generators/active_record/templates/migration.rb,
  and `provider`, `uid` of OmniAuth, `name`, `phone`). bcrypt `$2a$12$`. config.unlock_strategy is :email here, so a user whose
  locked_at is set stays locked. Devise's default for an absent address is ''.
- spring: the `users` table of an application with the four switches of
  https://docs.spring.io/spring-security/reference/api/java/org/springframework/security/core/userdetails/UserDetails.html and
  DelegatingPasswordEncoder's prefixes (PasswordEncoderFactories.createDelegatingPasswordEncoder, 6.5). Maven Central cannot be reached
  from the test machine, so the hashes are made anew after the encoders' sources: Argon2PasswordEncoder, BCryptPasswordEncoder, Pbkdf2PasswordEncoder
  (hexadecimal digits of salt and digest), SCryptPasswordEncoder ($params in hexadecimal digits$salt$digest).
"""

import json

import firebase_scrypt_form as fbscrypt
import hashes
from people import Expected, b64, iso, letters, people, random_bytes, wrong_phone
from tables import Postgres

SYSTEMS = ["supabase", "supabase-json", "devise", "spring"]

GOTRUE = """create schema auth;
create table auth.users (
 instance_id uuid, id uuid primary key, aud varchar(255), role varchar(255), email varchar(255), encrypted_password varchar(255),
 email_confirmed_at timestamptz, invited_at timestamptz, confirmation_token varchar(255), confirmation_sent_at timestamptz, recovery_token varchar(255),
 recovery_sent_at timestamptz, email_change_token_new varchar(255), email_change varchar(255), email_change_sent_at timestamptz, last_sign_in_at timestamptz,
 raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin bool, created_at timestamptz, updated_at timestamptz, phone text unique default null,
 phone_confirmed_at timestamptz, phone_change text default '', phone_change_token varchar(255) default '', phone_change_sent_at timestamptz,
 confirmed_at timestamptz generated always as (least(email_confirmed_at, phone_confirmed_at)) stored, email_change_token_current varchar(255) default '',
 email_change_confirm_status smallint default 0 check (email_change_confirm_status between 0 and 2), banned_until timestamptz,
 reauthentication_token varchar(255) default '', reauthentication_sent_at timestamptz, is_sso_user boolean not null default false, deleted_at timestamptz,
 is_anonymous boolean not null default false);
create unique index users_email_partial_key on auth.users (email) where (is_sso_user = false);
"""
DEVISE = """create table users (
 id bigserial primary key, email varchar default '' not null, encrypted_password varchar default '' not null, reset_password_token varchar,
 reset_password_sent_at timestamp(6), remember_created_at timestamp(6), sign_in_count integer default 0 not null, current_sign_in_at timestamp(6),
 last_sign_in_at timestamp(6), current_sign_in_ip varchar, last_sign_in_ip varchar, confirmation_token varchar, confirmed_at timestamp(6),
 confirmation_sent_at timestamp(6), unconfirmed_email varchar, failed_attempts integer default 0 not null, unlock_token varchar, locked_at timestamp(6),
 provider varchar, uid varchar, name varchar, phone varchar, created_at timestamp(6) not null, updated_at timestamp(6) not null);
"""
SPRING = """create table users (
 id bigserial primary key, username varchar(150) not null unique, password varchar(500) not null, enabled boolean not null,
 account_non_expired boolean not null, account_non_locked boolean not null, credentials_non_expired boolean not null,
 email varchar(255), first_name varchar(255), last_name varchar(255), phone varchar(50), created_at timestamp not null);
"""


def make(system, folder, count):
    return supabase(system, folder, count) if system.startswith("supabase") else globals()[system](folder, count)


def stamp(moment):
    return moment and iso(moment, 6, "+00", " ")


def supabase(system, folder, count):
    expected = Expected(system, "PostgreSQL, with GoTrue's table; PyPI bcrypt, argon2-cffi, firebase-scrypt", "https://github.com/supabase/auth/tree/master/migrations")
    expected.accepted = {"absent": [1, "$fbscrypt$ carries the project's signer key: 300 bytes"], "refused": [2, "the same"]}
    columns = """instance_id id aud role email encrypted_password email_confirmed_at invited_at confirmation_token confirmation_sent_at recovery_token
email_change_token_new email_change last_sign_in_at raw_app_meta_data raw_user_meta_data is_super_admin created_at updated_at phone phone_confirmed_at banned_until is_sso_user deleted_at is_anonymous""".split()
    rows, known, seen = [], 0, set()
    for person in people("supabase", count):
        known += person.known
        if person.known and known in (5, 10):
            hash = hashes.argon2(person, 65536, 3, 4)
        elif person.known and known in (7, 14):
            hash = fbscrypt.gotrue(person)
        else:
            hash = hashes.bcrypt(person, "2a", 10)
        social = person.kind == "social"
        if social or person.kind == "none":
            hash = "" if person.n % 2 else None
        email = person.email.lower() if person.email else None
        anonymous = email is None and not person.phone
        if email in seen:
            email = f"{person.username}.{person.n}@example.com"
        if email:
            seen.add(email)
        full = f"{person.first} {person.last}"
        deleted = person.blocked and person.n % 3 == 0
        banned = None
        if person.blocked and not deleted:
            banned = stamp(person.created.replace(year=2124, day=1))
        elif person.n % 90 == 4 and not person.known:
            banned = stamp(person.created.replace(year=2021, day=1))
        if deleted:
            email = b64(random_bytes(person.rng, 33)).replace("+", "-").replace("/", "_") if email else None
        meta = {"sub": person.uuid, "email": email, "email_verified": person.verified, "phone_verified": False}
        if social:
            meta |= {"full_name": full, "name": full, "avatar_url": f"https://example.com/a/{person.n}.png", "iss": "https://accounts.google.com"}
        else:
            meta |= {"first_name": person.first, "last_name": person.last}
        verified = person.verified and email is not None
        rows.append(["00000000-0000-0000-0000-000000000000", person.uuid, "authenticated", "authenticated", email, hash, stamp(person.created) if verified else None,
                     None, "" if verified else sha_token(person), None if verified else stamp(person.created), "", "", "", stamp(person.last_login),
                     json.dumps({"provider": "google" if social else "email", "providers": ["google" if social else "email"]}), json.dumps({} if anonymous else meta, ensure_ascii=False),
                     None, stamp(person.created), stamp(person.updated), person.phone[1:] if person.phone else None, stamp(person.created) if person.phone and person.n % 2 else None,
                     banned, False, stamp(person.updated) if deleted else None, anonymous])
        if deleted and email:
            # A digest is no address: the user arrives without.
            expected.omit("email", email)
        address = None if deleted else email
        expected.user(person, "hash" if hash else None, id=person.uuid, email=address, phone=person.phone, blocked=person.blocked,
                      emailVerified=verified if address else "any", signedUp=person.created, lastLogin=person.last_login,
                      phoneVerified=bool(person.n % 2) if person.phone else "any",
                      **({} if anonymous else {"display": full} if social else {"givenName": person.first, "familyName": person.last}))
    with Postgres() as database:
        database.psql(GOTRUE)
        database.load("auth.users", columns, rows)
        if system == "supabase":
            expected.file = "users.csv"
            text = database.psql("\\copy auth.users to stdout csv header")
        else:
            expected.file = "users.json"
            text = database.psql("select jsonb_agg(u) from auth.users u")
    (folder / expected.file).write_text(text)
    return expected


def sha_token(person):
    return random_bytes(person.rng, 28).hex()


def devise(folder, count):
    expected = Expected("devise", "PostgreSQL, with Devise's table; PyPI bcrypt", "https://github.com/heartcombo/devise/blob/v4.9.4/lib/generators/active_record/templates/migration.rb")
    expected.file = "users.csv"
    columns = """id email encrypted_password reset_password_token remember_created_at sign_in_count current_sign_in_at last_sign_in_at current_sign_in_ip last_sign_in_ip
confirmation_token confirmed_at confirmation_sent_at failed_attempts locked_at provider uid name phone created_at updated_at""".split()
    rows, known = [], 0
    plain = lambda moment: moment and iso(moment, 6, "", " ")
    for person in people("devise", count):
        known += person.known
        social = person.kind == "social"
        hash = "" if person.kind != "password" else hashes.bcrypt(person, "2a", 12 if known < 5 else 11)
        name = f"{person.first} {person.last}"
        phone = wrong_phone(person) if person.wrong_phone else person.phone_text
        rows.append([person.id, person.email.lower() if person.email else "", hash, random_bytes(person.rng, 32).hex() if person.n % 50 == 0 else None, None, person.n % 40, plain(person.last_login),
                     plain(person.last_login), "203.0.113.7" if person.last_login else None, "203.0.113.8" if person.last_login else None,
                     letters(person.rng, 20), plain(person.created) if person.verified else None, plain(person.created), 20 if person.blocked else 0,
                     plain(person.updated) if person.blocked else None, "google_oauth2" if social else None, str(person.rng.getrandbits(69)) if social else None,
                     name, phone, plain(person.created), plain(person.updated)])
        if person.wrong_phone:
            expected.omit("phone", phone)
        expected.user(person, "hash" if hash else None, id=person.id, email=person.email, phone=person.phone, blocked=person.blocked,
                      emailVerified=person.verified if person.email else "any", display=name, signedUp=person.created, loginsCount=person.n % 40)
    with Postgres() as database:
        database.psql(DEVISE)
        database.load("users", columns, rows)
        (folder / expected.file).write_text(database.psql("\\copy users to stdout csv header"))
    expected.settle_duplicates()
    return expected


def spring(folder, count):
    expected = Expected("spring", "PostgreSQL, with a table of UserDetails; hashlib, argon2-cffi, PyPI bcrypt", "https://docs.spring.io/spring-security/reference/features/authentication/password-storage.html")
    why = "{scrypt} of before 5.8 has 64 bytes of salt: 141 bytes, which want a key of 2,048 bits"
    expected.accepted = {"absent": [120, why], "refused": [2, "the same"]}
    expected.file = "users.csv"
    kinds = ["bcrypt"] * 5 + ["argon2@SpringSecurity_v5_8"] * 3 + ["pbkdf2@SpringSecurity_v5_8"] * 3 + ["scrypt@SpringSecurity_v5_8"] * 3 + ["argon2", "argon2", "pbkdf2", "pbkdf2", "scrypt", "scrypt"]
    rows, known = [], 0
    for person in people("spring", count):
        kind = kinds[known % 20] if person.known else person.rng.choice(kinds)
        known += person.known
        phone = wrong_phone(person) if person.wrong_phone else person.phone_text
        blocked = person.blocked
        switches = [True, True, True]
        if blocked:
            switches[person.n % 3] = False
        stale = person.n % 60 == 1 and not person.known
        rows.append([person.id, person.username, "{%s}%s" % (kind, spring_hash(person, kind)), switches[0], switches[1], switches[2], not stale,
                     person.email, person.first, person.last, phone, iso(person.created, 6, "", " ")])
        if person.wrong_phone:
            expected.omit("phone", phone)
        expected.user(person, "hash", id=person.id, email=person.email, phone=person.phone, blocked=blocked, username=person.username,
                      givenName=person.first, familyName=person.last, signedUp=person.created)
    with Postgres() as database:
        database.psql(SPRING)
        database.load("users", "id username password enabled account_non_expired account_non_locked credentials_non_expired email first_name last_name phone created_at".split(), rows)
        (folder / expected.file).write_text(database.psql("\\copy users to stdout csv header"))
    expected.settle_duplicates()
    return expected


def spring_hash(person, kind):
    rng = person.rng
    if kind == "bcrypt":
        return hashes.bcrypt(person, "2a", 10)
    if kind.startswith("argon2"):
        return hashes.argon2(person, 16384, 2, 1) if "@" in kind else hashes.argon2(person, 4096, 3, 1)
    if kind.startswith("pbkdf2"):
        name, rounds, length = ("sha256", 310000, 16) if "@" in kind else ("sha1", 185000, 8)
        salt = random_bytes(rng, length)
        return (salt + hashes.pbkdf2(person, name, salt, rounds, 32)).hex()
    log, length = (16, 16) if "@" in kind else (14, 64)
    salt = random_bytes(rng, length)
    return f"${log << 16 | 8 << 8 | 1:x}${b64(salt)}${b64(hashes.scrypt(person, salt, 1 << log, 8, 1, 32))}"
