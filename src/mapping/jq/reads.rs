//! Which fields of the record a program reads, where its text says so for certain.
//!
//! What is allowed is listed: a path of literal names that begins at the record, and whatever is done
//! with what it leads to. Where the record itself could get anywhere else (into a variable, a filter, a
//! definition), the program may read anything.

use super::syntax::literal;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::{Part, Path};

/// What a term gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    /// Possibly the record as a whole.
    Record,
    /// Only what comes from the fields that were found, or from no record.
    Fields,
}

/// A part of the program that may read anything: its name, where it has one.
type Anything<'s> = Option<&'s str>;
type Given<'s> = Result<Gives, Anything<'s>>;

/// The fields that a program reads, as dotted paths.
pub(super) fn reads<'s>(program: &Term<&'s str>) -> Result<Vec<String>, Anything<'s>> {
    let mut reads = Reads { paths: Vec::new() };
    reads.fields(program).map(|()| reads.paths)
}

/// Walks what is run on the record. What is run on something else is never looked at: it can reach the
/// record neither by a variable nor by a definition, for neither ever holds it.
struct Reads {
    paths: Vec<String>,
}

impl Reads {
    /// A term that must not give the record.
    fn fields<'s>(&mut self, term: &Term<&'s str>) -> Result<(), Anything<'s>> {
        match self.term(term)? {
            Gives::Fields => Ok(()),
            Gives::Record => Err(None),
        }
    }

    fn term<'s>(&mut self, term: &Term<&'s str>) -> Given<'s> {
        match term {
            Term::Id => return Ok(Gives::Record),
            Term::Recurse => return Err(None),
            Term::Num(_) | Term::Break(_) | Term::Var(_) | Term::Arr(None) => {}
            Term::Str(_, parts) => {
                for part in parts {
                    if let StrPart::Term(term) = part {
                        self.fields(term)?;
                    }
                }
            }
            Term::Arr(Some(inner)) | Term::Neg(inner) => self.fields(inner)?,
            Term::Obj(members) => {
                for (key, value) in members {
                    self.member(key, value.as_ref())?;
                }
            }
            Term::BinOp(left, op, right) => return self.operation(left, op, right),
            // What `catch` gets is a message, and nothing fails on the record itself.
            Term::Label(_, inner) | Term::TryCatch(inner, _) => return self.term(inner),
            Term::Fold(_, over, pattern, args) => {
                self.fields(over)?;
                self.pattern(pattern)?;
                // The others are run on what the first one begins with.
                args.first().map_or(Ok(()), |first| self.fields(first))?;
            }
            Term::IfThenElse(branches, other) => {
                let mut gives = match other {
                    Some(other) => self.term(other)?,
                    None => Gives::Record,
                };
                for (condition, then) in branches {
                    self.fields(condition)?;
                    gives = either(gives, self.term(then)?);
                }
                return Ok(gives);
            }
            Term::Def(defs, _) => return Err(defs.first().map(|def| def.name)),
            Term::Call(name, args) => return self.call(name, args),
            Term::Path(of, path) => return self.path(of, path),
        }
        Ok(Gives::Fields)
    }

    fn operation<'s>(
        &mut self,
        left: &Term<&'s str>,
        op: &BinaryOp<&'s str>,
        right: &Term<&'s str>,
    ) -> Given<'s> {
        match op {
            BinaryOp::Pipe(None) => match self.term(left)? {
                Gives::Record => self.term(right),
                Gives::Fields => Ok(Gives::Fields),
            },
            BinaryOp::Pipe(Some(pattern)) => {
                self.fields(left).map_err(|at| at.or(first_name(pattern)))?;
                self.pattern(pattern)?;
                self.term(right)
            }
            BinaryOp::Comma | BinaryOp::Alt => Ok(either(self.term(left)?, self.term(right)?)),
            BinaryOp::Or | BinaryOp::And | BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
                self.fields(left)?;
                self.fields(right)?;
                Ok(Gives::Fields)
            }
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                Err(None)
            }
        }
    }

    fn member<'s>(
        &mut self,
        key: &Term<&'s str>,
        value: Option<&Term<&'s str>>,
    ) -> Result<(), Anything<'s>> {
        match (value, literal(key), key) {
            (Some(value), ..) => {
                self.fields(key)?;
                self.fields(value)
            }
            // `{name}` is short for `{name: .name}`.
            (None, Some(name), _) => {
                self.paths.push(name);
                Ok(())
            }
            (None, None, Term::Var(_)) => Ok(()),
            (None, None, _) => Err(None),
        }
    }

    /// Its keys are run on the record.
    fn pattern<'s>(&mut self, pattern: &Pattern<&'s str>) -> Result<(), Anything<'s>> {
        match pattern {
            Pattern::Var(_) => Ok(()),
            Pattern::Arr(items) => items.iter().try_for_each(|item| self.pattern(item)),
            Pattern::Obj(members) => members.iter().try_for_each(|(key, inner)| {
                self.fields(key)?;
                self.pattern(inner)
            }),
        }
    }

    fn call<'s>(&mut self, name: &'s str, args: &[Term<&'s str>]) -> Given<'s> {
        match (name, args) {
            ("null" | "true" | "false" | "empty", []) => Ok(Gives::Fields),
            ("error" | "isempty", [one]) => self.fields(one).map(|()| Gives::Fields),
            ("first" | "last", [one]) => self.term(one),
            ("limit", [count, one]) => {
                self.fields(count)?;
                self.term(one)
            }
            ("select", [condition]) => self.fields(condition).map(|()| Gives::Record),
            // The condition is run on each of what the first one gives.
            ("any" | "all", [over, _]) => self.fields(over).map(|()| Gives::Fields),
            _ => Err(Some(name)),
        }
    }

    fn path<'s>(&mut self, of: &Term<&'s str>, path: &Path<Term<&'s str>>) -> Given<'s> {
        let gives = self.term(of)?;
        for (part, _) in &path.0 {
            let indices = match part {
                Part::Index(index) => [Some(index), None],
                Part::Range(from, to) => [from.as_ref(), to.as_ref()],
            };
            indices.into_iter().flatten().try_for_each(|index| self.fields(index))?;
        }
        if gives == Gives::Record {
            let names = path.0.iter().map_while(|(part, _)| match part {
                Part::Index(index) => literal(index),
                Part::Range(..) => None,
            });
            let names: Vec<String> = names.collect();
            if names.is_empty() {
                return Err(None);
            }
            self.paths.push(names.join("."));
        }
        Ok(Gives::Fields)
    }
}

fn either(one: Gives, other: Gives) -> Gives {
    if one == Gives::Record { one } else { other }
}

fn first_name<'s>(pattern: &Pattern<&'s str>) -> Anything<'s> {
    match pattern {
        Pattern::Var(name) => Some(name),
        Pattern::Arr(items) => items.iter().find_map(first_name),
        Pattern::Obj(members) => members.iter().find_map(|(_, inner)| first_name(inner)),
    }
}
