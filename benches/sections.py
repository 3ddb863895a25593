"""The sections: each measures, checks what it has measured, and returns every single figure and its rows."""

import json
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import tools
from harness import HERE, POOL, SECRET, BenchError, Server, Stub, Table, binary, environment, run, say, settle, start

CONNECTIONS = 64
# The most that `--concurrency` takes.
WIDE = 1_024
MIB = 1024 * 1024


@dataclass
class Row:
    """A line of the table. `bar` is what `figure` is held against: at least, or at most."""

    what: str
    value: str
    figure: float | None = None
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        if self.figure is None or (self.at_least is None and self.at_most is None):
            return None
        return not (
            self.at_least is not None and self.figure < self.at_least
            or self.at_most is not None and self.figure > self.at_most
        )  # fmt: skip

    def to_json(self) -> dict:
        return asdict(self) | {"met": self.met}


@dataclass
class Bench:
    """Where and how large."""

    data: Path
    scale: float
    repeats: int | None
    results: dict

    def users(self, full: int, least: int = 100) -> int:
        return max(least, int(full * self.scale))

    def times(self, full: int) -> int:
        return self.repeats or full

    def records(self, count: int, *, csv: bool = False) -> tuple[Path, Path | None]:
        """The file of that many users, made once."""
        version = (HERE / "records.py").stat().st_mtime_ns
        path = self.data / f"users-{count}.json"
        sheet = path.with_suffix(".csv") if csv else None
        made = [p for p in (path, sheet) if p]
        if not all(p.is_file() and p.stat().st_mtime_ns > version for p in made):
            self.data.mkdir(parents=True, exist_ok=True)
            say(f"  making {count:,} users")
            argv = [sys.executable, HERE / "records.py", count, path]
            run(argv + (["--csv", sheet] if sheet else []))
        return path, sheet

    def table(self, name: str) -> Path:
        return self.data / f"table-{name}"


def thousands(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:,.1f}"


def sends(bench: Bench, table: Table, users: int, width: int, stub_options: dict) -> dict:
    """One whole run of a staged table against a new stub."""
    settle()
    with Stub(tools.stub(), **stub_options) as stub:
        ended = table.userferry("run", "--concurrency", width, url=stub.url)
    stub.expect(users)
    table.expect(created=users)
    return {
        "users": users,
        "seconds": ended.seconds,
        "per_second": users / ended.seconds,
        "steady_per_second": table.steady_rate(),
        "cpu_seconds": ended.cpu_seconds,
        "peak_bytes": ended.peak_bytes,
        "requests": stub.counts,
    }


def real_body(bench: Bench, key_bits: int) -> Path:
    """The body of a create, as it leaves, and its head beside it."""
    body = bench.data / f"body-{key_bits}"
    table, _ = Table.staged(bench.table("body"), bench.records(100)[0])
    sends(bench, table, 100, CONNECTIONS, {"key_bits": key_bits, "dump": body})
    table.remove()
    return body


# ---- run


def turn(bench: Bench, staged: Table, body: Path, width: int, stub_options: dict) -> dict:
    """A copy of a staged table is run; oha sends the body of a create as often, and so do the libraries of a run
    alone, encrypting a password for each. All in turn, with a stub of their own."""
    users = staged.status()["pending"]
    load = {"requests": users, "connections": width, "body": body}
    rates = {}
    for name, sender in (("oha", tools.load), ("libraries", tools.libraries)):
        settle()
        with Stub(tools.stub(), **stub_options) as stub:
            rates[name] = sender(stub.url, key_bits=stub_options.get("key_bits", 1024), **load)
        stub.expect(users)
    table = staged.copy(bench.table("turn"))
    rates["userferry"] = sends(bench, table, users, width, stub_options)
    table.remove()
    told = ", ".join(f"{name} {rate['per_second']:,.0f}/s" for name, rate in rates.items())
    say(f"  {width} in flight: {told}")
    return {"in_flight": width, **stub_options, **rates}


def middle(turns: list[dict], who: str, what: str = "per_second") -> float:
    return median(turn[who][what] for turn in turns)


def against_libraries(turns: list[dict]) -> Row:
    """What there is to be had with these libraries, and how much of it a run has."""
    ours, oha, alone = (middle(turns, who) for who in ("userferry", "oha", "libraries"))
    value = f"{thousands(alone)}/s: {alone / oha:.3f} of oha"
    return Row("its HTTP and RSA libraries alone, and `run` against them", value, ours / alone, "of theirs")


