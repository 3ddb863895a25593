"""What arrived, against what the maker of the export knows."""

import re
import time
from datetime import datetime, timezone


STARTED = time.time() - 1


class Directory:
    """The users of the sandbox, found by any of their identifiers."""

    def __init__(self, users):
        self.users = users
        self.by = {}
        for user in users:
            for field in ("externalId", "email", "username"):
                if user.get(field):
                    self.by.setdefault((field, user[field].lower()), user)
            for number in phones(user):
                self.by.setdefault(("phone", number), user)

    def find(self, expected):
        ids = expected["id"] if isinstance(expected["id"], list) else [expected["id"]]
        names = expected["fields"].get("username")
        keys = [("externalId", id) for id in ids] + [("email", expected["email"]), ("phone", expected["phone"])]
        keys += [("username", name) for name in (names if isinstance(names, list) else [names])]
        for field, value in keys:
            user = value and self.by.get((field, value.lower()))
            if user:
                return user
        return None


def phones(user):
    """The number in E.164, as it may be meant."""
    phone, code = user.get("phone"), user.get("phoneCountryCode")
    if not phone:
        return []
    if phone.startswith("+"):
        return [phone]
    return [code + phone] if code else ["+86" + phone, phone]


def seconds(text):
    text = text.replace("Z", "+00:00")
    text = re.sub(r"\.\d+", "", text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def verdict(field, wanted, user):
    """right, missing, wrong, or unexpected."""
    if field == "display":
        got = [user[name] for name in ("name", "nickname") if user.get(name)]
    elif field == "phone":
        got = phones(user)
    elif field == "externalId":
        got = [user["externalId"]] if user.get("externalId") else []
    elif field == "blocked":
        got = [bool(user.get("blocked") or user.get("isDeleted"))]
    else:
        got = [user[field]] if user.get(field) not in (None, "") else []
    if isinstance(wanted, bool):
        return "right" if bool(got and got[0]) == wanted else "missing" if not got else "wrong"
    if field == "signedUp" and wanted is None and got and seconds(got[0]) > STARTED:
        return "right"  # the provider's own: when the user came to it
    if field == "loginsCount" and wanted is None and got == [0]:
        return "right"  # the provider's own, too
    if wanted is None:
        return "unexpected" if got else "right"
    if not got:
        return "right" if wanted == "U?" else "missing"
    wants = wanted if isinstance(wanted, list) else [wanted]
    if field in ("signedUp", "lastLogin"):
        return "right" if abs(seconds(got[0]) - seconds(wants[0])) < 1 else "wrong"
    fold = (lambda text: str(text).strip().lower()) if field in ("email", "externalId") else (lambda text: str(text).strip())
    wants = {fold(want) for want in wants} | ({"U"} if wanted == "U?" else set())
    return "right" if any(fold(value) in wants for value in got) else "wrong"


def compare(expected, users, passwords):
    """The figures of one system. `passwords` are those of the directory, by the id of its user."""
    directory = Directory(users)
    result = {"people": 0, "arrived": 0, "whole": 0, "absent": [], "fields": {}, "blocked": {"right": 0, "let_in": 0, "shut_out": 0}, "passwords": {"right": 0, "missing": 0, "unexpected": 0}, "examples": {}}
    for person in expected["users"]:
        if person["arrives"] in ("duplicate", "nobody", False):
            continue
        user = directory.find(person)
        if person["arrives"] == "deleted":
            if user and not (user.get("blocked") or user.get("isDeleted")):
                result["blocked"]["let_in"] += 1
            continue
        result["people"] += 1
        if user is None:
            result["absent"].append(person["id"])
            continue
        result["arrived"] += 1
        wanted = {"externalId": person["id"], "email": person["email"], "phone": person["phone"], **person["fields"]}
        whole = True
        for field, value in wanted.items():
            if value == "any":
                continue
            said = verdict(field, value, user)
            counts = result["fields"].setdefault(field, {"right": 0, "missing": 0, "wrong": 0, "unexpected": 0, "absent_right": 0})
            counts["absent_right" if said == "right" and value is None else said] += 1
            whole &= said == "right"
            if said != "right":
                result["examples"].setdefault(f"{field} {said}", {"id": person["id"], "wanted": value, "got": {name: user.get(name) for name in (["name", "nickname"] if field == "display" else ["phone", "phoneCountryCode"] if field == "phone" else [field])}})
        if person["blocked"] is not None:
            said = verdict("blocked", person["blocked"], user)
            kind = "right" if said == "right" else "let_in" if person["blocked"] else "shut_out"
            result["blocked"][kind] += 1
            whole &= said == "right"
            if said != "right":
                result["examples"].setdefault(f"blocked {kind}", {"id": person["id"]})
        has = bool(passwords.get(id(user)))
        kind = "right" if has == (person["password"] == "hash") else "unexpected" if has else "missing"
        result["passwords"][kind] += 1
        whole &= kind == "right"
        if kind != "right":
            result["examples"].setdefault(f"password {kind}", {"id": person["id"]})
        result["whole"] += whole
    result["taken"] = [field for field, n in result["fields"].items() if n["right"] and n["right"] >= 0.98 * (n["right"] + n["missing"] + n["wrong"]) and n["unexpected"] <= 0.02 * result["arrived"]]
    result["lost"] = [field for field in result["fields"] if field not in result["taken"] and any(result["fields"][field][kind] for kind in ("missing", "wrong", "unexpected", "right"))]
    result["absent_count"], result["absent"] = len(result["absent"]), result["absent"][:5]
    return result, directory
