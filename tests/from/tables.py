"""Tables as the programs of databases write them."""

import csv
import io
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

# What a row holds for SQL's NULL; "" is an empty text.
NULL = None


def phpmyadmin(path, columns, rows):
    """phpMyAdmin's CSV with its defaults: everything quoted but NULL, which is the word (libraries/classes/Plugins/Export/ExportCsv.php)."""
    def cell(value):
        return "NULL" if value is None else '"' + str(value).replace('"', '""') + '"'
    lines = [",".join(f'"{name}"' for name in columns)] + [",".join(map(cell, row)) for row in rows]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def mysql_batch(path, columns, rows):
    """`mysql --batch -e 'SELECT …'`: tabs between, the word NULL, and backslashes before tab, newline and backslash
    (https://dev.mysql.com/doc/refman/8.0/en/mysql-command-options.html#option_mysql_batch)."""
    def cell(value):
        if value is None:
            return "NULL"
        return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    lines = ["\t".join(columns)] + ["\t".join(map(cell, row)) for row in rows]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def outfile(path, rows):
    """`SELECT … INTO OUTFILE … FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'`: no header, numbers bare, texts quoted,
    `\\N` for NULL (https://dev.mysql.com/doc/refman/8.0/en/load-data.html#load-data-field-line-handling)."""
    def cell(value):
        if value is None:
            return "\\N"
        return str(value) if isinstance(value, int) else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    Path(path).write_text("".join(",".join(map(cell, row)) + "\n" for row in rows), encoding="utf-8")


def ssms(path, columns, rows):
    """SQL Server Management Studio, "Save Results As" CSV with headers: UTF-8 with a byte order mark, CRLF, the word NULL,
    quotes only where a cell needs them (https://learn.microsoft.com/sql/ssms/scripting/query-results)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([["NULL" if value is None else value for value in row] for row in rows])
    Path(path).write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())


def plain(path, columns, rows, quoting=csv.QUOTE_MINIMAL, end="\n"):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator=end, quoting=quoting)
        writer.writerow(columns)
        writer.writerows([["" if value is None else value for value in row] for row in rows])


class Postgres:
    """A real PostgreSQL in a temporary folder, reached by its socket alone."""

    def __init__(self):
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin")) + [Path("/usr/local/bin"), Path("/usr/bin")]
        self.bin = next((folder for folder in reversed(binaries) if (folder / "initdb").exists()), None)
        if self.bin is None:
            raise SystemExit("PostgreSQL's initdb is not installed")
        self.folder = Path(tempfile.mkdtemp(prefix="userferry-pg-"))
        self.user = None
        if os.getuid() == 0:
            self.user = next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})
            shutil.chown(self.folder, self.user)
        self.run("initdb", "-D", self.folder / "data", "-U", "postgres", "--no-sync", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8")
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o",
                 f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off -c timezone=UTC", "start")

    def run(self, program, *line):
        line = [str(self.bin / program), *map(str, line)]
        if self.user:
            line = ["setpriv", f"--reuid={self.user}", "--regid=" + str(pwd.getpwnam(self.user).pw_gid), "--clear-groups", *line]
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def psql(self, script):
        """psql's output."""
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres"],
                              input=script, text=True, capture_output=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    def load(self, table, columns, rows):
        """COPY in text form."""
        def cell(value):
            if value is None:
                return "\\N"
            if isinstance(value, bool):
                return "t" if value else "f"
            return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        names = ", ".join(f'"{name}"' for name in columns)
        lines = "".join("\t".join(map(cell, row)) + "\n" for row in rows)
        self.psql(f"COPY {table} ({names}) FROM STDIN;\n{lines}\\.\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)
