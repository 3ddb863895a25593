"""Made-up people for the exports of `make/`, with the dirt that real user tables have.

Everything is drawn from a generator seeded with the system's name, so an export comes out the same every time. Nobody
here is real: addresses are of example domains, and each phone number is checked with `phonenumbers` (the Python port of
Google's libphonenumber), so that "valid" and "wrong" are not this project's own opinion.
"""

import base64
import hashlib
import random
import string
import uuid
from datetime import datetime, timedelta, timezone

import phonenumbers

UTC = timezone.utc

FIRST = """Anna Ben Chloé Dmitri Eva Finn Grażyna Hana Ivo João Katarzyna Łukasz Mia Noah Olga Pál Quentin Rosa Søren Tomáš
Ursula Věra Wei Ximena Yusuf Zoë Zeynep Åsa Özge Élodie Nguyễn Siobhán Renée Jean-Luc Mary-Ann D'Arcy""".split()
LAST = """Amsel Birch Cole Dorn Eriksson Fischer García Hughes Ivanov Jensen Kowalski Lindqvist Müller Nowak O'Brien Peña
Quinn Rossi Šimek Tanaka Ünal Virtanen Weiß Xu Yılmaz Zieliński Smith Johnson de la Cruz van der Berg""".split()
FOREIGN = [("伟", "李"), ("芳", "王"), ("秀英", "张"), ("さくら", "田中"), ("민준", "김"), ("محمد", "علي"), ("Иван", "Петров"),
           ("Ελένη", "Παπαδοπούλου"), ("अमित", "शर्मा"), ("שרה", "כהן"), ("🦊 Foxy", "Lee"), ("Zoë\u0308", "e\u0301te")]
DOMAINS = ["example.com", "example.org", "example.net", "mail.example.com", "firma.example", "corp.test"]
WRONG_PHONES = ["0", "n/a", "123", "-", "unknown", "+999 1234567", "+1 555", "12345678901234567890", "k.A.", "13800"]

PASSWORDS = [
    "correct horse battery staple", "Passw0rd!", "p+a&s%s=w?", "我的密码是12345", "密码测试一二三", "🔑 emoji 🐼 パス", "ünïcödé straße",
    "\"quotes\" 'both' \\", "%2B+%20 encoded", "secret123", "12345678", "qwertyuiop", "tr0ub4dor&3", "a$b$c:d;e,f|g", "{SSHA}notahash",
    "e\u0301 decomposed \u1e9b\u0323", "пароль-кириллица", "UPPER lower 0123456789", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRS", "null NULL nil",
]
assert len(PASSWORDS) == 20


class Person:
    """One user as the source knows it. A maker writes what its system has of this, and says in `expect` what must arrive."""

    def __init__(self, **parts):
        self.__dict__.update(parts)


def phone(rng, country):
    """A valid number of the country in E.164."""
    while True:
        digits = "".join(rng.choice(string.digits) for _ in range(8))
        number = {
            "US": f"+1{rng.choice(['415', '212', '312', '206', '617'])}{rng.randint(200, 989)}{digits[:4]}",
            "DE": f"+49151{digits}",
            "GB": f"+447{rng.choice(['400', '700', '911', '500'])}{digits[:6]}",
            "FR": f"+336{digits}",
            "CN": f"+861{rng.choice(['38', '39', '50', '86', '77'])}{digits}",
            "JP": f"+8190{digits}",
        }[country]
        if phonenumbers.is_valid_number(phonenumbers.parse(number)):
            return number


def spelled(rng, number):
    """The same number as people write it, with its country code."""
    parsed = phonenumbers.parse(number)
    international = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return rng.choice([number, number, number, international, international.replace(" ", "-"), f" {number} "])


def wrong(rng):
    text = rng.choice(WRONG_PHONES)
    for region in (None, "US", "CN", "DE"):
        try:
            assert not phonenumbers.is_valid_number(phonenumbers.parse(text, region)), text
        except phonenumbers.NumberParseException:
            pass
    return text


