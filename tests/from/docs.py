"""Writes the figures and the screens of a run into docs/from."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs/from"
PAGES = {"spring": "spring-security", "aspnet": "aspnet-identity"}
NAMES = {"externalId": "id", "display": "name", "givenName": "given name", "familyName": "family name", "username": "user name", "signedUp": "created", "lastLogin": "last login",
         "emailVerified": "e-mail verified", "phoneVerified": "phone verified", "loginsCount": "logins", "birthdate": "birth date", "photo": "photo"}


def screen(work, result):
    """What init said, in the page of the system."""
    page = DOCS / f"{PAGES.get(result['system'], result['system'])}.md"
    said = work / result["system"] / "desk/screens/init.txt"
    if not page.exists() or not said.exists():
        return
    lines = [line.rstrip() for line in said.read_text().splitlines() if not line.startswith("[exit")]
    text = "\n".join(lines)
    block = f"<!-- screen -->\n\n```console\n{text}\n```"
    page.write_text(re.sub(r"<!-- screen -->(\n\n```console\n.*?\n```)?", lambda _: block, page.read_text(), count=1, flags=re.S))


def row(result):
    if "stopped" in result:
        return f"| {result['system']} | {result['made_by']} | {result['records']:,} | - | - | - | - | {result['stopped'].splitlines()[0]} |"
    name = lambda field: NAMES.get(field, field)
    known, passwords, blocked = result["known"], result["passwords"], result["blocked"]
    lost = [f"{name(field)} ({counts['right']:,} of {counts['right'] + counts['missing'] + counts['wrong']:,})" for field, counts in result["fields"].items() if field in result["lost"]]
    lost += [f"{result['absent_count']:,} user{'s' * (result['absent_count'] != 1)}"] if result["absent_count"] else []
    lost += [f"{result['duplicates']:,} with another user's address"] if result.get("duplicates") else []
    lost += [f"{blocked['let_in']} blocked users let in"] if blocked["let_in"] else []
    lost += [f"{blocked['shut_out']} users shut out"] if blocked["shut_out"] else []
    lost += [f"{count:,} wrong values of {name(field)}, left out and counted" for field, count in (result.get("omitted", {}).get("said") or {}).items()]
    lost += [f"not in the export: {', '.join(result['lacks'])}"] if result["lacks"] else []
    signs = f"{known['in']} of {known['all']}" if known["all"] else "none there"
    return (f"| {result['system']} | {result['made_by']} | {result['records']:,} | {result['whole']:,} of {result['people']:,} | {', '.join(name(field) for field in result['taken'] if field != 'phone' or counted(result, 'phone'))} | "
            f"{signs} | {blocked['right']:,} of {blocked['right'] + blocked['let_in'] + blocked['shut_out']:,} | {'; '.join(lost) or '-'} |")


def counted(result, field):
    return result["fields"].get(field, {}).get("right", 0) > 0


def write(results, work):
    for result in results:
        screen(work, result)
    head = "| export | made by | records | users whole | fields taken | known passwords that sign in | who may not sign in, right | what is lost |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    table = "\n".join([head, *map(row, results)])
    page = DOCS / "README.md"
    page.write_text(re.sub(r"<!-- table -->.*?<!-- end -->", lambda _: f"<!-- table -->\n\n{table}\n\n<!-- end -->", page.read_text(), flags=re.S))
