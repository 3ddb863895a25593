//! What a program may use and what it may cost.
//!
//! Every call of a definition that calls itself, and every number of a `range`, is a step; a
//! program that takes more than [`MAX_STEPS`] for a record, or whose calls go deeper into each
//! other than [`MAX_STACK`], is stopped, and one whose sums or products become larger than
//! [`MAX_SIZE`]. Not bounded: memory, for a program that makes a value larger in another way (by
//! putting a text twice into a text, again and again).

use crate::json::outside_texts;
use jaq_core::box_iter::box_once;
use jaq_core::data::HasLut;
use jaq_core::native::{Fun, bome, v};
use jaq_core::{Cv, DataT, Error, Exn, Lut, Native, ValXs};
use jaq_json::{Num, Val};
use std::cell::Cell;
use std::cmp::Ordering;

/// Steps for one record.
const MAX_STEPS: u32 = 10_000;
/// Bytes of stack: half of what the smallest of our threads have is left for everything else.
const MAX_STACK: usize = 512 << 10;
/// How deep a record may be nested.
const MAX_DEPTH: usize = 256;
/// Digits of one number.
const MAX_DIGITS: usize = 1_000;
/// Bytes of a text, or items of a list or an object, that a sum or product may be.
const MAX_SIZE: usize = 1 << 20;
/// Sums and products.
pub(super) const PLUS: &str = "!plus";
pub(super) const TIMES: &str = "!times";
/// The name of the filter that counts; no program can write it.
pub(super) const STEP: &str = "!step";

/// Filters that see more than the record, write somewhere, or end the process; and those that have
/// a limit here.
const BARRED: &[&str] = &[
    "env",
    "now",
    "localtime",
    "strflocaltime",
    "debug",
    "debug_empty",
    "stderr",
    "stderr_empty",
    "halt",
    "halt_error",
];
const REPLACED: &[&str] = &["range", "fromjson"];

pub(super) fn is_barred(name: &str) -> bool {
    BARRED.contains(&name)
}

/// The values that programs work on, and what watches over a run.
pub(super) struct Kind;

impl DataT for Kind {
    type V<'a> = Val;
    type Data<'a> = &'a Guard<'a>;
}

/// Watches over one run of a program.
pub(super) struct Guard<'a> {
    lut: &'a Lut<Kind>,
    steps: Cell<u32>,
    start: usize,
}

impl<'a> HasLut<'a, Kind> for &'a Guard<'a> {
    fn lut(&self) -> &'a Lut<Kind> {
        self.lut
    }
}

impl<'a> Guard<'a> {
    pub(super) fn new(lut: &'a Lut<Kind>) -> Self {
        Self { lut, steps: Cell::new(0), start: stack() }
    }

    /// Counts one step. What stops a program no `try` of it can catch.
    fn step<'b>(&self) -> Result<(), Exn<'b, Val>> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS || self.start.abs_diff(stack()) > MAX_STACK {
            return Err(Exn::halt(0));
        }
        Ok(())
    }
}

fn stack() -> usize {
    let here = std::hint::black_box(0u8);
    std::ptr::from_ref(&here).addr()
}

/// The filters that are not definitions.
pub(super) fn functions() -> impl Iterator<Item = Fun<Kind>> {
    let all = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let all = all.filter(|(name, ..)| !is_barred(name) && !REPLACED.contains(name));
    let step = Native::new(|cv: Cv<'_, Kind>| box_once(cv.0.data().step().map(|()| cv.1)))
        .with_paths(|cv| box_once(cv.0.data().step().map(|()| cv.1)))
        .with_update(|cv, update| match cv.0.data().step() {
            Ok(()) => update(cv.1),
            Err(stop) => box_once(Err(stop)),
        });
    all.chain([
        (STEP, v(0), step),
        (PLUS, v(2), Native::new(|cv| box_once(plus(cv)))),
        (TIMES, v(2), Native::new(|cv| box_once(times(cv)))),
        ("range", v(3), Native::<Kind>::new(range)),
        ("fromjson", v(0), Native::new(|cv| bome(from_json(&cv.1)))),
    ])
}

/// The operands of a sum or product, left and right.
fn operands(cv: &mut Cv<'_, Kind>) -> (Val, Val) {
    (cv.0.pop_var(), cv.0.pop_var())
}

fn plus(mut cv: Cv<'_, Kind>) -> Result<Val, Exn<'_, Val>> {
    let (left, right) = operands(&mut cv);
    if size(&left).saturating_add(size(&right)) > MAX_SIZE {
        return Err(Exn::halt(0));
    }
    (left + right).map_err(Exn::from)
}

fn times(mut cv: Cv<'_, Kind>) -> Result<Val, Exn<'_, Val>> {
    let (left, right) = operands(&mut cv);
    let size = match (&left, &right) {
        (text @ (Val::TStr(_) | Val::BStr(_)), Val::Num(n))
        | (Val::Num(n), text @ (Val::TStr(_) | Val::BStr(_))) => match n {
            Num::Int(n) => size(text).saturating_mul(usize::try_from(*n).unwrap_or(0)),
            _ => MAX_SIZE + 1,
        },
        // Squares of squares have twice as many digits each time.
        (Val::Num(Num::BigInt(a)), Val::Num(Num::BigInt(b))) => {
            usize::try_from((a.bits() + b.bits()) / 4).unwrap_or(usize::MAX).saturating_mul(1 << 10)
        }
        _ => 0,
    };
    if size > MAX_SIZE {
        return Err(Exn::halt(0));
    }
    (left * right).map_err(Exn::from)
}

fn size(value: &Val) -> usize {
    match value {
        Val::TStr(bytes) | Val::BStr(bytes) => bytes.len(),
        Val::Arr(items) => items.len(),
        Val::Obj(members) => members.len(),
        Val::Null | Val::Bool(_) | Val::Num(_) => 0,
    }
}

/// The numbers from, up to and without, by: each is a step.
fn range(mut cv: Cv<'_, Kind>) -> ValXs<'_, Val> {
    let by = cv.0.pop_var();
    let to = cv.0.pop_var();
    let mut next = Some(cv.0.pop_var());
    let towards = by.cmp(&Val::from(0usize));
    let guard = *cv.0.data();
    Box::new(std::iter::from_fn(move || {
        let current = next.take()?;
        let is_inside = match towards {
            Ordering::Greater => current < to,
            Ordering::Less => current > to,
            Ordering::Equal => current != to,
        };
        if !is_inside {
            return None;
        }
        if let Err(stop) = guard.step() {
            return Some(Err(stop));
        }
        match current.clone() + by.clone() {
            Ok(after) => next = Some(after),
            Err(error) => return Some(Err(Exn::from(error))),
        }
        Some(Ok(current))
    }))
}

fn from_json(value: &Val) -> Result<Val, Error<Val>> {
    let Val::TStr(text) = value else {
        return Err(Error::str("no text"));
    };
    // The crate takes more than JSON (comments, for one), and what it takes is not what is measured.
    if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_err() || !is_moderate(text) {
        return Err(Error::str("no JSON"));
    }
    jaq_json::read::parse_single(text).map_err(|_| Error::str("no JSON"))
}

/// Whether JSON is nested no deeper than programs can take, and has no number of thousands of digits,
/// which take a time that grows with their square.
pub(super) fn is_moderate(json: &[u8]) -> bool {
    let (mut depth, mut digits) = (0usize, 0usize);
    for (_, byte) in outside_texts(json) {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH || digits > MAX_DIGITS {
            return false;
        }
    }
    true
}
