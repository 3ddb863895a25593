//! Rules that are jq programs, by the `jaq` crates: compiled once, run on each record.
//!
//! A program sees the record and nothing else: no file, no environment, no clock, no other record.
//! It gives one value or none. What it may cost is in [`limits`].

mod failure;
mod limits;
mod reads;
mod syntax;

use super::error::RuleError;
use super::record::Json;
use crate::input::show_name;
pub(super) use failure::SAYS;
use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, File, Lexer, Loader, Parser};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::{Num, Val};
use limits::{Guard, Kind};
use std::borrow::Cow;
use std::fmt;

/// The longest program, bytes.
const MAX_SOURCE: usize = 16 << 10;
/// Compiling recurses with the program's nesting.
const STACK: usize = 64 << 20;
/// What the program is called as a definition.
const NAME: &str = "userferry_program";

/// A compiled program. Two are equal if their texts are.
pub struct Program {
    source: String,
    paths: Vec<String>,
    /// The fields that it reads; where it may read any other, the place that says so.
    reads: Result<Vec<String>, usize>,
    filter: Filter<Kind>,
}

const ENDLESS: &str = "the jq program does not come to an end, or makes too much of the record";
/// What is wrong with a record that no program can take.
pub(super) const IMMODERATE: &str =
    "nested too deeply for jq, or a number of too many digits anywhere in the record";

/// Why a text is no program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Where in the text, bytes.
    pub(super) at: usize,
    pub(super) message: String,
}

/// What a program gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Nothing, or null.
    Nothing,
    Text(String),
    /// Any other value, as JSON.
    Other(String),
}

impl Output {
    /// As a value of a record.
    pub(super) fn as_json(&self) -> Json<'_> {
        match self {
            Self::Nothing => Json::Null,
            Self::Text(text) => Json::Text(text.into()),
            Self::Other(json) => Json::of(json),
        }
    }
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl Program {
    /// Reads a program as it stands behind `jq` in a rule.
    pub(super) fn read(text: &serde_json::Value) -> Result<Self, RuleError> {
        let text =
            text.as_str().ok_or_else(|| RuleError::of("jq", "`jq` must be a program as text"))?;
        Self::compile(text)
            .map_err(|fault| RuleError { at: Some(fault.at), ..RuleError::of("jq", fault.message) })
    }

    pub(super) fn compile(source: &str) -> Result<Self, Fault> {
        if source.len() > MAX_SOURCE {
            let message = format!("a program of more than {} KiB", MAX_SOURCE >> 10);
            return Err(Fault { at: 0, message });
        }
        let unable = || Fault { at: 0, message: "the program cannot be compiled".to_owned() };
        std::thread::scope(|scope| {
            let compiler = std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, || compile(source))
                .map_err(|_| unable())?;
            compiler.join().map_err(|_| unable())?
        })
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// The fields of the record that the program names, as dotted paths. One that takes the record
    /// as a whole may use others too.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The fields of the record that it reads, as dotted paths, if its text says for certain that it
    /// reads no other. Else the place in the text, bytes.
    pub(super) fn reads(&self) -> Result<&[String], usize> {
        self.reads.as_deref().map_err(|at| *at)
    }

    /// Runs it on a record. The error quotes nothing of it.
    pub(super) fn run(&self, record: &Val) -> Result<Output, Cow<'static, str>> {
        let guard = Guard::new(&self.filter.lut);
        let context = Ctx::<Kind>::new(&guard, Vars::new([]));
        let mut results = self.filter.id.run((context, record.clone()));
        let first = results.next();
        let second = first.as_ref().and_then(|_| results.next());
        match (first, second) {
            (None, _) => Ok(Output::Nothing),
            (Some(Ok(value)), None) => output(value).map_err(Cow::from),
            (Some(Ok(_)), Some(Ok(_))) => Err("the jq program gives several values".into()),
            (Some(Err(exception)), _) | (_, Some(Err(exception))) => {
                // What is no error has stopped it.
                Err(exception.get_err().map_or(Cow::from(ENDLESS), |error| {
                    failure::describe(&error, &self.source).into()
                }))
            }
        }
    }
}

/// The record as programs see it. None if it is nested too deeply, or has a number of thousands of
/// digits.
pub(super) fn record(text: &str) -> Option<Val> {
    if !limits::is_moderate(text.as_bytes()) {
        return None;
    }
    jaq_json::read::parse_single(text.as_bytes()).ok()
}