def run_section(bench: Bench):
    """Users per second without latency, against a load generator on the same server"""
    users = bench.users(200_000, 1_000)
    staged, _ = Table.staged(bench.table("run-staged"), bench.records(users)[0])
    measured, rows = [], []
    for bits in (1024, 2048):
        body = real_body(bench, bits)
        turns = [turn(bench, staged, body, CONNECTIONS, {"key_bits": bits}) for _ in range(bench.times(5))]
        measured += turns
        ours, oha = middle(turns, "userferry"), middle(turns, "oha")
        value = f"{thousands(ours)} users/s; oha {thousands(oha)}/s"
        rows += [
            Row(f"`run`, key of {bits:,} bits, 64 in flight", value, ours / oha, "of oha", at_least=0.40),
            against_libraries(turns),
        ]
    staged.remove()
    return measured, rows


# ---- latency

LATENCY_MS = 50


def latency_section(bench: Bench):
    """Users per second where every answer takes 50 ms, against requests in flight / latency"""
    body = real_body(bench, 1024)
    with Stub(tools.stub(), latency_ms=LATENCY_MS) as stub:
        alone = tools.load(stub.url, requests=bench.users(200, 20), connections=1, body=body)
    latency = alone["median_s"]
    measured: list = [{"one_connection": alone}]
    rows = [Row("latency that one connection of oha sees", f"{latency * 1000:.2f} ms")]
    for width, full, bar in ((256, 100_000, 0.97), (WIDE, 300_000, 0.90)):
        users = bench.users(full, width * 4)
        staged, _ = Table.staged(bench.table("latency-staged"), bench.records(users)[0])
        turns = [turn(bench, staged, body, width, {"latency_ms": LATENCY_MS}) for _ in range(bench.times(3))]
        staged.remove()
        measured += turns
        ideal = width / latency
        whole, steady = (middle(turns, "userferry", what) for what in ("per_second", "steady_per_second"))
        oha = middle(turns, "oha")
        rows += [
            Row(f"{width:,} in flight, whole process", f"{thousands(whole)} users/s of {thousands(ideal)}",
                whole / ideal, "of in flight / latency", at_least=bar),
            Row(f"{width:,} in flight, between the 10th and the 90th of 100 answers", f"{thousands(steady)} users/s",
                steady / ideal, "of in flight / latency"),
            Row(f"{width:,} in flight, against oha", f"oha {thousands(oha)}/s", whole / oha, "of oha", at_least=1.0),
            against_libraries(turns),
        ]  # fmt: skip
    return measured, rows


# ---- script


def script_section(bench: Bench):
    """The vendor's script with the vendor's SDK, against Userferry, at 50 ms"""
    few, many = bench.users(2_000, 20), bench.users(50_000, 1_000)
    env = environment() | {"NODE_PATH": str(tools.sdk())}
    source = bench.records(few)[0]
    with Stub(tools.stub(), latency_ms=LATENCY_MS) as stub:
        ended = run([tools.found("node"), HERE / "import.cjs", stub.url, POOL, SECRET, source], cwd=bench.data, env=env)
    stub.expect(few)
    script = {"users": few, "seconds": ended.seconds, "per_second": few / ended.seconds, "requests": stub.counts}
    table, _ = Table.staged(bench.table("script"), bench.records(many)[0])
    ours = sends(bench, table, many, 256, {"latency_ms": LATENCY_MS})
    table.remove()
    value = f"{thousands(ours['per_second'])} users/s; script {script['per_second']:.1f}/s"
    row = Row("256 in flight, against one after the other", value, ours["per_second"] / script["per_second"],
              "times as fast", at_least=200)  # fmt: skip
    return [{"script": script, "userferry": ours}], [row]


# ---- cpu


def instructions(file: Path) -> int:
    """What callgrind counted."""
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[::-1]:
        if line.startswith(("totals:", "summary:")):
            return int(line.split()[1])
    raise BenchError(f"{file} has no total")


