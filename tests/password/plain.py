#!/usr/bin/env python3
"""Makes typed.tsv: 2,000 passwords as people have them, with what sort each is of. The same each time.

The mixture follows what lists of passwords that came to light look like: half of them are a word or a
name with digits, a tenth are keyboard walks and numbers, and a seventh come from password managers."""
import random
from pathlib import Path

pick = random.Random(20261130)
TOP = """123456 123456789 12345678 password qwerty abc123 111111 iloveyou admin letmein welcome monkey dragon football sunshine princess master
 shadow superman michael trustno1 baseball 000000 654321 666666 888888 5201314 woaini a123456 123123 1q2w3e4r qazwsx zaq12wsx passw0rd Password1
 P@ssw0rd Passw0rd! changeme secret root toor test guest hello freedom whatever ninja mustang access charlie donald batman hunter2 starwars pokemon
 google computer killer jordan harley ranger asdfgh zxcvbn qwertyuiop 1qaz2wsx q1w2e3r4 aa123456 wang1234 zhang520 7758521 147258369 1314520 110110
 1q2w3e4r5t6y a1b2c3d4 1qaz2wsx3edc qwer1234 Aa123456. Abc@1234 woaini1314 asd123456 123456abc q123456789 1234qwer""".split()
NAMES = """zhang wang li zhao chen yang liu huang zhou wu xu sun hu zhu gao lin he guo ma luo xiaoming xiaohong lihua thomas robert anna maria peter julia
 kevin laura daniel sarah david emma lukas mia felix sofia ivan olga pierre camille jose carmen""".split()
WORDS = """summer winter spring autumn sunshine flower tiger coffee guitar soccer london berlin paris beijing shanghai dragon phoenix rainbow butterfly
 chocolate banana orange cherry mountain river ocean forest thunder shadow silver golden purple happy lucky crazy little magic secret welcome
 correct horse battery staple castle bridge window garden pepper cookie""".split()
OTHER = """密码 我的密码 中文口令 пароль любовь كلمة パスワード 비밀번호 contraseña señorita Straße façade ünïcödé ελληνικά 龍門客棧 天天向上 爱你一万年 mật_khẩu žluťoučký 🐼熊猫 🔑""".split()
ROWS = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "1qaz2wsx3edc4rfv", "qweasdzxc"]


def capital(word):
    return word.capitalize() if pick.random() < 0.35 else word


def digits(least, most):
    return "".join(pick.choice("0123456789") for _ in range(pick.randint(least, most)))


def year():
    return str(pick.randint(1965, 2024))


def leet(word):
    return "".join({"a": "@", "o": "0", "e": "3", "i": "1", "s": "$"}.get(c, c) if pick.random() < 0.5 else c for c in word)


def of_word():
    word = capital(pick.choice(WORDS))
    tail = pick.choice([digits(1, 4), year(), "!", "123", "1", digits(2, 2) + "!", ""])
    return word + tail


def of_name():
    name = capital(pick.choice(NAMES))
    return name + pick.choice(["", "@", ".", "_", ""]) + pick.choice([year(), year()[2:] + f"{pick.randint(1, 12):02}", digits(3, 6), "520", "1314", "666"])


def date():
    return f"{pick.randint(1965, 2010)}{pick.randint(1, 12):02}{pick.randint(1, 28):02}"


def phone():
    return pick.choice(["13", "15", "18"]) + digits(9, 9)


def walk():
    row = pick.choice(ROWS)
    start = pick.randrange(len(row) - 4)
    part = row[start:start + pick.randint(4, 10)]
    return part + pick.choice(["", part[::-1], digits(1, 3), "!", part])


def phrase():
    between = pick.choice([" ", "-", "", ".", "_"])
    return between.join(capital(pick.choice(WORDS)) for _ in range(pick.randint(3, 5))) + pick.choice(["", digits(1, 2), "!"])


def browser():
    """Chrome's: 15 of letters and digits, a sign at times."""
    return "".join(pick.choice("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(15))


def apple():
    """iCloud's: three groups of six, a capital and a digit in one place each."""
    text = [pick.choice("abcdefghijkmnopqrstuvwxyz") for _ in range(18)]
    text[pick.randrange(18)] = pick.choice("ABCDEFGHJKLMNPQRSTUVWXYZ")
    text[pick.randrange(18)] = pick.choice("0123456789")
    return "-".join("".join(text[i:i + 6]) for i in (0, 6, 12))


def manager():
    signs = pick.choice(["", "", "!@#$%^&*", "!@#%^&*()-_=+[]:,.?", "-_"])
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + signs
    return "".join(pick.choice(letters) for _ in range(pick.randint(8, 32)))


def other():
    return pick.choice(OTHER) + pick.choice(["", digits(1, 4), "!", year()])


GROUPS = [
    ("list", 300, lambda: pick.choice(TOP)), ("word", 400, of_word), ("name", 380, of_name), ("date", 80, date), ("phone", 60, phone), ("pin", 80, lambda: digits(6, 6)),
    ("walk", 130, walk), ("leet", 90, lambda: leet(pick.choice(WORDS)) + digits(0, 3)), ("phrase", 90, phrase), ("other", 100, other), ("manager", 200, manager), ("browser", 50, browser),
    ("apple", 40, apple),
]
lines = [(name, make()) for name, count, make in GROUPS for _ in range(count)]
pick.shuffle(lines)
assert len(lines) == 2000 and not any("\n" in text or "\t" in text for _, text in lines)
(Path(__file__).parent / "typed.tsv").write_text("".join(f"{name}\t{text}\n" for name, text in lines), encoding="utf-8")
