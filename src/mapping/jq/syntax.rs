//! Walks the syntax of a program: every definition that calls itself gets a step that counts, sums
//! and products are made where their size is looked at, and the fields that the program names are
//! found.

use super::limits::{PLUS, STEP, TIMES};
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

/// How deep a program may be nested.
pub(super) const MAX_DEPTH: usize = 256;

/// What a walk has found.
#[derive(Debug, Default)]
pub(super) struct Found<'s> {
    /// Fields of the record, as dotted paths.
    pub(super) paths: Vec<String>,
    /// The deepest nesting.
    pub(super) depth: usize,
    /// A definition that calls itself and hands filters on: each call would wrap them once more,
    /// and nothing could count how deep that goes.
    pub(super) wraps: Option<&'s str>,
    calls: Vec<(&'s str, usize)>,
    now: usize,
}

/// A definition whose loops count. In jq nothing loops but a definition that calls itself, directly
/// or in a definition inside it.
pub(super) fn limited(def: Def<&str>) -> (Def<&str>, Found<'_>) {
    let mut found = Found::default();
    let def = found.def(def);
    (def, found)
}

impl<'s> Found<'s> {
    fn def(&mut self, def: Def<&'s str>) -> Def<&'s str> {
        let before = self.calls.len();
        let body = self.term(def.body);
        let calls_itself = self.calls[before..].contains(&(def.name, def.args.len()));
        if calls_itself && def.args.iter().any(|arg| !arg.starts_with('$')) {
            self.wraps = self.wraps.or(Some(def.name));
        }
        let body = if calls_itself {
            let step = Term::Call(STEP, Vec::new());
            Term::BinOp(Box::new(step), BinaryOp::Pipe(None), Box::new(body))
        } else {
            body
        };
        Def { body, ..def }
    }

    fn term(&mut self, term: Term<&'s str>) -> Term<&'s str> {
        self.now += 1;
        self.depth = self.depth.max(self.now);
        let term = match term {
            Term::Str(format, parts) => {
                Term::Str(format, parts.into_iter().map(|part| self.part(part)).collect())
            }
            Term::Arr(inner) => Term::Arr(inner.map(|inner| self.boxed(inner))),
            Term::Obj(members) => {
                Term::Obj(members.into_iter().map(|member| self.member(member)).collect())
            }
            Term::Neg(inner) => Term::Neg(self.boxed(inner)),
            Term::BinOp(left, op, right) => {
                let op = match op {
                    BinaryOp::Pipe(Some(pattern)) => BinaryOp::Pipe(Some(self.pattern(pattern))),
                    op => op,
                };
                measured(self.boxed(left), op, self.boxed(right))
            }
            Term::Label(name, inner) => Term::Label(name, self.boxed(inner)),
            Term::Fold(name, over, pattern, args) => {
                let (over, pattern) = (self.boxed(over), self.pattern(pattern));
                Term::Fold(name, over, pattern, self.all(args))
            }
            Term::TryCatch(inner, catch) => {
                Term::TryCatch(self.boxed(inner), catch.map(|catch| self.boxed(catch)))
            }
            Term::IfThenElse(branches, other) => {
                let branch = |(a, b)| (self.term(a), self.term(b));
                let branches = branches.into_iter().map(branch).collect();
                Term::IfThenElse(branches, other.map(|other| self.boxed(other)))
            }
            Term::Def(defs, inner) => {
                let defs = defs.into_iter().map(|def| self.def(def)).collect();
                Term::Def(defs, self.boxed(inner))
            }
            Term::Call(name, args) => {
                self.calls.push((name, args.len()));
                Term::Call(name, self.all(args))
            }
            Term::Path(of, path) => {
                self.note(&of, &path);
                let path = path.0.into_iter().map(|(part, opt)| (self.path_part(part), opt));
                let path = Path(path.collect());
                Term::Path(self.boxed(of), path)
            }
            leaf @ (Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_)) => {
                leaf
            }
        };
        self.now -= 1;
        term
    }

    fn boxed(&mut self, mut term: Box<Term<&'s str>>) -> Box<Term<&'s str>> {
        *term = self.term(std::mem::take(&mut *term));
        term
    }

    fn all(&mut self, terms: Vec<Term<&'s str>>) -> Vec<Term<&'s str>> {
        terms.into_iter().map(|term| self.term(term)).collect()
    }

    fn part(&mut self, part: StrPart<&'s str, Term<&'s str>>) -> StrPart<&'s str, Term<&'s str>> {
        match part {
            StrPart::Term(term) => StrPart::Term(self.term(term)),
            part => part,
        }
    }

    fn member(
        &mut self,
        (key, value): (Term<&'s str>, Option<Term<&'s str>>),
    ) -> (Term<&'s str>, Option<Term<&'s str>>) {
        // `{name}` is short for `{name: .name}`.
        if let (Some(name), None) = (literal(&key), &value) {
            self.paths.push(name);
        }
        (self.term(key), value.map(|value| self.term(value)))
    }

    fn pattern(&mut self, pattern: Pattern<&'s str>) -> Pattern<&'s str> {
        match pattern {
            Pattern::Var(name) => Pattern::Var(name),
            Pattern::Arr(items) => {
                Pattern::Arr(items.into_iter().map(|item| self.pattern(item)).collect())
            }
            Pattern::Obj(members) => {
                let member = |(key, inner)| {
                    self.paths.extend(literal(&key));
                    (self.term(key), self.pattern(inner))
                };
                Pattern::Obj(members.into_iter().map(member).collect())
            }
        }
    }

    fn path_part(&mut self, part: Part<Term<&'s str>>) -> Part<Term<&'s str>> {
        match part {
            Part::Index(term) => Part::Index(self.term(term)),
            Part::Range(from, to) => {
                Part::Range(from.map(|term| self.term(term)), to.map(|term| self.term(term)))
            }
        }
    }

    /// `.a.b` names the field `a.b` of the record.
    fn note(&mut self, of: &Term<&'s str>, path: &Path<Term<&'s str>>) {
        if !matches!(of, Term::Id) {
            return;
        }
        let names = path.0.iter().map_while(|(part, _)| match part {
            Part::Index(term) => literal(term),
            Part::Range(..) => None,
        });
        let names: Vec<String> = names.collect();
        if !names.is_empty() {
            self.paths.push(names.join("."));
        }
    }
}

/// Sums and products by filters of ours. As in jq, what is on the right is the outer loop.
fn measured<'s>(
    left: Box<Term<&'s str>>,
    op: BinaryOp<&'s str>,
    right: Box<Term<&'s str>>,
) -> Term<&'s str> {
    /// A variable that no program can write.
    const OPERAND: &str = "$!operand";
    let name = match op {
        BinaryOp::Math(Math::Add) | BinaryOp::UpdateMath(Math::Add) => PLUS,
        BinaryOp::Math(Math::Mul) | BinaryOp::UpdateMath(Math::Mul) => TIMES,
        op => return Term::BinOp(left, op, right),
    };
    match op {
        // `l += r` is `r as $x | l |= . + $x`.
        BinaryOp::UpdateMath(_) => {
            let result = Term::Call(name, vec![Term::Var(OPERAND), Term::Id]);
            let update = Term::BinOp(left, BinaryOp::Update, Box::new(result));
            let bind = BinaryOp::Pipe(Some(Pattern::Var(OPERAND)));
            Term::BinOp(right, bind, Box::new(update))
        }
        _ => Term::Call(name, vec![*right, *left]),
    }
}

/// The text of a term that is one, whatever it is run on.
pub(super) fn literal(term: &Term<&str>) -> Option<String> {
    let Term::Str(None, parts) = term else { return None };
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(part) => text.push_str(part),
            StrPart::Char(c) => text.push(*c),
            StrPart::Term(_) => return None,
        }
    }
    Some(text)
}
