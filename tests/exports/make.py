"""Makes the exports of this folder: made-up people, in the forms that the vendors document.

    python3 tests/exports/make.py

Nothing in them is random, so the files come out the same every time.
"""

import base64
import csv
import hashlib
import json
import pathlib

HERE = pathlib.Path(__file__).parent
FIRST = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gil", "Hana", "Ivo", "Jin"]
LAST = ["Amsel", "Birch", "Cole", "Dorn"]
XING = ["张", "王", "李", "赵"]
MING = ["伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "勇", "艳"]
ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def digest(*words):
    return hashlib.sha256(" ".join(map(str, words)).encode()).digest()


def letters(length, *words):
    stream = b"".join(digest(*words, part) for part in range(length // 32 + 1))
    return "".join(ALPHABET[byte % 64] for byte in stream[:length])


def b64(length, *words):
    return base64.b64encode((digest(*words) * 2)[:length]).decode()


def uuid(*words):
    text = digest(*words).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}"


def bcrypt(n):
    return f"$2b$12${letters(53, 'bcrypt', n)}"


def people(count):
    for n in range(count):
        first, last = FIRST[n % 10], LAST[n // 10 % 4]
        yield n, first, last, f"{first}.{last}".lower()


def china(n):
    return f"1310000{n:04}"


def abroad(n):
    return f"+1415555{n + 100:04}"


def iso(n):
    return f"2021-{n % 12 + 1:02}-{n % 28 + 1:02}T08:{n % 60:02}:00.000Z"


def epoch(n):
    return 1_610_000_000 + n * 86_400


def write_json(name, value, indent=1):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")


def reference():
    """The vendor's page on importing users."""
    write_json("reference.json", [
        {
            "uid": str(n + 1), "nickname": name, "account_id": name, "mail": f"{name}@example.com",
            "password": bcrypt(n), "phone": china(n), "emailVerified": n % 3 != 0, "loginsCount": n,
        }
        for n, _, _, name in people(30)
    ])


def auth0():
    """A user export of Auth0, with the hashes of its password export joined to it."""
    lines = []
    for n, first, last, name in people(40):
        user_id = f"auth0|{digest('auth0', n).hex()[:24]}"
        user = {
            "user_id": user_id, "email": f"{name}@example.com", "email_verified": n % 4 != 0,
            "nickname": name, "name": f"{first} {last}",
            "picture": f"https://example.com/avatars/{n}.png",
            "created_at": iso(n), "updated_at": iso(n + 1),
            "identities": [{
                "connection": "Username-Password-Authentication", "user_id": user_id.split("|")[1],
                "provider": "auth0", "isSocial": False,
            }],
            "passwordHash": f"$2b$10${letters(53, 'auth0', n)}",
            "user_metadata": {"company": "Example Ltd", "theme": "dark"},
            "app_metadata": {"plan": "free"},
        }
        if n % 5 != 0:
            user |= {"last_login": iso(n + 2), "last_ip": f"192.0.2.{n}", "logins_count": n}
        if n % 10 == 3:
            user["blocked"] = True
        lines.append(json.dumps(user))
    (HERE / "auth0.ndjson").write_text("\n".join(lines) + "\n")


def keycloak():
    """A realm export of Keycloak with its users."""
    users = []
    for n, first, last, name in people(30):
        secret = {"value": b64(64, "keycloak", n), "salt": b64(16, "salt", n), "additionalParameters": {}}
        data = {"hashIterations": 210000, "algorithm": "pbkdf2-sha512", "additionalParameters": {}}
        attributes = {"locale": ["en"]}
        if n % 3 != 0:
            attributes |= {"phoneNumber": [abroad(n)], "phoneNumberVerified": ["true"]}
        users.append({
            "id": uuid("keycloak", n), "username": name, "firstName": first, "lastName": last,
            "email": f"{name}@example.com", "emailVerified": n % 4 != 0, "attributes": attributes,
            "createdTimestamp": epoch(n) * 1000, "enabled": n % 10 != 3, "totp": False,
            "credentials": [{
                "id": uuid("credential", n), "type": "password", "createdDate": epoch(n) * 1000,
                "secretData": json.dumps(secret), "credentialData": json.dumps(data),
            }],
            "disableableCredentialTypes": [], "requiredActions": [],
            "realmRoles": ["default-roles-example"], "notBefore": 0, "groups": [],
        })
    write_json("keycloak.json", {
        "id": "example", "realm": "example", "enabled": True, "sslRequired": "external",
        "roles": {"realm": [{"id": uuid("role"), "name": "default-roles-example", "composite": True}]},
        "users": users, "clients": [{"id": uuid("client"), "clientId": "account"}],
    })


def firebase():
    """What `firebase auth:export` writes."""
    users = []
    for n, first, last, name in people(40):
        user = {
            "localId": letters(28, "firebase", n).replace(".", "a").replace("/", "b"),
            "email": f"{name}@example.com", "emailVerified": n % 4 != 0,
            "passwordHash": b64(64, "firebase", n).replace("+", "-").replace("/", "_"),
            "salt": b64(9, "salt", n).replace("+", "-").replace("/", "_"),
            "displayName": f"{first} {last}",
            "lastSignedInAt": str(epoch(n + 9) * 1000), "createdAt": str(epoch(n) * 1000),
            "disabled": n % 10 == 3, "providerUserInfo": [],
        }
        if n % 2:
            user["photoUrl"] = f"https://example.com/avatars/{n}.png"
            user["providerUserInfo"] = [{
                "providerId": "google.com", "rawId": str(1000 + n), "email": user["email"],
                "displayName": user["displayName"],
            }]
        if n % 3:
            user["phoneNumber"] = abroad(n)
        users.append(user)
    write_json("firebase.json", {"users": users})


def cognito():
    """What `aws cognito-idp list-users` writes, and the form of its import as CSV."""
    users, rows = [], []
    header = (
        "cognito:username,name,given_name,family_name,middle_name,nickname,preferred_username,profile,"
        "picture,website,email,email_verified,gender,birthdate,zoneinfo,locale,phone_number,"
        "phone_number_verified,address,updated_at,cognito:mfa_enabled"
    ).split(",")
    for n, first, last, name in people(30):
        values = {
            "sub": uuid("cognito", n), "email": f"{name}@example.com",
            "email_verified": "false" if n % 4 == 0 else "true", "name": f"{first} {last}",
            "given_name": first, "family_name": last,
        }
        if n % 3:
            values |= {"phone_number": abroad(n), "phone_number_verified": "true"}
        users.append({
            "Username": f"{name}-{n}",
            "Attributes": [{"Name": key, "Value": value} for key, value in values.items()],
            "UserCreateDate": epoch(n) + 0.949, "UserLastModifiedDate": epoch(n + 5) + 0.123,
            "Enabled": n % 10 != 3, "UserStatus": "CONFIRMED",
        })
        values |= {
            "cognito:username": f"{name}-{n}", "birthdate": f"{n % 12 + 1:02}/{n % 28 + 1:02}/19{70 + n % 20}",
            "gender": ["female", "male"][n % 2], "zoneinfo": "Europe/Berlin", "locale": "en_US",
            "updated_at": str(epoch(n)), "cognito:mfa_enabled": "false",
        }
        rows.append([values.get(column, "") for column in header])
    write_json("cognito.json", {"Users": users})
    with open(HERE / "cognito.csv", "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def chinese():
    """A table with Chinese headers, as a back office exports it."""
    header = ["用户ID", "用户名", "姓名", "昵称", "手机号", "邮箱", "邮箱已验证", "密码", "性别", "生日", "公司",
              "头像", "注册时间", "最后登录时间", "登录次数", "状态", "备注"]
    rows = []
    for n in range(40):
        name = XING[n // 10] + MING[n % 10]
        phone = f"{china(n)[:3]}-{china(n)[3:7]}-{china(n)[7:]}" if n % 7 == 0 else china(n)
        rows.append([
            10_001 + n, f"user{n:03}", name, f"昵称{n}", phone, f"user{n:03}@example.com" if n % 8 else "",
            ["1", "0"][n % 2], hashlib.md5(f"{n}".encode()).hexdigest(), ["男", "女", "保密"][n % 3],
            f"19{70 + n % 30}年{n % 12 + 1}月{n % 28 + 1}日", "示例公司", f"https://example.com/{n}.png",
            f"2021/{n % 12 + 1}/{n % 28 + 1} 08:{n % 60:02}:00", f"2022-{n % 12 + 1:02}-{n % 28 + 1:02} 09:00:00", n, "正常", "",
        ])
    with open(HERE / "chinese.csv", "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def nested():
    """An export of a document database, with groups inside."""
    lines = []
    for n, first, last, name in people(25):
        lines.append(json.dumps({
            "_id": {"$oid": digest("nested", n).hex()[:24]},
            "account": {"login": name, "active": n % 10 != 3},
            "profile": {
                "name": {"first": first, "last": last},
                "contact": {"email": f"{first}.{last}@Example.com", "mobile": f"+86 {china(n)}"},
                "address": {"street": f"{n} Example Street", "city": "Exampleton", "postal_code": f"{10_000 + n}"},
            },
            "manager": {"name": "Max Muster", "email": "max@example.com"},
            "security": {"password": {"hash": bcrypt(n), "salt": b64(9, "nested", n)}},
            "meta": {"created_at": {"$date": iso(n)}},
        }))
    (HERE / "nested.jsonl").write_text("\n".join(lines) + "\n")


for make in (reference, auth0, keycloak, firebase, cognito, chinese, nested):
    make()
