#!/usr/bin/env python3
"""Makes the function's self-test.json of vectors.jsonl, forms.jsonl, systems.jsonl and parts.jsonl: two or three cheap vectors a
scheme, named by the file that reads them."""
import json
import re
from pathlib import Path

HERE = Path(__file__).parent
FUNCTION = HERE / "../../src/password/function"


def read(name):
    return [json.loads(line) for line in open(HERE / name, encoding="utf-8")]


FILES = json.loads((FUNCTION / "dependencies.json").read_text())["files"]
CHEAP = lambda line: not any(mark in line["stored"] for mark in ("$12$", "$10$", "rounds=6", "rounds=5", "m=65536", "m=102400", "ln=16", "$1000000$", "32768"))
picked, seen = {}, {}
for line in read("vectors.jsonl"):
    if line.get("verifiable", True) and line["password"] and CHEAP(line) and line["by"] != "hashcat's example hashes":
        forms = seen.setdefault(line["scheme"], set())
        of = picked.setdefault(FILES[line["scheme"]][0], {}).setdefault(line["scheme"], [])
        # One of each way of writing, and one password beyond ASCII.
        form = re.match(r"[$]?[A-Za-z_{}]*[0-9]{0,3}[a-z]?[$:]?", line["stored"]).group() + ("short" if line.get("rule", {}).get("short") else "")
        if not forms:
            forms.add("beyond ASCII")
        elif len(of) == 1 and line["password"].isascii():
            continue
        if len(of) < 5 and form not in forms or len(of) == 1:
            forms.add(form)
            of.append({key: line[key] for key in ("password", "stored", "firebase") if key in line})
# One of each form of each program.
for line in read("forms.jsonl") + read("systems.jsonl") + read("parts.jsonl"):
    of = picked.setdefault(FILES[line["scheme"]][0], {}).setdefault((line["scheme"], line["by"]), [])
    if line["password"] and ("rule" not in line or line["scheme"] == "hmac") and len(of) < 1:
        of.append({key: line[key] for key in ("password", "stored")})
self_test = {file: [vector for of in schemes.values() for vector in of] for file, schemes in sorted(picked.items())}
(FUNCTION / "self-test.json").write_text(json.dumps(self_test, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
