//! Exports that nobody meant: whatever stands in a file, `check` and `stage` end with an exit code of
//! theirs, and the books of the table balance.

use super::Desk;
use fastrand::Rng;

/// Pieces that parsers stumble over.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"0.1e-400",
    b"123456789012345678901234567890",
    b"NaN",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\x00",
    b"\x1b[2J",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b"//",
    b"\xf0\x9f\x98\x80",
    b"%s%n",
    b"'; DROP TABLE job; --",
];
const NAMES: &[&str] = &[
    "uid",
    "mail",
    "phone",
    "password",
    "nickname",
    "emailVerified",
    "loginsCount",
    "",
    "é",
    "a.b",
];
const VALUES: &[&str] = &[
    "\"1\"",
    "1",
    "-1",
    "1e3",
    "1.50",
    "99999999999999999999999999",
    "null",
    "true",
    "\"\"",
    "\" \"",
    "\"a@example.org\"",
    "\"A@EXAMPLE.ORG\"",
    "\"@\"",
    "\"a@b@c\"",
    "\"+49 30 1\"",
    "\"\\u0000\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "{}",
    "[]",
    "[[[[[[1]]]]]]",
    "{\"a\":{\"a\":{\"a\":1}}}",
    "\"$2b$12$short\"",
    "\"\\n\\t\"",
    "\"İ\"",
    "\"ﬀ\"",
];

fn one_of<'a, T: ?Sized>(rng: &mut Rng, from: &[&'a T]) -> &'a T {
    from[rng.usize(..from.len())]
}

/// A record that is well formed, if strange.
fn record(rng: &mut Rng) -> Vec<u8> {
    let members: Vec<String> = (0..rng.usize(..6))
        .map(|_| format!("\"{}\":{}", one_of(rng, NAMES), one_of(rng, VALUES)))
        .collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

/// Puts pieces in, takes bytes out, cuts off.
fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..=bytes.len());
        match rng.u8(..6) {
            0..=2 => drop(bytes.splice(at..at, one_of(rng, PIECES).iter().copied())),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 if at < bytes.len() => bytes[at] = rng.u8(..),
            _ if rng.u8(..8) == 0 => bytes.truncate(at),
            _ => {}
        }
    }
}

fn export(rng: &mut Rng) -> Vec<u8> {
    let (open, between, close): (&[u8], &[u8], &[u8]) = match rng.u8(..4) {
        0 => (b"[", b",\n", b"]"),
        1 => (b"{\"users\":[", b",", b"]}"),
        _ => (b"", b"\n", b"\n"),
    };
    let mut records: Vec<Vec<u8>> = (0..rng.usize(1..40)).map(|_| record(rng)).collect();
    for bytes in &mut records {
        if rng.u8(..6) == 0 {
            damage(rng, bytes);
        }
    }
    let mut whole = [open, &records.join(between), close].concat();
    if rng.bool() {
        damage(rng, &mut whole);
    }
    whole
}

#[test]
fn no_export_makes_check_or_stage_fail_in_a_way_of_its_own() {
    let desk = Desk::new();
    for seed in 0..40 {
        let mut rng = Rng::with_seed(seed);
        let name = format!("e{seed}.json");
        desk.write(&name, export(&mut rng));
        for line in
            [format!("check --accept-passwords {name}"), format!("stage --accept-passwords {name}")]
        {
            let did = desk.ferry(&line);
            assert!(matches!(did.code, Some(0 | 2 | 3)), "seed {seed}, {line}: {}", did.err);
            assert!(!did.err.contains("panicked"), "seed {seed}, {line}: {}", did.err);
        }
    }
    let status = desk.status();
    let statuses = ["pending", "sending", "unknown", "done", "failed", "invalid"];
    let sum: u64 = statuses.iter().map(|name| status[name].as_u64().unwrap()).sum();
    assert_eq!(status["total"], sum);
    assert!(sum > 100, "{status}");

    // What cannot be sent can be looked at, taken out, and is known when it comes back.
    let rows = desk.ferry("failures --format jsonl").ok(0).out.lines().count();
    assert_eq!(status["invalid"], rows);
    desk.ferry("failures").ok(0);
    desk.ferry("export --status invalid -o invalid.jsonl").ok(0);
    desk.ferry("export --status pending -o pending.jsonl").ok(0);
    let did = desk.ferry("stage pending.jsonl");
    assert!(did.err.contains(" in the table already"), "{}", did.err);
    assert_eq!(desk.status()["pending"], status["pending"]);
}
