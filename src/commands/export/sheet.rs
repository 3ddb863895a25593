//! Records as CSV: which columns there are, and the cells of each row.

use crate::error::Result;
use crate::input::Checkpoint;
use crate::input::mark::{self, MARK, parts};
use crate::json::{is_space, text_end};
use crate::store::{Exported, Reading, SourceId, Table};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The sources that are CSV: the character between their cells, and the names of their columns.
pub(super) struct CsvSources(BTreeMap<SourceId, (u8, Vec<String>)>);

impl CsvSources {
    pub(super) fn of(table: &Table) -> Result<Self> {
        let mut sources = BTreeMap::new();
        for (source, checkpoint) in table.checkpoints()? {
            // One of which nothing was read has none.
            let Ok(checkpoint) = serde_json::from_str::<Checkpoint>(&checkpoint) else { continue };
            if let Some((delimiter, header)) = checkpoint.columns() {
                let names = header.iter().filter(|name| *name != MARK).cloned().collect();
                sources.insert(source, (delimiter.usual(), names));
            }
        }
        Ok(Self(sources))
    }

    pub(super) fn has(&self, source: SourceId) -> bool {
        self.0.contains_key(&source)
    }
}

/// The columns of an export as CSV. The first one says why a record was not sent, so that the cells
/// of a row that does not fit stand under the columns where they stood.
pub(super) struct Sheet {
    sources: CsvSources,
    /// What separates the cells where the sources do not say it.
    usual: u8,
    /// Whether a row says why.
    is_marked: bool,
    columns: Vec<String>,
    places: HashMap<String, usize>,
    met: BTreeSet<SourceId>,
}

/// A row of an export as CSV.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) cells: Vec<Cow<'a, [u8]>>,
    pub(super) is_of_csv: bool,
    /// A row that does not fit the header.
    pub(super) is_misfit: bool,
    /// Some of its cells hold JSON.
    pub(super) is_nested: bool,
}

impl Sheet {
    pub(super) fn new(sources: CsvSources, usual: u8) -> Self {
        Self {
            sources,
            usual,
            is_marked: false,
            columns: Vec::new(),
            places: HashMap::new(),
            met: BTreeSet::new(),
        }
    }

    /// Takes in the columns of a record: those of its source, or its own where that is not CSV.
    pub(super) fn survey(&mut self, record: &Exported) {
        let of_csv = self.sources.0.get(&record.source);
        // What does not fit needs the first column, too: see `mark::is_padding_due`.
        self.is_marked |= record.why.is_some() || (of_csv.is_some() && is_list(&record.raw));
        let names = match of_csv {
            Some(_) if !self.met.insert(record.source) => return,
            Some((_, header)) => header.clone(),
            None => fields(&record.raw).map_or(Vec::new(), |fields| {
                fields.into_iter().map(|(name, _)| name.into_owned()).collect()
            }),
        };
        for name in names {
            if !self.places.contains_key(&name) {
                self.places.insert(name.clone(), self.columns.len());
                self.columns.push(name);
            }
        }
    }

    /// The first line.
    pub(super) fn header(&self) -> Vec<u8> {
        let mark = self.is_marked.then_some(MARK);
        let names = mark.into_iter().chain(self.columns.iter().map(String::as_str));
        let cells: Vec<&str> = names.collect();
        if cells.is_empty() { Vec::new() } else { self.line(&cells) }
    }