def cpu_section(bench: Bench):
    """Instructions per user, all threads, without those of the start"""
    first = json.loads((HERE / "first.json").read_text()) if (HERE / "first.json").is_file() else None
    measured, rows = [], []
    valgrind = tools.found("valgrind")

    def counted(command: str, users: int) -> int:
        source = bench.records(users)[0]
        out = bench.data / f"callgrind-{command}-{users}.out"
        under = (valgrind, "--tool=callgrind", "--quiet", f"--callgrind-out-file={out}")
        directory = bench.table("cpu")
        say(f"  {command} of {users:,} users under callgrind")
        if command == "stage":
            Table(directory).remove()
            directory.mkdir(parents=True)
            table = Table(directory)
            table.userferry("stage", source, under=under)
            table.expect(pending=users)
        else:
            table, _ = Table.staged(directory, source)
            with Stub(tools.stub()) as stub:
                table.userferry("run", "--concurrency", CONNECTIONS, url=stub.url, under=under)
            stub.expect(users)
            table.expect(created=users)
        table.remove()
        return instructions(out)

    for command, most, few in (("stage", 100_000, 10_000), ("run", 20_000, 2_000)):
        most, few = bench.users(most, 1_000), bench.users(few, 100)
        large, small = counted(command, most), counted(command, few)
        each = (large - small) / (most - few)
        measured.append({"command": command, "users": [few, most], "instructions": [small, large], "per_user": each})
        before = first and first["instructions_per_user"][command]
        value = f"{thousands(each)} instructions a user" + (f"; at first {thousands(before)}" if before else "")
        rows.append(Row(f"`{command}`", value, each / before if before else None, "of the first", at_most=0.5))
    return measured, rows


# ---- staging

DUCK = """
import sys, time, duckdb
source, file = sys.argv[1:]
began = time.perf_counter()
db = duckdb.connect(file)
db.execute("CREATE TABLE users AS SELECT * FROM read_json_auto(?)", [source])
rows = db.execute("SELECT count(*) FROM users").fetchone()[0]
db.close()
print(time.perf_counter() - began, rows)
"""


def staging_section(bench: Bench):
    """Staging records of 300 bytes, against loading the same into SQLite and DuckDB without any checks"""
    users = bench.users(1_000_000, 1_000)
    source, sheet = bench.records(users, csv=True)
    sqlite, python = tools.found("sqlite3"), tools.duckdb()
    measured = []
    for turn in range(bench.times(5)):
        table, ended = Table.staged(bench.table("staging"), source)
        table.expect(pending=users)
        table.remove()
        table, of_csv = Table.staged(bench.table("staging"), sheet)
        table.expect(pending=users)
        table.remove()
        file = bench.data / "imported.db"
        file.unlink(missing_ok=True)
        columns = sheet.open(encoding="utf-8").readline().strip().replace("uid", "uid TEXT UNIQUE", 1)
        settle()
        script = [f"CREATE TABLE users ({columns});", ".mode csv", f'.import --skip 1 "{sheet}" users']
        imported = run([sqlite, "-bail", file, *script])
        rows = int(run([sqlite, file, "SELECT count(*) FROM users"]).out)
        file.unlink()
        file = bench.data / "imported.duckdb"
        file.unlink(missing_ok=True)
        settle()
        seconds, duck_rows = run([python, "-c", DUCK, source, file]).out.splitlines()[-1].split()[-2:]
        file.unlink()
        if not rows == int(duck_rows) == users:
            raise BenchError(f"{users} users, but SQLite has {rows} and DuckDB {duck_rows}")
        one = {"userferry_s": ended.seconds, "csv_s": of_csv.seconds, "sqlite_s": imported.seconds, "duckdb_s": float(seconds)}
        measured.append({"turn": turn, "users": users, "cpu_seconds": ended.cpu_seconds, **one})
        say("  " + ", ".join(f"{name} {value:.2f}" for name, value in one.items()))
    times = ("userferry_s", "csv_s", "sqlite_s", "duckdb_s")
    ours, of_csv, theirs, duck = (median(m[k] for m in measured) for k in times)
    value = f"{ours:.2f} s"
    return measured, [
        Row(f"{users:,} records, against `sqlite3 .import`", f"{value}; {theirs:.2f} s", theirs / ours,
            "times as fast", at_least=3),
        Row(f"{users:,} records, against DuckDB", f"{value}; {duck:.2f} s", ours / duck,
            "of DuckDB's time", at_most=1.0),
        Row(f"{users:,} records as CSV, against JSON", f"{of_csv:.2f} s; {value}", of_csv / ours,
            "of JSON's time", at_most=1.0),
    ]  # fmt: skip


