"""Writes dates.tsv: moments in the forms that exports have, each with the moment as the provider takes it.

The oracle is Python's datetime; the seed is fixed, so it writes the same every time.
"""

import json
import random
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

random.seed(18)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SINCE_1601 = datetime(1601, 1, 1, tzinfo=timezone.utc)
MS = timedelta(milliseconds=1)
US = timedelta(microseconds=1)


def twelve(t, seconds=True):
    return f"{(t.hour + 11) % 12 + 1}:{t:%M}" + (f":{t:%S}" if seconds else "") + f" {t:%p}"


def forms(t):
    """A form's name, the text, and what it says: texts without a fraction say none."""
    s, minute = t.replace(microsecond=0), t.replace(second=0, microsecond=0)
    ms, day = t.replace(microsecond=t.microsecond // 1000 * 1000), t.replace(hour=0, minute=0, second=0, microsecond=0)
    east = t.astimezone(timezone(timedelta(hours=8)))
    west = s.astimezone(timezone(timedelta(hours=-4, minutes=-30)))
    yield "US, long", f"{s:%b} {s.day}, {s.year} {twelve(s)}", s
    yield "US, whole month", f"{s:%B} {s.day}, {s.year} at {twelve(minute, False)} UTC", minute
    yield "SQL Server", f"{s:%b} {s.day:2} {s.year} {twelve(minute, False).replace(' ', ''):>7}", minute
    yield "day", f"{s:%b} {s.day}, {s.year}", day
    yield "Oracle", f"{s:%d-%b-%Y}".upper() + f" {s:%H:%M:%S}", s
    yield "day first", f"{s.day} {s:%B} {s.year} {s:%H:%M}", minute
    yield "ctime", s.ctime(), s
    yield "date", f"{s:%a %b} {s.day:2} {s:%H:%M:%S} UTC {s.year}", s
    yield "JavaScript", f"{east:%a %b %d %Y %H:%M:%S} GMT+0800 (China Standard Time)", s
    yield "RFC 2822", format_datetime(west), s
    yield "ISO", t.isoformat(), t
    yield "ISO of a place", east.isoformat(timespec="milliseconds"), ms
    yield "PostgreSQL", f"{t:%Y-%m-%d %H:%M:%S.%f}+00", t
    yield "Rails", f"{s:%Y-%m-%d %H:%M:%S} UTC", s
    yield "Go", f"{t:%Y-%m-%d %H:%M:%S.%f} +0000 UTC", t
    yield "ISO, AM or PM", f"{s:%Y-%m-%d} {twelve(s)}", s
    yield "AD", f"{s:%Y%m%d%H%M%S}.0Z", s
    yield "LDAP", f"{s:%Y%m%d%H%M%S}Z", s
    yield "LDAP of a place", f"{west:%Y%m%d%H%M%S%z}", s
    yield "seconds", str((s - EPOCH) // timedelta(seconds=1)), s
    yield "seconds with a fraction", f"{(s - EPOCH) // timedelta(seconds=1)}.{t.microsecond:06}", t
    yield "milliseconds", str((t - EPOCH) // MS), ms
    yield "microseconds", str((t - EPOCH) // US), t
    yield ".NET", f"/Date({(t - EPOCH) // MS})/", ms
    yield ".NET of a place", f"/Date({(t - EPOCH) // MS}+0800)/", ms
    yield "FILETIME", str((t - SINCE_1601) // US * 10 + random.randrange(10)), t
    yield "MongoDB", json.dumps({"$date": ms.isoformat(timespec="milliseconds").replace("+00:00", "Z")}), ms
    yield "MongoDB, canonical", json.dumps({"$date": {"$numberLong": str((t - EPOCH) // MS)}}), ms


rows = []
for n in range(40):
    # From 1975 on: fewer digits than nine are no seconds.
    t = EPOCH + timedelta(days=random.randrange(1_900, 25_000), microseconds=random.randrange(86_400_000_000))
    if n < 4:
        t = t.replace(hour=[0, 12, 11, 23][n], minute=n)
    for form, text, said in forms(t):
        rows.append(f"{form}\t{text}\t{said:%Y-%m-%dT%H:%M:%S}.{said.microsecond // 1000:03}Z\n")
with open("dates.tsv", "w", encoding="utf-8") as out:
    out.writelines(rows)
