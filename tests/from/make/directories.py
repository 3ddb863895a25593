"""LDAP and Active Directory as CSV. Not by the real software; hashes by PyPI's passlib and argon2-cffi.

- ldap: the CSV export of Apache Directory Studio (https://directory.apache.org/studio/users-guide/ldap_browser/wizard_export_csv.html): a column an
  attribute, `|` between several values, binary values in base64. inetOrgPerson (RFC 2798), userPassword (RFC 2307; OpenLDAP's pw-pbkdf2,
  pw-argon2: https://www.openldap.org/doc/admin26/security.html#Password%20Storage), operational attributes createTimestamp
  and pwdAccountLockedTime, which `000001010000Z` fills for users locked for good (https://www.openldap.org/doc/man/man5/slapo-ppolicy.5.html).
  `{SASL}` names another service, which has the password.
- ldap-text: the same with userPassword as text, as scripts with python-ldap write it, and 389 Directory Server's nsAccountLock.
- active-directory: `Get-ADUser -Filter * -Properties … | Export-Csv -NoTypeInformation -Encoding UTF8`
  (https://learn.microsoft.com/powershell/module/activedirectory/get-aduser): everything quoted, True and False, dates of en-US, no passwords.
- active-directory-csvde: `csvde -f users.csv -r (objectCategory=person)`
  (https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2012-r2-and-2012/cc732101(v=ws.11)): generalized time, userAccountControl (bit 2 disabled), FILETIMEs,
  binary values as X'…', several values joined by `;`.
"""

import base64
import csv
import uuid

from passlib import hash as ph

import hashes
from people import Expected, b64, iso, letters, people, random_bytes, wrong_phone
from tables import plain

SYSTEMS = ["ldap", "ldap-text", "active-directory", "active-directory-csvde"]
KINDS = ["SSHA"] * 6 + ["SSHA256", "SSHA512", "SSHA512", "SHA", "SMD5", "MD5", "CRYPT6", "CRYPT6", "CRYPT5", "CRYPT1", "PBKDF2-SHA256", "PBKDF2-SHA512", "ARGON2", "CRYPT2"]


def make(system, folder, count):
    return ldap(system, folder, count) if system.startswith("ldap") else directory(system, folder, count)


def user_password(person, kind):
    """Known passwords by the real algorithm with its real cost; the others at a small cost, of a password nobody knows."""
    rng, password = person.rng, person.password or letters(person.rng, 24)
    salt = random_bytes(rng, 8)
    quick = not person.known
    if kind == "SSHA":
        return ph.ldap_salted_sha1.using(salt=salt).hash(password)
    if kind == "SSHA256":
        return ph.ldap_salted_sha256.using(salt=salt).hash(password)
    if kind == "SSHA512":
        return ph.ldap_salted_sha512.using(salt=salt).hash(password)
    if kind == "SHA":
        return ph.ldap_sha1.hash(password)
    if kind == "SMD5":
        return ph.ldap_salted_md5.using(salt=salt).hash(password)
    if kind == "MD5":
        return ph.ldap_md5.hash(password)
    if kind in ("CRYPT6", "CRYPT5"):
        handler, length = (ph.sha512_crypt, 86) if kind == "CRYPT6" else (ph.sha256_crypt, 43)
        salt = letters(rng, 16)
        if quick:
            return "{CRYPT}$%s$%s$%s" % (kind[-1], salt, letters(rng, length - 1, hashes.ITOA64) + rng.choice("./01"))
        return "{CRYPT}" + handler.using(salt=salt, rounds=5000).hash(password)
    if kind == "CRYPT1":
        return "{CRYPT}" + ph.md5_crypt.using(salt=letters(rng, 8)).hash(password)
    if kind == "CRYPT2":
        return "{CRYPT}" + hashes.bcrypt(person, "2b", 10)
    if kind.startswith("PBKDF2"):
        handler = {"PBKDF2-SHA256": ph.ldap_pbkdf2_sha256, "PBKDF2-SHA512": ph.ldap_pbkdf2_sha512}[kind]
        return handler.using(salt=random_bytes(rng, 16), rounds=10 if quick else 10000).hash(password).replace("}10$", "}10000$")
    return "{ARGON2}" + hashes.argon2(person, 7168, 5, 1)


