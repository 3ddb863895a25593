"""What every section needs: child processes that are measured and checked, servers, job tables."""

import atexit
import ctypes
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
POOL, SECRET = "5f0000000000000000000001", "sandbox-secret"
PR_SET_PDEATHSIG = 1


class BenchError(Exception):
    """A figure cannot be had; none is given instead."""


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


# ---- processes


_LIBC = ctypes.CDLL(None)
# A thousand connections need as many files.
_, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_most, _most))


def _dies_with_us() -> None:
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(argv, **options) -> subprocess.Popen:
    """Starts a process that is killed when the benchmark is."""
    return subprocess.Popen([str(arg) for arg in argv], preexec_fn=_dies_with_us, **options)


@dataclass
class Ended:
    """A process that has ended as it should."""

    seconds: float
    cpu_seconds: float
    peak: int
    least: int
    out: str

    @property
    def peak_bytes(self) -> int:
        """Its peak of memory: told only if it is above that of the process that started it."""
        if self.peak <= self.least * 1.05:
            raise BenchError(f"a peak of {self.peak} bytes cannot be told: less than {self.least} never can")
        return self.peak


def run(argv, *, exits=(0,), cwd=None, env=None, stdin=None) -> Ended:
    """Runs a process to its end and measures it."""
    told, tell = os.pipe()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(told, "rb") as report:
        starter = [sys.executable, "-I", "-S", HERE / "measured.py", tell, *argv]
        try:
            child = start(starter, cwd=cwd, env=env, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err,
                          pass_fds=(tell,))  # fmt: skip
        finally:
            os.close(tell)
        try:
            child.wait()
        except BaseException:
            # What it has started dies with it.
            child.kill()
            child.wait()
            raise
        figures = report.read().split()
        code = int(figures[4]) if figures else child.returncode
        for file in (out, err):
            file.seek(0)
        text = out.read().decode(errors="replace")
        if not figures or code not in exits:
            said = (text + err.read().decode(errors="replace"))[-3000:]
            raise BenchError(f"{' '.join(map(str, argv))}\nended with {code}:\n{said}")
    return Ended(float(figures[0]), float(figures[1]), int(figures[2]), int(figures[3]), text)


class Server:
    """A server that prints its address; ended when the block is."""

    running: list["Server"] = []

    def __init__(self, argv, name: str):
        self.name, self.counts = name, None
        self.err = tempfile.TemporaryFile()
        self.child = start(argv, stdout=subprocess.PIPE, stderr=self.err, text=True)
        Server.running.append(self)
        self.url = self.child.stdout.readline().strip()
        if not self.url.startswith("http://"):
            self.kill()
            self.err.seek(0)
            raise BenchError(f"the {name} does not start: {self.err.read().decode(errors='replace')}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.kill()
            return
        if self.child.poll() is not None:
            self.kill()
            raise BenchError(f"the {self.name} has ended on its own")
        self.child.terminate()
        try:
            out, _ = self.child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise BenchError(f"the {self.name} does not end") from None
        Server.running.remove(self)
        if self.child.returncode != 0:
            raise BenchError(f"the {self.name} ended with {self.child.returncode}")
        self.end(out)

    def end(self, out: str) -> None:
        """Takes what it said at its end."""

    def kill(self) -> None:
        self.child.kill()
        self.child.communicate()
        if self in Server.running:
            Server.running.remove(self)


class Stub(Server):
    """The stub; `counts` after its end."""

    def __init__(self, binary: Path, *, latency_ms=0, key_bits=1024, dump=None, first=None):
        argv = [binary, "--latency", latency_ms, "--key-bits", key_bits]
        argv += ["--dump", dump] if dump else []
        argv += ["--first", first] if first else []
        super().__init__(argv, "stub")

    def now(self) -> dict:
        """What it has counted so far."""
        with urllib.request.urlopen(f"{self.url}/stub/counts", timeout=30) as reply:
            return json.load(reply)

    def end(self, out: str) -> None:
        self.counts = json.loads(out.splitlines()[-1])
        if self.counts["other"] or self.counts["unreadable"]:
            raise BenchError(f"the stub got requests that it does not know: {self.counts}")

    def expect(self, creates: int) -> None:
        """Every user once."""
        if self.counts["create"] != creates:
            raise BenchError(f"{creates} users, but the stub has counted {self.counts}")


def _kill_all(*_) -> None:
    for server in list(Server.running):
        server.kill()


def _told_to_end(number, _frame) -> None:
    _kill_all()
    sys.exit(128 + number)


atexit.register(_kill_all)
signal.signal(signal.SIGTERM, _told_to_end)
signal.signal(signal.SIGHUP, _told_to_end)


# ---- Userferry


def binary() -> Path:
    """The program that is measured."""
    default = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/userferry"
    path = Path(os.environ.get("USERFERRY", default)).absolute()
    if not path.is_file():
        raise BenchError(f"{path} is not there: build it (cargo build --release --locked), or name it in USERFERRY")
    return path


def environment(url: str | None = None) -> dict:
    """Nothing of the caller's settings; the target, if there is one."""
    ours = ("USERFERRY", "AUTHING")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    if url:
        env |= {"AUTHING_HOST": url, "AUTHING_USERPOOL_ID": POOL, "AUTHING_SECRET": SECRET}
    return env


class Table:
    """A job table in a directory of its own, where no settings lie."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.db = directory / "userferry.db"

    @classmethod
    def staged(cls, directory: Path, source: Path) -> tuple["Table", Ended]:
        """A new one, and how its staging went."""
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        table = cls(directory)
        settle()
        return table, table.userferry("stage", source)

    def copy(self, directory: Path) -> "Table":
        """The same in another place."""
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.directory, directory)
        return Table(directory)

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def argv(self, *args) -> list:
        return [binary(), "--db", self.db, *args]

    def userferry(self, *args, url=None, exits=(0,), under=()) -> Ended:
        """Runs a command on it."""
        argv = [*under, *self.argv("--quiet", *args)]
        return run(argv, cwd=self.directory, env=environment(url), exits=exits)

    def status(self) -> dict:
        return json.loads(self.userferry("status", "--json").out)

    def expect(self, **numbers) -> None:
        """That many rows of each kind, and no others."""
        status = self.status()
        kinds = ("pending", "sending", "unknown", "failed", "invalid", "created", "existed", "skipped", "waived")
        wanted = {kind: numbers.get(kind, 0) for kind in kinds}
        found = {kind: status[kind] for kind in kinds}
        if found != wanted:
            raise BenchError(f"rows are {found}, not {wanted}")

    def bytes(self) -> int:
        """Of all its files."""
        return sum(path.stat().st_size for path in self.directory.glob("userferry.db*"))

    def steady_rate(self) -> float:
        """Creates per second between the 10th and the 90th of a hundred, by the answers' own times."""
        with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as db:
            times = [t for (t,) in db.execute("SELECT at_ms + took_ms FROM attempt WHERE outcome = 'created'")]
        times.sort()
        low, high = len(times) // 10, len(times) * 9 // 10
        return (high - low) / max(times[high] - times[low], 1) * 1000


def settle() -> None:
    """Nobody else's writes shall be measured."""
    os.sync()