def people(system, count, countries=("US", "US", "DE", "GB", "FR", "CN")):
    """`count` people. 20 of them have known passwords: they are spread over the whole, and none of them is dirty."""
    rng = random.Random(f"userferry {system}")
    known = {(i + 1) * count // 21: i for i in range(20)}
    result, names = [], set()
    for n in range(count):
        first, last = (rng.choice(FOREIGN) if rng.random() < 0.08 else (rng.choice(FIRST), rng.choice(LAST)))
        if rng.random() < 0.004:
            first, last = "Maximiliane " * 10 + "Xenia", "von und zu Hohenlohe-" * 5 + "Berg"
        plain = f"user{n}" if not f"{first}{last}".isascii() else f"{first}.{last}{n}".lower().replace("'", "").replace(" ", "")[:48]
        created = datetime(2016, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(8 * 365 * 86400), microseconds=rng.randrange(1000) * 1000)
        person = Person(
            n=n, id=n + 1, first=first, last=last, username=plain, email=f"{plain}@{rng.choice(DOMAINS)}",
            phone=phone(rng, rng.choice(countries)) if rng.random() < 0.6 else None, phone_text=None, wrong_phone=False,
            created=created, last_login=created + timedelta(days=rng.randrange(1, 700), seconds=rng.randrange(86400)) if rng.random() < 0.8 else None,
            updated=created + timedelta(days=rng.randrange(700)),
            verified=rng.random() < 0.85, blocked=False, kind="password", known=n in known, password=None, duplicate=None,
            country=None, gender=rng.choice("MFU"), birthday=datetime(1950, 1, 1) + timedelta(days=rng.randrange(20000)),
            uuid=str(uuid.UUID(int=rng.getrandbits(128), version=4)), rng=rng,
        )
        if person.known:
            person.password = PASSWORDS[known[n]]
            person.verified = True
        else:
            dirty(rng, person, result)
        while person.username in names:
            person.username += "x"
        names.add(person.username)
        if person.phone:
            person.phone_text = spelled(rng, person.phone)
        result.append(person)
    return result


def dirty(rng, person, before):
    dice = rng.random()
    if dice < 0.03:
        person.blocked = True
    elif dice < 0.11:
        person.kind = "social"
    elif dice < 0.13:
        person.kind = "none"
    elif dice < 0.15:
        person.email = person.email.replace("example", "Example").title() if person.email.isascii() else person.email
    elif dice < 0.17:
        person.first = f" {person.first} "
    dice = rng.random()
    if dice < 0.025:
        person.email = None
    elif dice < 0.028 and before:
        twin = rng.choice(before)
        if twin.email and not twin.known and twin.duplicate is None:
            person.email, person.duplicate = twin.email, twin.n
    if rng.random() < 0.02:
        person.phone, person.wrong_phone = None, True


def wrong_phone(person):
    """The text of the phone column for somebody whose number is wrong."""
    return wrong(person.rng)


def letters(rng, length, alphabet=string.ascii_letters + string.digits):
    return "".join(rng.choice(alphabet) for _ in range(length))


def random_bytes(rng, length):
    return rng.getrandbits(8 * length).to_bytes(length, "big")


def b64(data, pad=True):
    text = base64.b64encode(data).decode()
    return text if pad else text.rstrip("=")


def sha(name, *parts):
    return hashlib.new(name, b"".join(part.encode() if isinstance(part, str) else part for part in parts))


def iso(moment, digits=3, zone="Z", between="T"):
    text = moment.strftime(f"%Y-%m-%d{between}%H:%M:%S")
    if digits:
        text += "." + f"{moment.microsecond:06}"[:digits]
    return text + zone


class Expected:
    """What must arrive of each user, and what an export lacks."""

    def __init__(self, system, made_by, source):
        self.system, self.made_by, self.source = system, made_by, source
        self.users, self.known, self.omitted, self.lacks = [], [], {}, []
        self.options, self.function_options, self.file = [], [], None
        # What is known not to arrive, with the reason; run.py fails where more is lost than that.
        self.accepted = {}

    def user(self, person, password, *, id, email=None, phone=None, blocked=False, arrives=True, **fields):
        """`password`: "hash" or None. A field of None must not arrive; a field that is not named is not looked at.
        `blocked` may be None where the documentation leaves it to the one who migrates."""
        self.users.append({
            "id": None if id is None else str(id), "email": email, "phone": phone, "blocked": blocked, "password": password,
            "arrives": arrives, "fields": {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()},
        })
        if person is not None and person.known:
            self.known.append({"id": str(id), "password": person.password, "wrong": person.password[1:] + "~"})

    def omit(self, field, text=""):
        if text == "-":
            return  # Nothing but punctuation is no value, as people write it.
        self.omitted[field] = self.omitted.get(field, 0) + 1

    def settle_duplicates(self, *names):
        """Of several users with one address (or another unique thing) only the first can arrive."""
        for name in names or ("email",):
            seen = set()
            for user in self.users:
                value = user[name] if name in user else user["fields"].get(name)
                if value is None or not user["arrives"]:
                    continue
                if value.lower() in seen:
                    user["arrives"] = "duplicate"
                seen.add(value.lower())

    def as_json(self):
        assert len(self.known) in (0, 20), len(self.known)
        return {key: value for key, value in self.__dict__.items()}
