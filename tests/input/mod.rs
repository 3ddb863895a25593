//! Bad inputs: for each the exact message and the way out, and what was read before.

mod documents;
pub(crate) mod formats;
mod mapping;
mod packed;
mod records;
mod rows;
mod settings;
mod stray_quotes;

use userferry::check::Checker;
use userferry::input::{Options, Reader};
use userferry::mapping::Mapping;
use userferry::provider::authing::fields::V2;

/// Every problem of a source as one line, and the counts of valid and invalid records.
fn check(name: &str, content: &[u8]) -> (Vec<String>, u64, u64) {
    let mapping = Mapping::reference();
    let mut checker = Checker::new(&mapping, &V2).expect("a table can be made");
    let input = std::io::Cursor::new(content.to_vec());
    let options = Options { cells: mapping.cells(&V2), ..Options::default() };
    let mut reader = Reader::from_read(input, name, &options, None).expect("it opens");
    checker.source(name, &mut reader, &mut |_, _| {}).expect("it is read to its end");
    let mut found: Vec<String> = Vec::new();
    let report = checker
        .finish(&mut |problem| {
            found.push(problem.to_string());
            Ok(())
        })
        .expect("the table holds");
    assert!(found.iter().all(|problem| !problem.contains("geheim")));
    (found, report.valid, report.invalid)
}