# ---- memory, growth, size: three views of the same processes

SIZES = (100_000, 1_000_000, 10_000_000)


def memory_section(bench: Bench):
    """Peak memory of staging and running; the staged table of the largest is kept for `status`"""
    measured = []
    for full in SIZES:
        users = bench.users(full, 1_000)
        source = bench.records(users)[0]
        table, staged = Table.staged(bench.table(f"memory-{users}"), source)
        table.expect(pending=users)
        widths = (CONNECTIONS, WIDE) if full == 1_000_000 else (CONNECTIONS,)
        for width in widths:
            copy = table.copy(bench.table("memory"))
            figures = sends(bench, copy, users, width, {})
            figures["table_bytes"] = copy.bytes()
            copy.remove()
            measured.append({
                "full": full, "users": users, "in_flight": width, "source_bytes": source.stat().st_size,
                "stage": {"seconds": staged.seconds, "per_second": users / staged.seconds,
                          "cpu_seconds": staged.cpu_seconds, "peak_bytes": staged.peak_bytes},
                "run": figures,
            })  # fmt: skip
            say(f"  {users:,} users, {width} in flight: stage {staged.peak_bytes / MIB:.0f} MiB, "
                f"run {figures['peak_bytes'] / MIB:.0f} MiB")  # fmt: skip
        if full != SIZES[-1]:
            table.remove()
    rows = []
    for command in ("stage", "run"):
        peaks = [m[command]["peak_bytes"] for m in measured if m["in_flight"] == CONNECTIONS]
        sizes = [m["users"] for m in measured if m["in_flight"] == CONNECTIONS]
        for users, peak in zip(sizes, peaks):
            rows.append(Row(f"`{command}`, {users:,} rows", "", peak / MIB, "MiB", at_most=64))
        rows.append(Row(f"`{command}`, largest against smallest table", "", peaks[-1] / peaks[0], "times", at_most=1.10))
    wide = next(m for m in measured if m["in_flight"] == WIDE)
    rows.append(Row(f"`run`, {wide['users']:,} rows, {WIDE:,} in flight", "", wide["run"]["peak_bytes"] / MIB, "MiB",
                    at_most=128))  # fmt: skip
    return measured, rows


def of_memory(bench: Bench) -> list:
    """What the section `memory` has measured, now or before."""
    if "memory" not in bench.results["sections"]:
        raise BenchError("this comes from the processes of the section memory: run that first")
    return bench.results["sections"]["memory"]["measurements"]


def growth_section(bench: Bench):
    """Rows per second with the largest table against the smallest, from the processes of `memory`"""
    at = {m["full"]: m for m in of_memory(bench) if m["in_flight"] == CONNECTIONS}
    small, large = at[SIZES[0]], at[SIZES[-1]]
    rows, measured = [], []
    for command in ("stage", "run"):
        few, many = small[command]["per_second"], large[command]["per_second"]
        measured.append({"command": command, "users": [small["users"], large["users"]], "per_second": [few, many]})
        value = f"{thousands(many)} rows/s at {large['users']:,}; {thousands(few)} at {small['users']:,}"
        rows.append(Row(f"`{command}`", value, many / few, "of the small table's", at_least=0.85))
    return measured, rows


def size_section(bench: Bench):
    """The job table after the run against the JSON, from the processes of `memory`"""
    one = next(m for m in of_memory(bench) if m["full"] == 1_000_000 and m["in_flight"] == CONNECTIONS)
    table, source = one["run"]["table_bytes"], one["source_bytes"]
    value = f"{table / one['users']:.0f} bytes a row; {source / one['users']:.0f} of JSON"
    row = Row(f"{one['users']:,} rows", value, table / source, "times the JSON", at_most=1.6)
    return [{"users": one["users"], "table_bytes": table, "source_bytes": source}], [row]


# ---- status


def firsts(file: Path, since_ns: int) -> dict:
    """The first request of any kind, and the first create, that arrived at the stub since then."""
    found: dict = {}
    for line in file.read_text().splitlines():
        _, op, at = line.split()
        if int(at) >= since_ns:
            found.setdefault("any", int(at))
            found.setdefault(op, int(at))
    return found


