#!/usr/bin/env python3
"""From the export of each system to a sign-in: `init`, `check`, `stage`, `run`, `export --map`, `password function`, and no
line of the mapping by hand. What arrives is compared with what the makers of the exports know (see README.md).

    run.py [--systems django,auth0] [--count 2000] [--bin userferry] [--keep FOLDER] [-o figures.json]
"""

import argparse
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
sys.path[:0] = [str(HERE)]

import docs
from compare import compare

MODULES = ["django", "node", "postgres", "php", "aspnet", "keycloak", "cloud", "directories"]
POOL = {"AUTHING_USERPOOL_ID": "5f0000000000000000000001", "AUTHING_SECRET": "sandbox-secret"}


class Desk:
    """An empty folder in which userferry runs."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.env = binary, folder, {"PATH": os.environ["PATH"], "HOME": str(folder), **POOL}
        self.seconds = {}
        (folder / "screens").mkdir(parents=True)

    def ferry(self, *line, screen=None):
        start = time.monotonic()
        done = subprocess.run([self.binary, *line], cwd=self.folder, env=self.env, capture_output=True, text=True)
        self.seconds[line[0]] = round(self.seconds.get(line[0], 0) + time.monotonic() - start, 1)
        if screen:
            shown = " ".join(f"'{word}'" if " " in word else word for word in line)
            (self.folder / "screens" / screen).write_text(f"$ userferry {shown}\n{done.stdout}{done.stderr}[exit {done.returncode}]\n")
        return done

    def sandbox(self):
        process = subprocess.Popen([self.binary, "sandbox", "--port", "0", "--state", "state"], cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.env["AUTHING_HOST"] = process.stdout.readline().strip()
        return process

    def stored(self):
        users, passwords = [], {}
        for line in (self.folder / "state").read_text().splitlines():
            record = json.loads(line)
            if record.get("kind") == "user":
                users.append(record["fields"])
                passwords[id(record["fields"])] = record.get("password")
        return users, passwords


def install(function):
    """`npm ci` once for each lock file."""
    lock = function / "package-lock.json"
    if not lock.exists():
        return
    kept = CACHE / "function" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if not (kept / "node_modules").exists():
        kept.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(function / name, kept)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent", "--omit=dev"], cwd=kept, check=True)
    (function / "node_modules").symlink_to(kept / "node_modules")


def sign_in(desk, expected, directory, passwords, result):
    result["function_exit"] = None
    result["known"] = {"all": len(expected["known"]), "in": 0, "refused_wrong": 0, "not_there": 0}
    if not expected["known"]:
        return
    done = desk.ferry("password", "function", *expected["function_options"], "-o", "function", screen="function.txt")
    result["function_exit"] = done.returncode
    function = desk.folder / "function"
    if not (function / "index.js").exists():
        result["known"]["not_there"] = len(expected["known"])
        result["function_says"] = (done.stdout + done.stderr).strip().splitlines()[:3]
        return
    install(function)
    start = time.monotonic()
    self_test = subprocess.run(["node", "self-test.js"], cwd=function, capture_output=True, text=True)
    result["self_test"] = self_test.returncode
    by_id = {str(user["id"]): user for user in expected["users"]}
    desk.seconds["self-test"] = round(time.monotonic() - start, 1)
    asked, failed = [], []
    for known in expected["known"]:
        user = directory.find(by_id[str(known["id"])])
        stored = user and passwords.get(id(user))
        if not stored:
            result["known"]["not_there"] += 1
            failed.append({"id": known["id"], "why": "no password in the directory" if user else "not in the directory"})
            continue
        asked.append({**known, "stored": stored})
    answers = json.loads(subprocess.run(["node", HERE / "signin.mjs", function], input=json.dumps(asked), capture_output=True, text=True, check=True).stdout)
    desk.seconds["sign in"] = round(time.monotonic() - start, 1) - desk.seconds["self-test"]
    for known, answer in zip(asked, answers):
        result["known"]["in"] += answer["right"]
        result["known"]["refused_wrong"] += not answer["wrong"]
        if not answer["right"] or answer["wrong"]:
            failed.append({"id": known["id"], "why": "a wrong password is taken" if answer["wrong"] else "refused", "stored": known["stored"][:40]})
    result["known_failed"] = failed


def one(module, system, count, binary, work, knows):
    made = work / system / "export"
    made.mkdir(parents=True)
    start = time.monotonic()
    expected = module.make(system, made, count).as_json()
    (made / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1))
    desk = Desk(binary, work / system / "desk")
    desk.seconds["make"] = round(time.monotonic() - start, 1)
    for file in made.iterdir():
        if file.name in (expected["file"], "hash_config.txt"):
            shutil.copy(file, desk.folder)
    source, options = expected["file"], expected["options"]
    result = {"system": system, "made_by": expected["made_by"], "source": expected["source"], "records": len(expected["users"]), "lacks": expected["lacks"], "accepted": expected["accepted"], "exits": {}, "seconds": desk.seconds}
    yes = ["--yes"] if knows else []
    done = desk.ferry("init", "--from", source, *options, *yes, screen="init.txt")
    result["exits"]["init"] = done.returncode
    if done.returncode:
        result["stopped"] = f"init: {(done.stdout + done.stderr).strip()[:400]}"
        return result
    desk.ferry("check", source, *options, screen="check.txt")
    done = desk.ferry("check", "--json", source, *options)
    result["exits"]["check"] = done.returncode
    try:
        checked = json.loads(done.stdout)
        result["check"] = checked
        result["omitted"] = {"said": checked.get("omitted"), "counted": expected["omitted"]}
    except ValueError:
        result["check_says"] = (done.stdout + done.stderr)[:400]
    done = desk.ferry("stage", source, *options, screen="stage.txt")
    result["exits"]["stage"] = done.returncode
    if done.returncode not in (0, 3):
        result["stopped"] = f"stage: {(done.stdout + done.stderr).strip()[:600]}"
        return result
    sandbox = desk.sandbox()
    try:
        result["exits"]["run"] = desk.ferry("run", screen="run.txt").returncode
    finally:
        sandbox.terminate()
        sandbox.wait()
    result["exits"]["map"] = desk.ferry("export", "--map", "-o", "ids.csv", screen="map.txt").returncode
    desk.ferry("status", screen="status.txt")
    desk.ferry("failures", "--summary", screen="failures.txt")
    users, passwords = desk.stored()
    figures, directory = compare(expected, users, passwords)
    result |= figures
    result["duplicates"] = sum(user["arrives"] == "duplicate" for user in expected["users"])
    sign_in(desk, expected, directory, passwords, result)
    return result


def short(result):
    """One line of the table."""
    if "stopped" in result:
        return [result["system"], str(result["records"]), "0", "-", "-", "-", "-", "-", result["stopped"].replace("\n", " ")[:70]]
    valid = result["check"].get("valid", result["check"].get("records", {}).get("valid") if isinstance(result["check"].get("records"), dict) else "?") if "check" in result else "?"
    known, blocked = result["known"], result["blocked"]
    hashes = result["passwords"]
    omitted = result.get("omitted") or {}
    equal = "-" if omitted.get("said") is None else "=" if omitted["said"] == omitted["counted"] else "≠"
    return [result["system"], str(result["records"]), str(valid), f"{result['whole']}/{result['people']}", f"{len(result['taken'])}/{len(result['taken']) + len(result['lost'])}",
            f"{hashes['right']}/{sum(hashes.values())}" , f"{known['in']}/{known['all']}" + ("" if known["refused_wrong"] == known["all"] - known["not_there"] else " WRONG TAKEN"),
            f"{blocked['right']} (in {blocked['let_in']}, out {blocked['shut_out']})", f"omit {equal}; lost: " + ", ".join(result["lost"]) if result["lost"] else f"omit {equal}"]


def judge(result):
    """What is worse than it may be. `accepted` says what each maker knows to be lost: {"absent": [how many in a thousand, why], …}."""
    if "stopped" in result:
        return ["stopped"]
    most = lambda what: result["accepted"].get(what, [0])[0]
    known, omitted = result["known"], result.get("omitted", {"said": None, "counted": {}})
    found = {
        "users absent": result["absent_count"] - most("absent") * result["records"] / 1000,
        "users not whole": result["people"] - result["absent_count"] - result["whole"] - most("not whole") * result["records"] / 1000,
        "blocked users let in": result["blocked"]["let_in"] - most("let in") * result["records"] / 1000,
        "users shut out": result["blocked"]["shut_out"] - most("shut out") * result["records"] / 1000,
        "known passwords refused": known["all"] - known["in"] - most("refused"),
        "wrong passwords taken": known["all"] - known["not_there"] - known["refused_wrong"],
        "omitted values miscounted": 0 if omitted["said"] == omitted["counted"] else 1,
        "failed self-test": result.get("self_test", 0),
    }
    return [name for name, count in found.items() if count > 0]


def table(results):
    rows = [["system", "records", "valid", "whole", "fields", "has password", "signs in", "blocked right", "lost"]] + [short(result) for result in results]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--systems", default="")
    arguments.add_argument("--count", type=int, default=2000)
    arguments.add_argument("--bin", default=os.environ.get("USERFERRY_BIN", HERE.parents[1] / "target/debug/userferry"))
    arguments.add_argument("--keep")
    arguments.add_argument("-o", "--output")
    arguments.add_argument("--docs", action="store_true", help="write the table and the screens into docs/from")
    given = arguments.parse_args()
    binary = str(Path(given.bin).resolve())
    chosen = [name for name in given.systems.split(",") if name]
    work = Path(given.keep or tempfile.mkdtemp(prefix="userferry-from-")).resolve()
    knows = "--yes" in subprocess.run([binary, "init", "--help"], capture_output=True, text=True).stdout
    results = []
    try:
        for name in MODULES:
            module = importlib.import_module(f"make.{name}")
            for system in module.SYSTEMS:
                if chosen and system not in chosen:
                    continue
                shutil.rmtree(work / system, ignore_errors=True)
                result = one(module, system, given.count, binary, work, knows)
                results.append(result)
                print(f"{system}: {result['seconds']}", file=sys.stderr)
                if given.output:
                    Path(given.output).write_text(json.dumps(results, ensure_ascii=False, indent=1))
        if given.docs:
            docs.write(results, work)
    finally:
        if not given.keep:
            shutil.rmtree(work, ignore_errors=True)
    print(table(results))
    failed = 0
    for result in results:
        for what in judge(result):
            failed += 1
            print(f"FAILED {result['system']}: {what}", file=sys.stderr)
    print(f"{8 * len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
