"""Laravel, WordPress, Drupal, Discuz (UCenter) and Magento: tables of MySQL as its programs write them. Not by the
real software: the tables are those of the sources named below, the hashes those of PyPI's libraries.

- laravel: `users` of laravel/laravel (database/migrations/0001_01_01_000000_create_users_table.php) with the columns that
  applications add (`phone`, soft deletes' `deleted_at`: https://laravel.com/docs/12.x/eloquent#soft-deleting; a soft-deleted
  user cannot sign in). bcrypt `$2y$12$` and, where config/hashing.php says so, argon2id. By `mysql --batch`.
- wordpress: `wp_users` (https://developer.wordpress.org/reference/classes/wpdb/, wp-admin/includes/schema.php) by
  phpMyAdmin. phpass, `$wp$2y$` of 6.8 (https://make.wordpress.org/core/2025/02/17/wordpress-6-8-will-use-bcrypt-for-password-hashing/),
  MD5 of before 2.5. WordPress trims passwords. Nobody is blocked in a single site.
- drupal: `users_field_data` of Drupal 10 (core/modules/user/src/UserStorageSchema.php) by phpMyAdmin, with the anonymous user 0.
  status 0 is blocked. `$S$`, `U$S$` of an upgrade from Drupal 6, `$2y$` of Drupal 10.1.
- ucenter: `pre_ucenter_members` of Discuz! X3.4 (uc_server/install/uc.sql), md5(md5(password) + salt), by phpMyAdmin. Whether a
  user is locked is in another table. Some users have no e-mail address.
- discuz: the same joined with `pre_common_member` (upload/install/data/install.sql) by `mysql --batch`; status -1 is a locked member
  (source/function/function_member.php), emailstatus 1 a verified address.
- magento: `customer_entity` of Magento 2.4 (app/code/Magento/Customer/etc/db_schema.xml) by `mysql --batch`; magento-outfile by
  `SELECT … INTO OUTFILE`, without a header.
  `hash:salt:version` as Magento\\Framework\\Encryption\\Encryptor makes it: 0 MD5, 1 SHA-256, 2 and 3_32_2_67108864
  Argon2id of libsodium, `0:1` an MD5 hashed again. A customer whose lock_expires is not over cannot sign in, nor
  one whose confirmation is not null where the shop's settings demand one (Magento\\Customer\\Model\\AccountManagement::authenticate).
  is_active is not looked at there.
"""

import hashlib
from datetime import datetime, timezone

import hashes
from hashes import PASSWORD
from people import Expected, PASSWORDS, iso, letters, people, random_bytes, wrong_phone
from tables import mysql_batch, outfile, phpmyadmin

SYSTEMS = ["laravel", "wordpress", "drupal", "discuz", "ucenter", "magento", "magento-outfile"]


def make(system, folder, count):
    if system in ("discuz", "ucenter"):
        return forum(system, folder, count)
    if system.startswith("magento"):
        return magento(system, folder, count)
    return globals()[system](folder, count)


def sql(moment):
    return moment and iso(moment.replace(microsecond=0), 0, "", " ")


def whole(moment):
    return moment and moment.replace(microsecond=0)


def laravel(folder, count):
    expected = Expected("laravel", "documentation; PyPI bcrypt, argon2-cffi", "https://github.com/laravel/laravel/blob/12.x/database/migrations/0001_01_01_000000_create_users_table.php")
    expected.file = "users.tsv"
    rows, known = [], 0
    for person in people("laravel", count):
        known += person.known
        hash = (hashes.argon2(person, 65536, 4, 1) if known % 4 == 0 and (person.known or person.n % 5 == 0) else hashes.bcrypt(person, "2y", 12 if known < 5 else 10))
        if person.kind == "social":
            hash = None
        email = person.email or f"{person.username}@example.org"
        if person.n % 701 == 5 and not person.known:
            email = f" {email} "
        name = f"{person.first} {person.last}"[:255]
        phone = wrong_phone(person) if person.wrong_phone else person.phone_text
        created = "0000-00-00 00:00:00" if person.n % 401 == 7 else sql(person.created)
        verified = sql(person.created) if person.verified else None
        rows.append([person.id, name, email, verified, phone, hash, letters(person.rng, 60) if person.last_login else None,
                     created, sql(person.updated), sql(person.updated) if person.blocked else None])
        if person.wrong_phone:
            expected.omit("phone", phone)
        expected.user(person, "hash" if hash else None, id=person.id, email=email.strip(), phone=person.phone, blocked=person.blocked,
                      emailVerified=person.verified, display=name, signedUp=None if created[0] == "0" else whole(person.created))
    mysql_batch(folder / expected.file, ["id", "name", "email", "email_verified_at", "phone", "password", "remember_token", "created_at", "updated_at", "deleted_at"], rows)
    expected.settle_duplicates()
    return expected


