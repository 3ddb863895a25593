//! Quotes that belong to values: no valid record may hold another user. The model is a table of cells, written line by
//! line without any quotes but the two that stray.

use proptest::prelude::*;
use userferry::input::{Encoding, Format, Header, Options, Reader, Record};

#[derive(Clone, Debug)]
struct Table {
    delimiter: char,
    line_end: &'static str,
    /// Whether a space is written before the cells of a column.
    has_space: Vec<bool>,
    /// The cells besides the id.
    rows: Vec<Vec<String>>,
    /// Row and column of the value that begins with a quote, and of that which ends with one.
    opens: (usize, usize),
    closes: (usize, usize),
}

impl Table {
    fn columns(&self) -> usize {
        self.has_space.len()
    }

    /// No cell of another kind has such a text.
    fn id(row: usize) -> String {
        format!("k{row}k")
    }

    fn cell(&self, row: usize, column: usize) -> String {
        let text = if column == 0 { Self::id(row) } else { self.rows[row][column - 1].clone() };
        let open = if self.opens == (row, column) { "\"" } else { "" };
        let close = if self.closes == (row, column) { "\"" } else { "" };
        let is_spaced = self.has_space[column] && !text.is_empty() && open.is_empty();
        format!("{}{open}{text}{close}", if is_spaced { " " } else { "" })
    }

    fn text(&self) -> String {
        let names = ["id", "nick", "name", "city", "bio"];
        let delimiter = self.delimiter.to_string();
        let mut text = names[..self.columns()].join(&delimiter) + self.line_end;
        for row in 0..self.rows.len() {
            let cells: Vec<String> = (0..self.columns()).map(|at| self.cell(row, at)).collect();
            text += &(cells.join(&delimiter) + self.line_end);
        }
        text
    }
}

fn table() -> impl Strategy<Value = Table> {
    let row = prop::collection::vec("(|[a-z]{1,5}|[A-Z][a-z]{1,4} [a-z]{1,3}|[0-9]{1,3})", 4);
    let shape = (
        2_usize..6,
        prop::sample::select(vec![',', ';', '|', '\t']),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        prop::collection::vec(any::<bool>(), 5),
    );
    let places = (0_usize..6, 1_usize..8, 0_usize..5, 0_usize..5);
    (shape, prop::collection::vec(row, 3..16), places).prop_map(|(shape, mut rows, places)| {
        let (columns, delimiter, line_end, mut has_space) = shape;
        has_space.truncate(columns);
        for row in &mut rows {
            row.truncate(columns - 1);
        }
        let opens = places.0.min(rows.len() - 2);
        let closes = (opens + places.1).min(rows.len() - 1);
        let (opens, closes) = ((opens, places.2 % columns), (closes, places.3 % columns));
        Table { delimiter, line_end, has_space, rows, opens, closes }
    })
}

fn records(text: &str, delimiter: char) -> Vec<Record> {
    let word = if delimiter == '\t' { "tab".to_owned() } else { delimiter.to_string() };
    let options = Options {
        format: Some(Format::Csv),
        header: Header::First,
        delimiter: Some(word.parse().unwrap()),
        encoding: Some("utf-8".parse::<Encoding>().unwrap()),
        ..Options::default()
    };
    let input = std::io::Cursor::new(text.to_owned().into_bytes());
    let mut reader = Reader::from_read(input, "users.csv", &options, None).unwrap();
    // A quote that nothing closes ends the file; what came before is there.
    std::iter::from_fn(|| reader.next_record().ok().flatten()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_valid_record_holds_another_user(table in table()) {
        let text = table.text();
        for record in records(&text, table.delimiter) {
            if record.fault.is_none() {
                let raw = String::from_utf8(record.raw).unwrap();
                let ids = (0..table.rows.len()).filter(|row| raw.contains(&Table::id(*row)));
                prop_assert!(ids.count() < 2, "{text:?}: {raw}");
            }
        }
    }

    /// Lines of addresses and of prose, as a program writes them that puts them in quotes.
    #[test]
    fn prose_of_several_lines_is_read_as_it_was_or_told(
        columns in 2_usize..6,
        place in 1_usize..5,
        delimiter in prop::sample::select(vec![',', ';', '|', '\t']),
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "12 Main St", "Springfield, IL", "Apt 4, 2nd floor, left", "USA", "", "Born in Ulm,",
                "he came; saw, and won.", "\"Veni\", he said", "{", "  \"a\": 1,", "}", "a,b",
            ]),
            2..8,
        ),
    ) {
        let mut row: Vec<String> = (0..columns).map(|n| format!("c{n}")).collect();
        row[place % columns] = lines.join("\n");
        let mut writer = csv::WriterBuilder::new()
            .delimiter(u8::try_from(delimiter).unwrap())
            .from_writer(Vec::new());
        writer.write_record((0..columns).map(|n| format!("name{n}"))).unwrap();
        writer.write_record(&row).unwrap();
        writer.write_record(vec!["z"; columns]).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let records = records(&text, delimiter);
        let values = |record: &Record| -> Vec<String> {
            match serde_json::from_slice(&record.raw).unwrap() {
                serde_json::Value::Object(cells) => {
                    cells.values().map(|cell| cell.as_str().unwrap().to_owned()).collect()
                }
                other => other.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap().to_owned()).collect(),
            }
        };
        // Told or not, it is one record with all of its cells, unless a file without quotes is expected.
        if let [first, last] = records.as_slice() {
            prop_assert_eq!(values(first), row);
            prop_assert_eq!(&last.fault, &None);
        } else {
            prop_assert!(records[0].fault.is_some() && delimiter == '\t', "{text:?}");
        }
    }
}

#[test]
fn empty_last_cells_are_no_prose() {
    let empty = (2..10).map(|n| format!("k{n},\n")).collect::<Vec<_>>().concat();
    for line_end in ["\n", "\r\n"] {
        let text = format!("id,nick\nk0,ann\nk1,\"Bobby\n{empty}k10,Rob\"\nk11,x\n");
        let found = records(&text.replace('\n', line_end), ',');
        let faulty: Vec<u64> =
            found.iter().filter(|it| it.fault.is_some()).map(|it| it.no).collect();
        assert_eq!((found.len(), faulty), (3, vec![2]));
    }
    // An address whose last line is none of a row.
    let found = records("id,home\nk1,\"12 Main St\nSpringfield, IL\nUSA\"\n", ',');
    assert_eq!(found[0].fault, None);
}
