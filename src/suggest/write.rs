//! The proposal as a section of the settings file.

use super::{Line, Proposal};
use crate::words::{counted, grouped, quoted};

/// Fields that are left are named up to here.
const MOST_LEFT: usize = 60;
/// Comments behind lines begin here, where the lines are not longer.
const WIDTH: usize = 56;

impl Proposal {
    /// The section `[mapping]`, with a comment behind each line. `help`: comments that come first.
    pub fn to_toml(&self, help: &str) -> String {
        let mut out = format!("[mapping]\n{help}");
        let of = self.of();
        out.push_str(&format!(
            "# Proposed from the export: the provider's field = your column. Read it, and change what is \
             wrong.\n# The per cent say how many {of} have a value.\n"
        ));
        if !self.has_identifier() {
            let (last, others) = self.identifiers.split_last().unwrap_or((&"", &[]));
            out.push_str(&format!(
                "# No field was found that identifies a user: name one of {} or\n\
                 # {last}, or no record can be sent.\n",
                others.join(", ")
            ));
        }
        for line in &self.lines {
            let mark = if line.holds { "" } else { "# " };
            let rule = format!("{mark}{} = {}", line.field, line.rule);
            push(&mut out, &rule, &comment(line, &of));
        }
        out.push_str(&self.raw_copy());
        self.push_left(&mut out);
        out
    }

    /// What the coverage is of.
    fn of(&self) -> String {
        let records = counted(self.records, "record");
        if self.is_sample { format!("of the first {records}") } else { format!("of {records}") }
    }

    /// Whether a user can be told from another.
    pub fn has_identifier(&self) -> bool {
        let is = |line: &Line| line.holds && self.identifiers.contains(&line.field);
        self.lines.iter().any(is)
    }

    fn raw_copy(&self) -> String {
        let Some(field) = self.raw_field else { return String::new() };
        let names: Vec<String> = self.without.iter().map(|name| quoted(name)).collect();
        let without = if names.is_empty() {
            String::new()
        } else {
            format!(", without = [{}]", names.join(", "))
        };
        format!(
            "# A copy of the whole record, as the vendor's script keeps it. It is off because everything in\n\
             # it leaves your house, also what nobody asked for; the password's column is never in it.\n\
             # {field} = {{ raw = true{without} }}\n"
        )
    }

    fn push_left(&self, out: &mut String) {
        if self.left.is_empty() {
            return;
        }
        out.push_str("\n# Not mapped:\n");
        for left in self.left.iter().take(MOST_LEFT) {
            let comment = format!("{}; {}", left.coverage, left.reason);
            push(out, &format!("# … = {}", left.rule), &comment);
        }
        if let Some(more) = self.left.len().checked_sub(MOST_LEFT).filter(|more| *more > 0) {
            out.push_str(&format!("# and {} more\n", grouped(more as u64)));
        }
    }
}

fn comment(line: &Line, of: &str) -> String {
    let tried = line.tried.as_ref().map(|tried| tried.told(line.omits));
    let coverage = format!("{} {of}", line.coverage);
    let parts: Vec<String> = [coverage].into_iter().chain(tried).chain(line.note.clone()).collect();
    parts.join("; ")
}

fn push(out: &mut String, rule: &str, comment: &str) {
    out.push_str(rule);
    let pad = WIDTH.saturating_sub(rule.chars().count());
    out.extend(std::iter::repeat_n(' ', pad));
    out.push_str("  # ");
    // A name may stand in it: no character of it ends the line.
    out.extend(comment.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
    out.push('\n');
}
