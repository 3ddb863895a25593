"""ASP.NET Identity: `AspNetUsers` as SQL Server Management Studio saves it. Not by the real software: the bytes of
PasswordHash are laid out as https://github.com/dotnet/aspnetcore/blob/main/src/Identity/Extensions.Core/src/PasswordHasher.cs says
(0x00: PBKDF2-HMAC-SHA1, 1,000 iterations, 16 bytes of salt, 32 of subkey; 0x01: PRF, iterations and salt length in network order, salt, subkey).

- aspnet: Identity of ASP.NET Core (IdentityUser, https://learn.microsoft.com/aspnet/core/security/authentication/customize-identity-model).
  Version 3 (SHA-512, 100,000 since .NET 7; SHA-256, 10,000 before). Some hashes are still those of version 2.
- aspnet-powershell: the same by `Invoke-Sqlcmd … | Export-Csv -NoTypeInformation`: everything quoted, True and False, an empty cell for NULL, LockoutEnd
  by CONVERT(varchar(33), LockoutEnd, 127).
- aspnet2: Identity 2 of ASP.NET MVC 5 (LockoutEndDateUtc, https://learn.microsoft.com/aspnet/identity).

Nobody can sign in before LockoutEnd if LockoutEnabled is 1 (UserManager.IsLockedOutAsync); a lock-out that is over says nothing any more.
"""

import csv

import hashes
from people import Expected, b64, iso, letters, people, random_bytes, wrong_phone
from tables import plain, ssms

SYSTEMS = ["aspnet", "aspnet-powershell", "aspnet2"]


def version2(person):
    salt = random_bytes(person.rng, 16)
    return b64(b"\0" + salt + hashes.pbkdf2(person, "sha1", salt, 1000, 32))


def version3(person, prf, iterations):
    salt = random_bytes(person.rng, 16)
    head = b"\1" + prf.to_bytes(4, "big") + iterations.to_bytes(4, "big") + (16).to_bytes(4, "big")
    return b64(head + salt + hashes.pbkdf2(person, ["sha1", "sha256", "sha512"][prf], salt, iterations, 32))


def make(system, folder, count):
    expected = Expected(system, "documentation; hashlib by the documented bytes", "https://github.com/dotnet/aspnetcore/blob/main/src/Identity/Extensions.Core/src/PasswordHasher.cs")
    expected.file = "AspNetUsers.csv"
    new = system != "aspnet2"
    shell = system == "aspnet-powershell"
    rows, known = [], 0
    for person in people(system, count):
        known += person.known
        if person.kind != "password":
            hash = None
        elif not new or known % 7 == 3:
            hash = version2(person)
        elif known % 3 == 0:
            hash = version3(person, 1, 10000)
        else:
            hash = version3(person, 2, 100000)
        phone = wrong_phone(person) if person.wrong_phone else person.phone_text
        dice = person.n % 40
        end = None
        enabled = 1
        if person.blocked:
            end = "9999-12-31 23:59:59.9999999" if person.n % 2 else "2999-01-01 00:00:00.0000000"
        elif dice == 7 and not person.known:
            end = "2021-06-01 12:30:00.0000000"
        elif dice == 8 and not person.known:
            end, enabled = "2999-01-01 00:00:00.0000000", 0
        name = person.email or person.username
        if person.n % 3 == 0 or person.duplicate is not None:
            name = person.username
        row = [person.uuid.upper() if not new else person.uuid, name, person.email, 1 if person.verified and person.email else 0, hash]
        if new:
            stamp = end and end + " +00:00"
            rows.append([row[0], name, name.upper(), person.email, person.email and person.email.upper(), row[3], hash, letters(person.rng, 32, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
                         person.uuid[::-1].replace("-", "x"), phone, 1 if person.phone and person.n % 2 else 0, 0, stamp, enabled, person.n % 4])
        else:
            stamp = end and end[:23]
            rows.append([row[0], person.email, row[3], hash, person.uuid[::-1].replace("-", "x"), phone, 1 if person.phone and person.n % 2 else 0, 0, stamp, enabled, person.n % 4, name])
        if person.wrong_phone:
            expected.omit("phone", phone)
        expected.user(person, "hash" if hash else None, id=row[0], email=person.email, phone=person.phone, blocked=person.blocked,
                      emailVerified=person.verified if person.email else "any", username=name, phoneVerified=bool(person.n % 2) if person.phone else "any")
    columns = ("Id UserName NormalizedUserName Email NormalizedEmail EmailConfirmed PasswordHash SecurityStamp ConcurrencyStamp PhoneNumber PhoneNumberConfirmed TwoFactorEnabled LockoutEnd LockoutEnabled AccessFailedCount"
               if new else "Id Email EmailConfirmed PasswordHash SecurityStamp PhoneNumber PhoneNumberConfirmed TwoFactorEnabled LockoutEndDateUtc LockoutEnabled AccessFailedCount UserName").split()
    if shell:
        bits = [columns.index(name) for name in ("EmailConfirmed", "PhoneNumberConfirmed", "TwoFactorEnabled", "LockoutEnabled")]
        for row in rows:
            for at in bits:
                row[at] = str(bool(row[at]))
            end = columns.index("LockoutEnd")
            row[end] = row[end] and row[end].replace(" +00:00", "Z").replace(" ", "T").replace(".0000000", "")
        plain(folder / expected.file, columns, rows, csv.QUOTE_ALL, "\r\n")
    else:
        ssms(folder / expected.file, columns, rows)
    expected.settle_duplicates()
    return expected