def wordpress(folder, count):
    expected = Expected("wordpress", "documentation; passlib, PyPI bcrypt, hashlib", "https://developer.wordpress.org/reference/functions/wp_hash_password/")
    expected.file = "wp_users.csv"
    expected.lacks = ["first and last name (wp_usermeta)", "roles"]
    rows, known = [], 0
    for person in people("wordpress", count):
        known += person.known
        if person.known:
            hash = hashes.md5_hex(person) if known > 18 else hashes.wordpress68(person) if known % 2 else hashes.phpass(person)
        else:
            hash = hashes.wordpress68(person) if person.n % 3 == 0 else hashes.phpass(person)
        registered = "0000-00-00 00:00:00" if person.n % 301 == 9 else sql(person.created)
        display = f"{person.first} {person.last}"[:250]
        email = person.email or ""
        rows.append([person.id, person.username, hash, person.username[:50], email, "http://example.com/~" + person.username if person.n % 40 == 0 else "",
                     registered, "" if person.verified else f"{int(person.created.timestamp())}:{hashes.phpass(person)}" if not person.known else "", 0, display])
        expected.user(person, "hash", id=person.id, email=person.email, username=person.username, display=display,
                      signedUp=None if registered[0] == "0" else whole(person.created))
    phpmyadmin(folder / expected.file, ["ID", "user_login", "user_pass", "user_nicename", "user_email", "user_url", "user_registered", "user_activation_key", "user_status", "display_name"], rows)
    expected.settle_duplicates()
    return expected


def drupal(folder, count):
    expected = Expected("drupal", "documentation; hashlib by Drupal's source, PyPI bcrypt", "https://git.drupalcode.org/project/drupal/-/blob/10.3.x/core/lib/Drupal/Core/Password/PhpassHashedPasswordBase.php")
    expected.file = "users_field_data.csv"
    rows, known = [[0, "en", "en", None, "", None, None, "", 0, 1451606400, 1451606400, 0, 0, None, 1]], 0
    expected.user(None, None, id=0, arrives="nobody")
    for person in people("drupal", count - 1):
        known += person.known
        upgraded = person.known and known in (7, 14)
        hash = hashes.drupal7(person, 16 if person.known and known % 5 == 0 else 15, md5_first=upgraded) if known % 3 or upgraded else hashes.bcrypt(person, "2y", 10)
        if person.kind != "password":
            hash = None
        rows.append([person.id, "en", "en", None, person.username, hash, person.email, person.rng.choice(["Europe/Berlin", "America/New_York", "UTC", ""]),
                     0 if person.blocked else 1, int(person.created.timestamp()), int(person.updated.timestamp()),
                     int(person.last_login.timestamp()) if person.last_login else 0, int(person.last_login.timestamp()) if person.last_login else 0, person.email, 1])
        expected.user(person, "hash" if hash else None, id=person.id, email=person.email, blocked=person.blocked, username=person.username,
                      signedUp=whole(person.created), lastLogin=whole(person.last_login))
    phpmyadmin(folder / expected.file, ["uid", "langcode", "preferred_langcode", "preferred_admin_langcode", "name", "pass", "mail", "timezone", "status", "created", "changed", "access", "login", "init", "default_langcode"], rows)
    expected.settle_duplicates()
    return expected