def ldap(system, folder, count):
    studio = system == "ldap"
    expected = Expected(system, "documentation; passlib, argon2-cffi", "https://directory.apache.org/studio/users-guide/ldap_browser/wizard_export_csv.html")
    expected.file = "people.csv"
    rows, known = [], 0
    for person in people(system, count):
        kind = KINDS[known % 20] if person.known else person.rng.choice(KINDS)
        known += person.known
        password = user_password(person, kind) if person.kind == "password" else "{SASL}%s@EXAMPLE.COM" % person.username if person.kind == "social" else None
        if password and studio:
            password = base64.b64encode(password.encode()).decode()
        mail = person.email
        if mail and person.n % 50 == 11 and studio:
            mail += f"|alias{person.n}@example.org"
        mobile = wrong_phone(person) if person.wrong_phone else person.phone_text
        created = person.created.strftime("%Y%m%d%H%M%SZ")
        first, last = person.first, person.last
        row = [f"uid={person.username},ou=people,dc=example,dc=com", person.username, f"{first} {last}", last, first, f"{first} {last}" if person.n % 3 else None, mail, mobile, password,
               "inetOrgPerson|organizationalPerson|person|top" if studio else "inetOrgPerson", created]
        row.append(("000001010000Z" if person.blocked else None) if studio else ("true" if person.blocked else None))
        row.append(person.uuid)
        rows.append(row)
        if person.wrong_phone:
            expected.omit("phone", mobile)
        expected.user(person, "hash" if person.kind == "password" else None, id=[person.uuid, person.username, row[0]], email=person.email, phone=person.phone, blocked=person.blocked,
                      username=person.username, givenName=first, familyName=last, display=f"{first} {last}", signedUp=person.created.replace(microsecond=0))
        expected.users[-1]["id"] = [person.uuid, person.username, row[0]]
        if person.known:
            expected.known[-1]["id"] = [person.uuid, person.username, row[0]]
    columns = ["dn", "uid", "cn", "sn", "givenName", "displayName", "mail", "mobile", "userPassword", "objectClass", "createTimestamp", "pwdAccountLockedTime" if studio else "nsAccountLock", "entryUUID" if studio else "nsUniqueId"]
    plain(folder / expected.file, columns, rows, csv.QUOTE_ALL if studio else csv.QUOTE_MINIMAL)
    expected.settle_duplicates()
    return expected


def filetime(moment):
    return (int(moment.timestamp()) + 11644473600) * 10_000_000 if moment else 0


def directory(system, folder, count):
    shell = system == "active-directory"
    expected = Expected(system, "documentation", "https://learn.microsoft.com/powershell/module/activedirectory/get-aduser" if shell else "https://learn.microsoft.com/windows-server/administration/windows-commands/csvde")
    expected.file = "users.csv"
    expected.lacks = ["passwords"]
    rows = []
    american = lambda moment: f"{moment.month}/{moment.day}/{moment.year} {(moment.hour - 1) % 12 + 1}:{moment:%M:%S} {moment:%p}" if moment else None
    for person in people(system, count):
        person.known = False
        guid = uuid.UUID(person.uuid)
        sid = f"S-1-5-21-3623811015-3361044348-30300820-{1100 + person.n}"
        account = person.username[:20] if len(person.username) <= 20 else person.username[:14] + str(person.n)
        upn = f"{account}@corp.test"
        full = f"{person.first} {person.last}"
        mobile = wrong_phone(person) if person.wrong_phone else person.phone_text
        dn = f"CN={full.strip()},OU=Staff,DC=corp,DC=test"
        if shell:
            rows.append([dn, person.email, "False" if person.blocked else "True", person.first, person.last_login and american(person.last_login), "False", mobile, full, "user", guid, None,
                         account, sid, person.last, upn, american(person.created), full])
        else:
            control = 512 | (2 if person.blocked else 0) | (0x10000 if person.n % 3 == 0 else 0)
            rows.append([dn, "user", full, person.last, person.first, full, person.created.strftime("%Y%m%d%H%M%S.0Z"), person.updated.strftime("%Y%m%d%H%M%S.0Z"), full,
                         "X'" + guid.bytes_le.hex() + "'", control, filetime(person.last_login), 9223372036854775807, "X'" + "0105000000000005" + f"{person.n:08x}" + "'", account, upn, person.email, mobile])
        if person.wrong_phone:
            expected.omit("phone", mobile)
        expected.user(person, None, id=None, email=person.email, phone=person.phone, blocked=person.blocked, username=None,
                      givenName=person.first, familyName=person.last, display=full, signedUp=person.created.replace(microsecond=0))
        expected.users[-1]["id"] = [str(guid), sid] if shell else ["X'" + guid.bytes_le.hex() + "'", str(guid), dn, "X'" + "0105000000000005" + f"{person.n:08x}" + "'"]
        expected.users[-1]["fields"]["username"] = [account, upn]
    if shell:
        columns = "DistinguishedName EmailAddress Enabled GivenName LastLogonDate LockedOut MobilePhone Name ObjectClass ObjectGUID OfficePhone SamAccountName SID Surname UserPrincipalName whenCreated DisplayName".split()
        plain(folder / expected.file, columns, rows, csv.QUOTE_ALL, "\r\n")
        (folder / expected.file).write_bytes(b"\xef\xbb\xbf" + (folder / expected.file).read_bytes())
    else:
        columns = "DN objectClass cn sn givenName displayName whenCreated whenChanged name objectGUID userAccountControl lastLogonTimestamp accountExpires objectSid sAMAccountName userPrincipalName mail mobile".split()
        plain(folder / expected.file, columns, rows, end="\r\n")
    expected.settle_duplicates()
    return expected
