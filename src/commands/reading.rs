//! How to read a source: the options that every command which reads one takes.

use crate::config::Settings;
use crate::input::{self, Delimiter, Encoding, Format, Header, Quoting};
use crate::words::shell_word;
use clap::Args;

/// How to read a source.
#[derive(Clone, Debug, Default, Args)]
pub struct SourceOptions {
    /// Format of the source [default: told by its content]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub input_format: Option<Format>,

    /// Where the records lie in a JSON document, e.g. data.users
    #[arg(long, value_name = "PATH")]
    pub records: Option<String>,

    /// Encoding of the text, e.g. gb18030, utf-16le, big5, windows-1252 [default: told by its content]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<Encoding>,

    /// What separates the cells of CSV: one character, or the word tab [default: told by the header]
    #[arg(long, value_name = "CHAR")]
    pub delimiter: Option<Delimiter>,

    /// What the quotes of CSV are: part of the values, or around cells [default: told by the rows]
    #[arg(long, value_name = "QUOTES", value_enum)]
    pub quotes: Option<Quoting>,

    /// The first line of CSV is a header, though Userferry does not know two of its names
    #[arg(long)]
    pub header: bool,

    /// CSV has no header: these are the names of its columns, e.g. id,name,password
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "header")]
    pub columns: Vec<String>,

    /// A word that stands in cells of CSV for no value, besides \N; may be repeated [default: null in
    /// the settings]
    #[arg(long, value_name = "WORD")]
    pub null: Vec<String>,
}

impl SourceOptions {
    /// A source with these options, as another command takes them. What came by standard input is gone.
    pub fn with_source(&self, source: &str) -> String {
        let source = if source == "-" { "FILE".to_owned() } else { shell_word(source) };
        let records = self.records.as_ref();
        let records = records.map(|path| format!(" --records {}", shell_word(path)));
        let columns = (!self.columns.is_empty())
            .then(|| format!(" --columns '{}'", self.columns.join(",").replace('\'', r"'\''")));
        let header = self.header.then(|| " --header".to_owned());
        let options = [records, header, columns].into_iter().flatten();
        format!("{source}{}", options.collect::<String>())
    }

    /// How to read a source before there is a mapping.
    pub fn options(&self) -> input::Options {
        let header = if self.header {
            Header::First
        } else if self.columns.is_empty() {
            Header::default()
        } else {
            Header::Columns(self.columns.clone())
        };
        input::Options {
            records: self.records.clone(),
            format: self.input_format,
            encoding: self.encoding,
            delimiter: self.delimiter,
            quotes: self.quotes,
            header,
            cells: Vec::new(),
            null: (!self.null.is_empty()).then(|| self.null.clone()),
            count_nulls: false,
        }
    }

    /// How to read a source by these settings: their mapping says what columns of CSV feed, and knows
    /// names of them.
    pub fn options_for(&self, settings: &Settings) -> input::Options {
        let (mapping, mut options) = (&settings.mapping, self.options());
        if let Header::Known(known) = &mut options.header {
            known.mapping = mapping.columns();
        }
        options.null = options.null.or_else(|| settings.null.clone());
        input::Options { cells: mapping.cells(settings.target.schema()), ..options }
    }
}