fn output(value: Val) -> Result<Output, &'static str> {
    Ok(match value {
        Val::Null => Output::Nothing,
        Val::TStr(bytes) => Output::Text(
            String::from_utf8(bytes.to_vec()).map_err(|_| "the jq program gives no valid text")?,
        ),
        Val::BStr(_) => return Err("the jq program gives bytes"),
        Val::Num(Num::Float(number)) if !number.is_finite() => {
            return Err("the jq program gives no finite number");
        }
        // JSON has one type of number: 2.0 is 2.
        Val::Num(Num::Float(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Output::Other(format!("{number:.0}"))
        }
        other => Output::Other(other.to_string()),
    })
}

/// The way out where a name of other letters than jq knows stands bare.
fn of_bare_names(source: &str) -> &'static str {
    let is_bare =
        |at: usize| source[at + 1..].starts_with(|c: char| c.is_alphabetic() && !c.is_ascii());
    if source.match_indices('.').any(|(at, _)| is_bare(at)) {
        "; a name with other letters than a to z stands in brackets and quotes: .[\"姓名\"]"
    } else {
        ""
    }
}

fn compile(source: &str) -> Result<Program, Fault> {
    let fault = |part: Option<&str>, message: String| {
        let at = part.and_then(|part| offset(source, part)).unwrap_or(source.len());
        Fault { at, message }
    };
    let tokens = Lexer::new(source).lex().map_err(|errors| {
        let (expected, rest) = &errors[0];
        fault(Some(rest), format!("jq: {} is expected{}", expected.as_str(), of_bare_names(source)))
    })?;
    let term = Parser::new(&tokens).parse(Parser::term).map_err(|errors| {
        let (expected, found) = &errors[0];
        let at = found.map(|token| token.0);
        fault(at, format!("jq: {} is expected{}", an(expected.as_str()), of_bare_names(source)))
    })?;
    let reads = reads::reads(&term);
    let reads = reads.map_err(|part| part.and_then(|part| offset(source, part)).unwrap_or(0));
    let (program, found) = syntax::limited(Def { name: NAME, args: Vec::new(), body: term });
    if found.depth > syntax::MAX_DEPTH {
        return Err(Fault { at: 0, message: "jq: nested too deeply".to_owned() });
    }
    if let Some(name) = found.wraps {
        let shown = show_name(name.as_bytes());
        let message =
            format!("jq: the filter `{shown}`, which calls itself, can only take $variables");
        return Err(fault(Some(name), message));
    }
    let library = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let library = library.filter(|def| !limits::is_barred(def.name));
    let library = library.map(|def| syntax::limited(def).0);
    let prelude: Vec<Def<&str>> = library.chain([program]).collect();
    let arena = Arena::default();
    let unable = || Fault { at: 0, message: "jq: the program cannot be compiled".to_owned() };
    let modules =
        Loader::new(prelude).load(&arena, File { code: NAME, path: () }).map_err(|_| unable())?;
    let filter =
        Compiler::default().with_funs(limits::functions()).compile(modules).map_err(|errors| {
            let all = errors.iter().flat_map(|(_, undefined)| undefined);
            let ours = all.filter(|(name, _)| offset(source, name).is_some());
            ours.min_by_key(|(name, _)| offset(source, name)).map_or_else(unable, |(name, what)| {
                let shown = show_name(name.as_bytes());
                fault(Some(name), format!("jq: there is no {} `{shown}`", what.as_str()))
            })
        })?;
    Ok(Program { source: source.to_owned(), paths: found.paths, reads, filter })
}

/// With the article that messages need.
fn an(what: &str) -> String {
    match what {
        "" | "nothing" => "the end of the program".to_owned(),
        "term" | "key" | "string" | "pattern" | "variable" => format!("a {what}"),
        "argument" | "identifier" => format!("an {what}"),
        other if other.contains(" or ") => other.to_owned(),
        other => format!("`{other}`"),
    }
}

/// Where a part of a text begins; none if it is no part of it.
fn offset(whole: &str, part: &str) -> Option<usize> {
    let range = whole.as_bytes().as_ptr_range();
    let at = part.as_ptr();
    (range.start <= at && at <= range.end).then(|| at.addr() - range.start.addr())
}

#[cfg(test)]
mod tests;