    /// The cells of a record; none if no row can hold it.
    pub(super) fn row<'a>(&self, record: &'a Exported) -> Option<Row<'a>> {
        let is_of_csv = self.sources.has(record.source);
        let why = Cow::Borrowed(record.why.as_deref().unwrap_or_default().as_bytes());
        let mut cells: Vec<Cow<'a, [u8]>> = if self.is_marked { vec![why] } else { Vec::new() };
        let first = cells.len();
        if is_of_csv && is_list(&record.raw) {
            let own = parts(&record.raw).into_iter().map(|part| cell(&record.raw[part]).0);
            let own: Vec<_> = own.collect();
            let places = self.places_of(record.source, own.len());
            // What may be several users must not come back as one.
            if let Some(places) = places.filter(|_| !mark::may_hide_rows(&own)) {
                cells.resize(first + self.columns.len(), Cow::default());
                places.into_iter().zip(own).for_each(|(place, cell)| cells[first + place] = cell);
                return Some(Row { cells, is_of_csv, is_misfit: false, is_nested: false });
            }
            cells.extend(own);
            if mark::is_padding_due(self.columns.len(), &cells[first..]) {
                cells.push(Cow::default());
            }
            return Some(Row { cells, is_of_csv, is_misfit: true, is_nested: false });
        }
        cells.resize(first + self.columns.len(), Cow::default());
        let mut seen = BTreeSet::new();
        let mut is_nested = false;
        for (name, value) in fields(&record.raw)? {
            // A name that is given twice, or has come since the columns were counted.
            let place = *self.places.get(name.as_ref())?;
            if !seen.insert(place) {
                return None;
            }
            let (cell, is_json) = cell(value);
            cells[first + place] = cell;
            is_nested |= is_json;
        }
        Some(Row { cells, is_of_csv, is_misfit: false, is_nested })
    }

    /// The columns of a row of so many cells, as the header of its source names them; none if they are more or
    /// fewer. A row may have been refused for something else, such as a quote inside a cell.
    fn places_of(&self, source: SourceId, cells: usize) -> Option<Vec<usize>> {
        let (_, header) = self.sources.0.get(&source)?;
        let places: Vec<usize> =
            header.iter().filter_map(|name| self.places.get(name).copied()).collect();
        // A name that is given twice has one column.
        let different: BTreeSet<&usize> = places.iter().collect();
        (header.len() == cells && different.len() == cells).then_some(places)
    }

    /// Cells as a line.
    pub(super) fn line(&self, cells: &[impl AsRef<[u8]>]) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter())
            .flexible(true)
            .from_writer(Vec::new());
        // Nothing of it can fail: it is written into memory.
        drop(writer.write_record(cells));
        writer.into_inner().unwrap_or_default()
    }

    /// That of the sources, if all have the same.
    fn delimiter(&self) -> u8 {
        let mut used = self.met.iter().filter_map(|source| Some(self.sources.0.get(source)?.0));
        match used.next() {
            Some(first) if used.all(|other| other == first) => first,
            _ => self.usual,
        }
    }
}

fn is_list(raw: &[u8]) -> bool {
    raw.first() == Some(&b'[')
}