def forum(system, folder, count):
    joined = system == "discuz"
    expected = Expected(system, "documentation; hashlib", "https://gitee.com/Discuz/DiscuzX (uc_server/install/uc.sql, uc_server/model/user.php)")
    expected.lacks = ["phone (pre_common_member_profile.mobile)"] if joined else ["whether a user is locked (pre_common_member.status)", "phone (pre_common_member_profile.mobile)"]
    rows, names = [], set()
    for person in people(system, count, ["CN"]):
        salt = letters(person.rng, 6, "0123456789abcdef")
        digest = hashes.digest_hex(person, "md5", hashlib.md5((person.password or "").encode()).hexdigest(), salt)
        name = f"{person.last}{person.first.strip()}{person.n}"[:15] if not person.first.isascii() and person.n % 2 else person.username[:15 - len(str(person.n))].rstrip("0123456789") + str(person.n)
        while name.lower() in names:
            name = name[:12] + letters(person.rng, 3)
        names.add(name.lower())
        email = person.email or ""
        if person.n % 667 == 3 and not person.known and email:
            email += " "
        registered, seen = int(person.created.timestamp()), int(person.last_login.timestamp()) if person.last_login else 0
        address = person.rng.choice(["hidden", "127.0.0.1", "10.2.3.4"])
        if joined:
            # A member who has never come to the forum itself has a row in UCenter only.
            stranger = person.n % 70 == 2 and not person.known and not person.blocked
            rows.append([person.id, name, digest, salt, email, address, registered, seen, ""] + ([None] * 5 if stranger else [-1 if person.blocked else 0, int(person.verified), 0, 0, 10]))
            more = {"emailVerified": person.verified and not stranger if email else "any"}
        else:
            rows.append([person.id, name, digest, email, "", "", address, registered, 0, seen, salt, ""])
            more = {}
        expected.user(person, "hash", id=person.id, email=email.strip() or None, username=name, blocked=person.blocked and joined, signedUp=whole(person.created), lastLogin=whole(person.last_login), **more)
    if joined:
        expected.file = "users.tsv"
        mysql_batch(folder / expected.file, "uid username password salt email regip regdate lastlogintime secques status emailstatus avatarstatus adminid groupid".split(), rows)
    else:
        expected.file = "pre_ucenter_members.csv"
        phpmyadmin(folder / expected.file, ["uid", "username", "password", "email", "myid", "myidkey", "regip", "regdate", "lastloginip", "lastlogintime", "salt", "secques"], rows)
    expected.settle_duplicates()
    return expected


def magento(system, folder, count):
    expected = Expected(system, "documentation; hashlib, argon2-cffi (libsodium's parameters)", "https://github.com/magento/magento2/blob/2.4-develop/lib/internal/Magento/Framework/Encryption/Encryptor.php")
    expected.file = "customer_entity.csv"
    columns = """entity_id website_id email group_id increment_id store_id created_at updated_at is_active disable_auto_group_change created_in prefix
firstname middlename lastname suffix dob password_hash rp_token rp_token_created_at default_billing default_shipping taxvat confirmation gender failures_num first_failure lock_expires""".split()
    rows, known = [], 0
    kinds = ["3"] * 8 + ["1"] * 6 + ["0"] * 2 + ["2"] * 2 + ["0:1"] * 2
    for person in people("magento", count):
        kind = kinds[known % 20] if person.known else person.rng.choice(["3", "3", "1"])
        known += person.known
        salt = letters(person.rng, 16 if kind in "32" else 32)
        if kind in "32":
            digest, _ = hashes.argon2(person, 65536, 2, 1, salt=salt.encode(), raw=True)
            hash = f"{digest.hex()}:{salt}:{'3_32_2_67108864' if kind == '3' else 2}"
        elif kind == "0:1":
            hash = f"{hashlib.sha256((salt + hashlib.md5((salt + (person.password or '')).encode()).hexdigest()).encode()).hexdigest()}:{salt}:0:1"
        else:
            hash = f"{hashes.digest_hex(person, 'md5' if kind == '0' else 'sha256', salt, PASSWORD)}:{salt}:{kind}"
        if person.kind != "password":
            hash = None
        gender = {"M": 1, "F": 2, "U": None if person.n % 2 else 3}[person.gender]
        born = None if person.n % 3 else "0000-00-00" if person.n % 99 == 0 else person.birthday.strftime("%Y-%m-%d")
        locked = "2099-12-31 23:59:59" if person.blocked else "2021-05-05 05:05:05" if person.n % 50 == 3 else None
        waiting = letters(person.rng, 32) if not person.verified and person.n % 3 == 0 else None
        email = person.email or f"{person.username}@example.net"
        rows.append([person.id, 1, email, 1, None, 1, sql(person.created), sql(person.updated), 1, 0, "Default Store View", None, person.first, None, person.last, None,
                     born, hash, None, None, None, None, None, waiting, gender, 0, None, locked])
        expected.user(person, "hash" if hash else None, id=person.id, email=email, blocked=True if person.blocked else None if waiting else False, givenName=person.first, familyName=person.last,
                      signedUp=whole(person.created), birthdate=None if not born or born[0] == "0" else born, gender={1: "M", 2: "F", 3: "U"}.get(gender, "U?"),
                      emailVerified=waiting is None)
    if system == "magento":
        expected.file = "customer_entity.tsv"
        mysql_batch(folder / expected.file, columns, rows)
    else:
        expected.options = ["--columns", ",".join(columns)]
        outfile(folder / expected.file, rows)
    expected.settle_duplicates()
    return expected