def status_section(bench: Bench):
    """A large table, half of it done: `status`, and a start after a kill"""
    users = bench.users(SIZES[-1], 2_000)
    staged = Table(bench.table(f"memory-{users}"))
    if not staged.db.is_file() or staged.status()["pending"] != users:
        staged, _ = Table.staged(staged.directory, bench.records(users)[0])
    table = staged.copy(bench.table("status"))
    first = bench.data / "first-requests"
    first.unlink(missing_ok=True)
    half = users // 2
    times, starts = [], []
    with Stub(tools.stub(), first=first) as stub:
        say(f"  running {half:,} of {users:,}")
        table.userferry("run", "--concurrency", CONNECTIONS, "--limit", half, url=stub.url, exits=(5,))
        table.expect(created=half, pending=users - half)
        for _ in range(bench.times(5)):
            times.append(table.userferry("status").seconds)
        for turn in range(bench.times(5) + 1):
            settle()
            since, before = time.time_ns(), stub.now()["create"]
            child = start(table.argv("--quiet", "run", "--concurrency", CONNECTIONS), cwd=table.directory,
                          env=environment(stub.url))  # fmt: skip
            try:
                # Killed in the middle: with requests in flight, and before it could end.
                until = time.monotonic() + 60
                while stub.now()["create"] < before + 200:
                    if child.poll() is not None or time.monotonic() > until:
                        raise BenchError(f"a run after a kill sends nothing (exit {child.returncode})")
                    time.sleep(0.005)
            finally:
                child.kill()
                child.wait()
            if child.returncode != -signal.SIGKILL:
                raise BenchError(f"a run that was to be killed ended with {child.returncode}")
            at = firsts(first, since)
            # The first one came after a run that had ended well.
            if turn > 0:
                starts.append({"any_s": (at["any"] - since) / 1e9, "create_s": (at["create"] - since) / 1e9})
    left = table.status()
    if sum(left[k] for k in ("created", "pending", "sending", "unknown")) != users:
        raise BenchError(f"rows are lost: {left}")
    table.remove()
    any_ms, create_ms = (median(s[k] for s in starts) * 1000 for k in ("any_s", "create_s"))
    rows = [
        Row(f"`status`, {users:,} rows", "", median(times) * 1000, "ms", at_most=50),
        Row(f"`run` after a kill, {users:,} rows, to its first request", "", any_ms, "ms", at_most=300),
        Row(f"`run` after a kill, {users:,} rows, to its first create", f"{create_ms:.0f} ms"),
    ]
    return [{"users": users, "status_s": times, "starts": starts}], rows


# ---- limit

RATE = 200


def limit_section(bench: Bench):
    """A sandbox that takes 200 requests per second: how well its limit is used"""
    users = bench.users(20_000, 400)
    table, _ = Table.staged(bench.table("limit"), bench.records(users)[0])
    log = bench.data / "sandbox.jsonl"
    log.unlink(missing_ok=True)
    argv = [binary(), "--quiet", "sandbox", "--port", 0, "--rate", f"{RATE}/s", "--log", log]
    with Server(argv, "sandbox") as sandbox:
        ended = table.userferry("run", "--concurrency", CONNECTIONS, url=sandbox.url)
    table.expect(created=users)
    lines = [json.loads(line) for line in log.open(encoding="utf-8")]
    stored = sum(line["outcome"] == "stored" for line in lines)
    throttled = sum(line["outcome"] == "throttled" for line in lines)
    if stored != users:
        raise BenchError(f"{users} users, but the sandbox has stored {stored}")
    table.remove()
    ideal = users / RATE
    measured = {"users": users, "seconds": ended.seconds, "requests": len(lines), "throttled": throttled}
    return [measured], [
        Row(f"{users:,} users at {RATE}/s", f"{ended.seconds:.1f} s; {ideal:.1f} s at best", ended.seconds / ideal,
            "of the best time", at_most=1.06),
        Row("requests that were refused", f"{throttled} of {len(lines)}", throttled / len(lines) * 100, "%", at_most=2),
    ]  # fmt: skip


SECTIONS = {
    "run": run_section,
    "latency": latency_section,
    "script": script_section,
    "cpu": cpu_section,
    "staging": staging_section,
    "memory": memory_section,
    "growth": growth_section,
    "size": size_section,
    "status": status_section,
    "limit": limit_section,
}