/// The fields of an object: their names, and their values as they are written. None if it is none.
fn fields(raw: &[u8]) -> Option<Vec<(Cow<'_, str>, &[u8])>> {
    if raw.first() != Some(&b'{') || raw.last() != Some(&b'}') {
        return None;
    }
    let mut fields = Vec::new();
    for part in parts(raw) {
        let part = &raw[part];
        let end = text_end(part, 0)?;
        let name = match text(&part[..end]) {
            Cow::Borrowed(name) => Cow::Borrowed(std::str::from_utf8(name).ok()?),
            Cow::Owned(name) => Cow::Owned(String::from_utf8(name).ok()?),
        };
        let rest = part[end..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        fields.push((name, rest));
    }
    Some(fields)
}

/// A value as a cell, and whether it is JSON there.
fn cell(value: &[u8]) -> (Cow<'_, [u8]>, bool) {
    match value.first() {
        Some(b'"') => (text(value), false),
        Some(b'{' | b'[') => {
            let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
            let is_long = value.iter().any(|byte| is_end(byte) || is_space(*byte));
            let json = if is_long { crate::json::compact(value).into() } else { value.into() };
            (json, true)
        }
        Some(b'n') | None => (Cow::default(), false),
        Some(_) => (Cow::Borrowed(value), false),
    }
}

/// What a text of JSON says. Bytes that are not UTF-8 stay: no letter may take their place unseen.
fn text(json: &[u8]) -> Cow<'_, [u8]> {
    let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut text = Vec::with_capacity(inner.len());
    for chunk in inner.utf8_chunks() {
        match serde_json::from_str::<String>(&format!("\"{}\"", chunk.valid())) {
            Ok(said) => text.extend_from_slice(said.as_bytes()),
            // Half a pair of surrogates.
            Err(_) => text.extend_from_slice(chunk.valid().as_bytes()),
        }
        text.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::JobId;

    const CSV: SourceId = SourceId(1);
    const JSON: SourceId = SourceId(2);

    fn record(source: SourceId, raw: &[u8]) -> Exported {
        Exported { id: JobId(1), raw: raw.to_vec(), source, why: Some("invalid: a, b".to_owned()) }
    }

    fn sheet(records: &[Exported]) -> Sheet {
        let csv = (b';', vec!["uid".to_owned(), "na;me".to_owned()]);
        let mut sheet = Sheet::new(CsvSources(BTreeMap::from([(CSV, csv)])), b',');
        for record in records {
            sheet.survey(record);
        }
        sheet
    }

    fn written(records: &[Exported]) -> (String, Vec<String>) {
        let sheet = sheet(records);
        let text = |line: Vec<u8>| String::from_utf8_lossy(&line).into_owned();
        let rows = records.iter().map(|record| {
            sheet.row(record).map_or("left out".to_owned(), |row| text(sheet.line(&row.cells)))
        });
        (text(sheet.header()), rows.collect())
    }

    #[test]
    fn columns_come_in_the_order_in_which_they_are_met_and_values_as_text() {
        let (header, rows) = written(&[
            record(CSV, br#"{"uid":"1","na;me":"say \"x\"\n"}"#),
            record(JSON, br#"{ "a": {"b": [1, 2]}, "uid": 7.0, "c": null, "d": true }"#),
            record(JSON, br#"{"e":"\u5f20","uid":""}"#),
        ]);
        assert_eq!(header, "_userferry;uid;\"na;me\";a;c;d;e\n");
        let expected = [
            "invalid: a, b;1;\"say \"\"x\"\"\n\";;;;\n",
            "invalid: a, b;7.0;;\"{\"\"b\"\":[1,2]}\";;true;\n",
            "invalid: a, b;;;;;;\u{5f20}\n",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_row_that_does_not_fit_comes_with_its_own_cells_and_never_as_many_as_the_header() {
        let misfits = [record(CSV, br#"["1"]"#), record(CSV, br#"["1","a","b"]"#)];
        let (header, rows) = written(&misfits);
        assert_eq!(header, "_userferry;uid;\"na;me\"\n");
        assert_eq!(rows, ["invalid: a, b;1\n", "invalid: a, b;1;a;b\n"]);
        // A column that another source has is not one of its own.
        let [few, many] = misfits;
        let (header, rows) = written(&[few, many, record(JSON, br#"{"e":1}"#)]);
        assert_eq!(header, "_userferry;uid;\"na;me\";e\n");
        assert_eq!(rows[1], "invalid: a, b;1;a;b;\n");
    }

    #[test]
    fn a_row_that_was_refused_for_a_quote_has_the_cells_of_the_header() {
        let stray = record(CSV, br#"["1","\"Wu\" x"]"#);
        let records = [record(JSON, br#"{"e":1}"#), stray];
        let (header, rows) = written(&records);
        assert_eq!(header, "_userferry;e;uid;\"na;me\"\n");
        assert_eq!(rows[1], "invalid: a, b;;1;\"\"\"Wu\"\" x\"\n");
        assert!(!sheet(&records).row(&records[1]).unwrap().is_misfit);
    }

    #[test]
    fn what_no_row_can_hold_is_left_out() {
        let (_, rows) = written(&[
            record(JSON, br#"{"a":1,"a":2}"#),
            record(JSON, b"[1]"),
            record(JSON, b"7"),
            record(JSON, br#"{"a":1"#),
            record(JSON, br#"{"a" 1}"#),
        ]);
        assert_eq!(rows, ["left out"; 5]);
    }

    #[test]
    fn bytes_that_are_not_utf_8_stay() {
        let record = record(CSV, b"{\"uid\":\"1\",\"na;me\":\"\\\"\xff\\u0007\"}");
        let sheet = sheet(std::slice::from_ref(&record));
        let row = sheet.row(&record).unwrap();
        assert_eq!(row.cells[2].as_ref(), b"\"\xff\x07");
    }
}
