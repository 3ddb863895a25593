"""What the benchmark needs beyond itself, installed into `.tools/`, each in the version named here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import HERE, ROOT, BenchError, run, say

TOOLS = HERE / ".tools"
OHA = "1.16.0"
DUCKDB = "2.0.1"


def oha() -> Path:
    """The load generator that the runs are compared with; nothing is encrypted, so the lighter build will do."""
    path = TOOLS / "oha" / OHA / "bin/oha"
    if not path.is_file():
        say(f"Installing oha {OHA}, once; this takes minutes")
        # The system's OpenSSL, where its headers are, saves the compilation of another library.
        system = shutil.which("pkg-config") and subprocess.run(["pkg-config", "--exists", "openssl"]).returncode == 0
        lighter = ["--no-default-features", "--features", "native-tls"] if system else []
        # A directory that stays: what was interrupted goes on.
        env = os.environ | {"CARGO_TARGET_DIR": str(TOOLS / "oha/build")}
        env.pop("RUSTFLAGS", None)
        argv = ["cargo", "install", "oha", "--locked", "--version", OHA, "--root", path.parents[1]]
        run([*argv, *lighter], cwd=HERE, env=env)
        shutil.rmtree(TOOLS / "oha/build")
    return path


def duckdb() -> Path:
    """A Python that has DuckDB."""
    home = TOOLS / "duckdb" / DUCKDB
    path = home / "bin/python"
    if not (home / "installed").is_file():
        say(f"Installing DuckDB {DUCKDB}, once")
        shutil.rmtree(home, ignore_errors=True)
        run([sys.executable, "-m", "venv", home])
        run([path, "-m", "pip", "install", "--quiet", "--only-binary=:all:", f"duckdb=={DUCKDB}"])
        (home / "installed").touch()
    return path


def sdk() -> Path:
    """The vendor's SDK, in the versions of the tests' lock file; the directory of its modules."""
    home, locked = TOOLS / "sdk", ROOT / "tests/sdk"
    home.mkdir(parents=True, exist_ok=True)
    files = ("package.json", "package-lock.json", ".npmrc")
    same = all((home / f).is_file() and (home / f).read_bytes() == (locked / f).read_bytes() for f in files)
    if not (same and (home / "node_modules/.package-lock.json").is_file()):
        for file in files:
            shutil.copy(locked / file, home / file)
        run([found("npm"), "ci", "--ignore-scripts", "--silent"], cwd=home)
    return home / "node_modules"


def built(name: str) -> Path:
    """A program that lies beside this file, built from its source."""
    target = TOOLS / name
    env = os.environ | {"CARGO_TARGET_DIR": str(target)}
    env.pop("RUSTFLAGS", None)
    run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=HERE / name, env=env)
    return target / "release" / f"userferry-{name}"


def stub() -> Path:
    """The stub server."""
    return built("stub")


def found(name: str) -> str:
    """A program that the system's own packages bring."""
    path = shutil.which(name)
    if path is None:
        raise BenchError(f"{name} is not there: install it with the system's packages")
    return path


def version(argv) -> str:
    """The first line that a program says about its version."""
    try:
        done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return "not there"
    return next(iter((done.stdout or done.stderr).splitlines()), "").strip()


def libraries(url: str, *, requests: int, connections: int, body: Path, key_bits: int) -> dict:
    """Sends a body again and again with the libraries of a run, and encrypts a password each time, without Userferry."""
    key = HERE / f"stub/keys/{key_bits}.pem"
    return {"per_second": float(run([built("bare"), url, key, body, requests, connections]).out)}


def load(url: str, *, requests: int, connections: int, body: Path, **_) -> dict:
    """Sends a body again and again with oha; every answer must be a success."""
    head = Path(f"{body}.head").read_text(encoding="latin-1").splitlines()
    left_out = ("host", "content-length", "connection", "accept-encoding", "accept", "user-agent")
    argv = [oha(), "--no-tui", "--output-format", "json", "-n", requests, "-c", connections, "-m", "POST", "-D", body]
    for line in head[1:]:
        if line.split(":")[0].lower() not in left_out:
            argv += ["-H", line]
    ended = run([*argv, f"{url}/graphql/v2"])
    report = json.loads(ended.out)
    statuses = report["statusCodeDistribution"]
    if statuses != {"200": requests} or report.get("errorDistribution"):
        raise BenchError(f"oha: {statuses}, {report.get('errorDistribution')}")
    return {
        "per_second": report["summary"]["requestsPerSec"],
        "median_s": report["latencyPercentiles"]["p50"],
        "cpu_seconds": ended.cpu_seconds,
    }
