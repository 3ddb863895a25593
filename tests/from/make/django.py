"""Django 5.2's `auth_user`, by the real software: Django's own migrations and hashers on SQLite.

`auth_user` as CSV by `sqlite3 -header -csv` (django), and by `manage.py dumpdata auth.user` (django-dumpdata);
https://docs.djangoproject.com/en/5.2/ref/contrib/auth/, https://docs.djangoproject.com/en/5.2/topics/auth/passwords/.
Users who log in by another service have an unusable password ("!" and 40 characters).
"""

import subprocess

from people import Expected, b64, letters, people, random_bytes

SYSTEMS = ["django", "django-dumpdata"]


def make(system, folder, count):
    from django.conf import settings
    database = str(folder / "db.sqlite3")
    if not settings.configured:
        settings.configure(
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}}, USE_TZ=True, SECRET_KEY="none",
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"], DEFAULT_AUTO_FIELD="django.db.models.AutoField",
            PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("PBKDF2", "Argon2", "Scrypt", "BCryptSHA256", "PBKDF2SHA1")],
        )
        import django
        django.setup()
    from django.contrib.auth import hashers
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection, connections
    connections.close_all()
    connection.settings_dict["NAME"] = database
    call_command("migrate", verbosity=0)

    expected = Expected(system, "Django 5.2 itself (migrations, hashers); SQLite", "https://docs.djangoproject.com/en/5.2/topics/auth/passwords/")
    schemes = ["pbkdf2_sha256"] * 8 + ["argon2"] * 4 + ["scrypt"] * 4 + ["bcrypt_sha256"] * 2 + ["pbkdf2_sha1"] * 2
    everybody, users = people("django", count), []
    known = 0
    for person in everybody:
        if person.known:
            hasher = hashers.get_hasher(schemes[known])
            known += 1
            salt = hasher.salt() if hasher.algorithm == "bcrypt_sha256" else letters(person.rng, 22)
            # Django raises the iterations with each version; users who have not logged in since keep the old ones.
            old = {"iterations": [180000, 260000, 600000][known % 3]} if schemes[known - 1].startswith("pbkdf2") and known > 2 else {}
            password = hasher.encode(person.password, salt, **old)
        elif person.kind == "password":
            password = f"pbkdf2_sha256${person.rng.choice([260000, 600000, 1000000])}${letters(person.rng, 22)}${b64(random_bytes(person.rng, 32))}"
        else:
            password = hashers.UNUSABLE_PASSWORD_PREFIX + letters(person.rng, 40)
        first, last = person.first[:150], person.last[:150]
        users.append(User(id=person.id, username=person.username, email=person.email or "", first_name=first, last_name=last, password=password,
                          is_active=not person.blocked, is_staff=person.n % 97 == 0, is_superuser=person.n % 499 == 0,
                          date_joined=person.created, last_login=person.last_login))
        expected.user(person, "hash" if person.kind == "password" else None, id=person.id, email=person.email, blocked=person.blocked,
                      username=person.username, givenName=first, familyName=last, signedUp=person.created, lastLogin=person.last_login)
    User.objects.bulk_create(users, batch_size=500)
    expected.settle_duplicates()
    if system == "django":
        expected.file = "auth_user.csv"
        with open(folder / expected.file, "wb") as file:
            subprocess.run(["sqlite3", "-header", "-csv", database, "SELECT * FROM auth_user"], check=True, stdout=file)
    else:
        expected.file = "auth_user.json"
        call_command("dumpdata", "auth.user", output=str(folder / expected.file), verbosity=0)
    return expected
