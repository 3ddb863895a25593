#!/usr/bin/env python3
"""The benchmark of Userferry. Python 3.11 or newer; docs/performance.md shows what it found.

  bench.py                 all sections
  bench.py SECTION…        these, and what others found before is kept
  bench.py table           what was found so far, as markdown

USERFERRY names the binary to measure. Figures of one section are taken in turn, so that a machine
that slows down slows both sides. What does not end as it should ends the benchmark.
"""

import argparse
import datetime
import hashlib
import json
import os
import platform
import re
import sys
from pathlib import Path

import harness
import tools
from harness import HERE, ROOT, BenchError, binary, say
from sections import SECTIONS, Bench, Row, thousands


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; or table")
    parser.add_argument("--scale", type=float, default=1.0, help="so many times the users; only 1 is a result")
    parser.add_argument("--repeats", type=int, help="how often each is measured [3 or 5]")
    parser.add_argument("--data", type=Path, default=tools.TOOLS / "data", help="where large files lie (40 GB)")
    parser.add_argument("--results", type=Path, help="[results.json; of another scale .tools/scaled.json]")
    args = parser.parse_args()
    usual = HERE / "results.json" if args.scale == 1 else tools.TOOLS / "scaled.json"
    path = (args.results or usual).absolute()
    results = json.loads(path.read_text()) if path.is_file() else {"sections": {}}
    if args.sections == ["table"]:
        print(table(results))
        return 0
    unknown = set(args.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    if args.scale <= 0 or (args.repeats is not None and args.repeats < 1):
        parser.error("--scale and --repeats are more than 0")
    bench = Bench(args.data.absolute(), args.scale, args.repeats, results)
    bench.data.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in args.sections or SECTIONS:
        say(f"{name}: {SECTIONS[name].__doc__}")
        try:
            measurements, rows = SECTIONS[name](bench)
        except BenchError as error:
            say(f"error in {name}: {error}")
            failed.append(name)
            continue
        results["sections"][name] = {
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "scale": args.scale,
            "machine": machine(),
            "versions": versions(),
            "measurements": measurements,
            "rows": [row.to_json() for row in rows],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        print(table({"sections": {name: results["sections"][name]}}), flush=True)
    if failed:
        say(f"without a result: {', '.join(failed)}")
    return 1 if failed else 0


def table(results: dict) -> str:
    """The rows as markdown."""
    lines = ["| section | what | measured | ratio or figure | bar | met |", "| --- | --- | --- | --- | --- | --- |"]
    for name in SECTIONS:
        section = results["sections"].get(name)
        for told in section["rows"] if section else []:
            met = {True: "yes", False: "**no**", None: ""}[told.pop("met")]
            row = Row(**told)
            figure = "" if row.figure is None else f"{short(row.figure)} {row.unit}"
            scaled = "" if section["scale"] == 1 else f" (scale {section['scale']})"
            lines.append(f"| {name}{scaled} | {row.what} | {row.value} | {figure} | {bar(row)} | {met} |")
            told["met"] = row.met
    return "\n".join(lines)


def short(figure: float) -> str:
    return thousands(figure) if figure >= 10 else f"{figure:.3f}"


def bar(row: Row) -> str:
    if row.figure is None:
        return ""
    least = f"≥ {row.at_least:g}" if row.at_least is not None else ""
    return least or (f"≤ {row.at_most:g}" if row.at_most is not None else "")


def machine() -> dict:
    """What it was measured on."""
    about = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", about)
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": int(memory[1]) * 1024 if memory else None,
        "kernel": platform.release(),
        "load": os.getloadavg(),
    }


def versions() -> dict:
    """Of all that takes part."""
    version = tools.version
    return {
        "userferry": version([binary(), "--version"]),
        "binary_sha256": hashlib.sha256(binary().read_bytes()).hexdigest(),
        "commit": version(["git", "-C", ROOT, "rev-parse", "HEAD"]),
        "changed": version(["git", "-C", ROOT, "status", "--porcelain", "--", "src", "Cargo.lock"]) != "",
        "rustc": version(["rustc", "--version"]),
        "python": platform.python_version(),
        "oha": tools.OHA,
        "duckdb": tools.DUCKDB,
        "sqlite": version(["sqlite3", "--version"]),
        "node": version(["node", "--version"]),
        "valgrind": version(["valgrind", "--version"]),
    }


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        say(f"error: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
