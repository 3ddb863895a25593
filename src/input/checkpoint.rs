//! How records lie in a source, and where to go on in it.

use super::delimiter::Delimiter;
use super::enclosed::Enclosed;
use super::encoding::Encoding;
use super::line_ends::LineEnd;
use super::names;
use super::names::Header;
use super::options::{Format, Options, Quoting};
use crate::vocabulary;
use serde::{Deserialize, Serialize};

/// How records lie in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Layout {
    /// Elements of an array, which lies under these names from the root.
    Array { path: Vec<String> },
    /// One value a line.
    Lines,
    /// Values one after the other, over several lines or several on one.
    Values,
    /// Rows of CSV.
    Rows {
        delimiter: Delimiter,
        header: Vec<String>,
        /// The names were given by the user, and the first line is a record.
        #[serde(default)]
        is_named: bool,
        /// Words that stand for no value, besides the one that always does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        null: Vec<String>,
        /// Tabs separate the cells, and the first rows use no quotes.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_bare: bool,
        /// What ends the rows.
        #[serde(default, skip_serializing_if = "LineEnd::is_any")]
        line_end: LineEnd,
        /// What the user says that quotes are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quotes: Option<Quoting>,
        /// Whether the first rows put every text in quotes.
        #[serde(default, skip_serializing_if = "Enclosed::is_no")]
        enclosed: Enclosed,
    },
}

impl Layout {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Array { .. } => Format::Json,
            Self::Lines | Self::Values => Format::Jsonl,
            Self::Rows { .. } => Format::Csv,
        }
    }

    /// The option that says that records lie otherwise; none if all agree with this.
    pub(super) fn contradicted_by(&self, options: &Options) -> Option<&'static str> {
        if options.format.is_some_and(|format| format != self.format()) {
            return Some("--input-format");
        }
        let is_there = |records: &String| match self {
            Self::Array { path } => path.join(".") == *records,
            Self::Lines | Self::Values | Self::Rows { .. } => false,
        };
        if !options.records.as_ref().is_none_or(is_there) {
            return Some("--records");
        }
        match (self, options.delimiter) {
            (Self::Rows { delimiter, .. }, Some(named)) if named != *delimiter => {
                Some("--delimiter")
            }
            _ if !self.has_quotes_of(options) => Some("--quotes"),
            _ if !self.has_null_of(options) => Some("null or --null"),
            _ if self.has_header_of(&options.header) => None,
            _ => options.header.option(),
        }
    }

    /// Whether quotes are what this says. Only CSV has such.
    fn has_quotes_of(&self, options: &Options) -> bool {
        match self {
            Self::Rows { quotes, .. } => options.quotes.is_none() || options.quotes == *quotes,
            Self::Array { .. } | Self::Lines | Self::Values => true,
        }
    }

    /// Whether the words that stand for no value are these. Only CSV has such.
    fn has_null_of(&self, options: &Options) -> bool {
        match (self, &options.null) {
            (Self::Rows { null, .. }, Some(named)) => *null == vocabulary::nulls::named(named),
            _ => true,
        }
    }

    /// Whether the names of the columns come from where this says.
    fn has_header_of(&self, named: &Header) -> bool {
        match (self, named) {
            (_, Header::Known(_)) | (Self::Rows { is_named: false, .. }, Header::First) => true,
            (Self::Rows { header, is_named: true, .. }, Header::Columns(names)) => {
                names::named(names).is_ok_and(|names| names == *header)
            }
            _ => false,
        }
    }
}

/// Where to go on in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Bytes of text consumed, unpacked and in UTF-8.
    pub offset: u64,
    /// Records returned.
    pub records: u64,
    /// Line at the offset, from 1.
    pub line: u64,
    /// Whether the source was read and verified to its end.
    pub finished: bool,
    /// SHA-256 of all bytes before the offset, in hexadecimal.
    pub fingerprint: String,
    pub(super) layout: Layout,
    /// The encoding that the source was read in.
    #[serde(default)]
    pub(super) encoding: Option<Encoding>,
}

impl Checkpoint {
    /// What separates the cells, and the names of the columns, where the source is CSV.
    pub(crate) fn columns(&self) -> Option<(Delimiter, &[String])> {
        match &self.layout {
            Layout::Rows { delimiter, header, .. } => Some((*delimiter, header)),
            Layout::Array { .. } | Layout::Lines | Layout::Values => None,
        }
    }

    /// Whether the user gives the names of the columns.
    pub(crate) fn has_given_names(&self) -> bool {
        matches!(self.layout, Layout::Rows { is_named: true, .. })
    }

    /// Whether something was said of the source that a later staging must know.
    pub(crate) fn has_given_options(&self) -> bool {
        self.has_given_names()
            || matches!(&self.layout, Layout::Rows { null, quotes, .. } if !null.is_empty() || quotes.is_some())
    }

    /// The options, with the names of the columns, the words for no value and the quotes that the source had before:
    /// where they were named, they need not be named again, and a first line that was a header is one
    /// again.
    #[must_use]
    pub fn with_header(&self, options: &Options) -> Options {
        let mut options = options.clone();
        if let Layout::Rows { null, quotes, .. } = &self.layout {
            options.quotes = options.quotes.or(*quotes);
            options.null.get_or_insert_with(|| null.clone());
        }
        let may_be_rows = options.format.is_none_or(|format| format == Format::Csv);
        if let (Layout::Rows { header, is_named, .. }, Header::Known(known), true) =
            (&self.layout, &mut options.header, may_be_rows)
        {
            if *is_named {
                options.header = Header::Columns(header.clone());
            } else {
                known.before = Some(header.clone());
            }
        }
        options
    }

    /// The options, with all that they do not say as it was found or named before.
    #[must_use]
    pub fn as_before(&self, options: &Options) -> Options {
        let mut options = self.with_header(options);
        options.encoding = options.encoding.or(self.encoding);
        match &self.layout {
            Layout::Rows { delimiter, .. } => {
                options.delimiter.get_or_insert(*delimiter);
                options.format.get_or_insert(Format::Csv);
            }
            Layout::Array { path } if !path.is_empty() => {
                options.records.get_or_insert_with(|| path.join("."));
            }
            Layout::Array { .. } | Layout::Lines | Layout::Values => {}
        }
        options
    }
}
