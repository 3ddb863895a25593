"""Writes made-up users, always the same for the same seed: records.py COUNT FILE [--csv FILE] [--seed N].

JSON: an array with one record a line, 300 bytes each on average with what separates them. The CSV
has the same values. Runs as a process of its own, so that its memory is not that of the benchmark.
"""

import argparse
import random

BYTES = 300
CHUNK = 10_000
COLUMNS = "uid,nickname,mail,emailVerified,phone,loginsCount,password,createdAt,address"
# Mobile numbers of mainland China: three digits that are in use, then eight of any kind.
PREFIXES = [p for p in (*range(130, 140), *range(150, 160), *range(180, 190)) if p != 154]
# The last of 22 characters of a salt carries two bits, the last of 31 of a digest four.
ALPHABET = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
TO_ALPHABET = bytes(ALPHABET[i % 64] for i in range(256))
SALT_END, DIGEST_END = ".Oeu", ".CGKOSWaeimquy26"
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗"
NAMES = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华"
ADDRESS = "Room 1204 Building 7 No. 88 East Zhongshan Road Huangpu District Shanghai 200002 " * 3


def chunk(rng: random.Random, first: int, count: int):
    """The values of each user, in the order of the columns; the address still without its padding."""
    uids = rng.randbytes(16 * count).hex()
    letters = rng.randbytes(53 * count).translate(TO_ALPHABET).decode()
    bits = rng.randbytes(8 * count)
    for i in range(count):
        n, b = first + i, bits[8 * i : 8 * i + 8]
        at = 53 * i
        salt = letters[at : at + 21] + SALT_END[b[0] % 4]
        digest = letters[at + 22 : at + 52] + DIGEST_END[b[1] % 16]
        # The factor has no divisor in common with 10^8, so no number comes twice.
        phone = f"{PREFIXES[n % len(PREFIXES)]}{n // len(PREFIXES) * 61_803_399 % 100_000_000:08}"
        nickname = SURNAMES[b[2] % len(SURNAMES)] + NAMES[b[3] % len(NAMES)] + NAMES[b[4] % len(NAMES)]
        day = f"20{10 + b[5] % 15}-{1 + b[6] % 12:02}-{1 + b[7] % 28:02}"
        created = f"{day}T{b[3] % 24:02}:{b[4] % 60:02}:{b[6] % 60:02}Z"
        yield (uids[32 * i : 32 * i + 32], nickname, f"user{n}@example.com", b[5] % 3 > 0, phone, b[7],
               f"$2b$12${salt}{digest}", created, b[4] % 64)  # fmt: skip


def write(count: int, path: str, csv_path: str | None, seed: int) -> None:
    """Writes the files."""
    rng = random.Random(seed)
    sheet = open(csv_path, "w", encoding="utf-8", newline="") if csv_path else None
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write("[\n")
        if sheet:
            sheet.write(COLUMNS + "\n")
        for first in range(0, count, CHUNK):
            lines, rows = [], []
            for user in chunk(rng, first, min(CHUNK, count - first)):
                uid, nickname, mail, verified, phone, logins, password, created, more = user
                truth = "true" if verified else "false"
                line = (f'{{"uid":"{uid}","nickname":"{nickname}","mail":"{mail}","emailVerified":{truth},'
                        f'"phone":"{phone}","loginsCount":{logins},"password":"{password}",'
                        f'"createdAt":"{created}","address":"')  # fmt: skip
                # A nickname has six bytes more than characters; `more` is 32 on average; 4 bytes end a record.
                address = ADDRESS[: max(1, BYTES - len(line) - 6 - 4 - 33 + more)]
                lines.append(f'{line}{address}"}}')
                if sheet:
                    rows.append(f"{uid},{nickname},{mail},{truth},{phone},{logins},{password},{created},{address}\n")
            out.write(",\n".join(lines))
            out.write(",\n" if first + CHUNK < count else "\n]\n")
            if sheet:
                sheet.writelines(rows)
    if sheet:
        sheet.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("file")
    parser.add_argument("--csv")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    write(args.count, args.file, args.csv, args.seed)
