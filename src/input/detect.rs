//! What a source is, told from its content: the first bytes, and for a JSON object what follows.

use super::delimiter::Delimiter;
use super::error::{InputError, InputErrorKind as Kind, Position};
use super::header;
use super::line_ends;
use super::scan::Scanner;
use super::sql;
use super::stream::{Failure, Stream};
use super::survey::{self, Choice, Survey};
use super::text::Text;
use super::unpack::Trouble;
use super::window::Window;
use super::{Format, Layout, MAX_RECORD, Options, Reader};
use std::fs::File;
use std::path::Path;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What the first object of a source turned out to be.
enum First {
    /// It ends within the window, this many bytes long.
    Whole(usize),
    /// It is longer than a record may be, or the source ends within it.
    Long,
    Broken(Failure),
}

/// How far the first element of a list is looked for.
const SPACE_IN_LIST: usize = 64;

/// Whether the name of a file says that each line is a record.
fn is_named_lines(path: Option<&Path>) -> bool {
    matches!(extension(path).as_deref(), Some("jsonl" | "ndjson"))
}

impl Reader {
    /// Finds out how the records lie in the source, and goes to the first.
    pub(super) fn detect(
        &mut self,
        options: &Options,
        path: Option<&Path>,
    ) -> Result<Layout, InputError> {
        self.pass_mark()?;
        let first = self.stream.peek_from(0).map_err(|failure| self.failed(failure))?;
        let first = first.ok_or_else(|| {
            InputError::new(Kind::Empty, &self.file, "nothing but white space in it")
                .hint("an export without users is an empty array: []")
        })?;
        let byte = self.stream.window.bytes()[first];
        if self.is_sql(first, options, path) {
            return Err(sql::refusal(&self.file));
        }
        if options.format == Some(Format::Csv)
            || (options.format.is_none() && !matches!(byte, b'[' | b'{'))
        {
            let is_said = options.header.option().is_some() && byte != b'<';
            if options.format.is_none() && !is_said && !self.may_be_rows(byte, path) {
                self.stream.window.consume(first);
                return Err(self.no_json(options));
            }
            // White space at the start of a line may separate cells.
            let blank = &self.stream.window.bytes()[..first];
            let blank = blank.iter().rposition(|byte| matches!(byte, b'\r' | b'\n'));
            line_ends::pass(&mut self.stream.window, blank.map_or(0, |at| at + 1));
            return self.detect_rows(options, path);
        }
        if let Some(option) = options.header.option() {
            let what = format!("{option} is for CSV, and this is JSON");
            let hint = "leave it out, or name the format: --input-format csv";
            return Err(InputError::new(Kind::Format, &self.file, what).hint(hint));
        }
        self.stream.window.consume(first);
        match (options.format, byte) {
            (Some(Format::Jsonl), _) => self.lines(options, Layout::Lines),
            (None, b'[') if is_named_lines(path) && self.is_list_of_texts() => {
                self.lines(options, Layout::Lines)
            }
            (_, b'[') if options.records.is_none() => self.enter(&[]),
            (_, b'[') => Err(self.records_option_is_for_json()),
            (_, b'{') => match &options.records {
                Some(records) => self.enter_dotted(records),
                None => self.look_at_object(options, path),
            },
            _ => Err(self.no_json(options)),
        }
    }

    /// Whether it is a dump of a database, by its name or by what is in it. What begins as JSON does
    /// is no dump, and what was named another format only if it says so itself; what was named CSV with
    /// the names of its columns is taken at that word.
    fn is_sql(&mut self, first: usize, options: &Options, path: Option<&Path>) -> bool {
        let is_said = options.format == Some(Format::Csv) && options.header.option().is_some();
        if is_said || matches!(self.stream.window.bytes()[first], b'[' | b'{') {
            return false;
        }
        // What cannot be read is told when it is needed.
        drop(self.stream.window.more(first + sql::SAMPLE));
        let sample = &self.stream.window.bytes()[first..];
        let is_named = options.format.is_none() && extension(path).as_deref() == Some("sql");
        is_named || sql::is_dump(&sample[..sample.len().min(sql::SAMPLE)])
    }

    fn pass_mark(&mut self) -> Result<(), InputError> {
        let window = &mut self.stream.window;
        if let Err(error) = window.more(BOM.len())
            && (window.bytes().is_empty() || Trouble::of(&error).is_none())
        {
            return Err(self.failed(Failure::Io(error)));
        }
        if window.bytes().starts_with(BOM) {
            window.consume(BOM.len());
        }
        Ok(())
    }

    fn lines(&self, options: &Options, layout: Layout) -> Result<Layout, InputError> {
        match options.records {
            Some(_) => Err(self.records_option_is_for_json()),
            None => Ok(layout),
        }
    }

    /// Whether a source that does not begin as JSON does may be CSV: by its name, or because the
    /// first line has several cells.
    fn may_be_rows(&mut self, first: u8, path: Option<&Path>) -> bool {
        if first == b'<' {
            return false;
        }
        if matches!(extension(path).as_deref(), Some("csv" | "tsv")) {
            return true;
        }
        let has_delimiter = self.find_delimiter(false).is_some();
        let bytes = self.stream.window.bytes();
        has_delimiter && header::looks_like_names(bytes)
    }

    fn detect_rows(
        &mut self,
        options: &Options,
        path: Option<&Path>,
    ) -> Result<Layout, InputError> {
        if options.records.is_some() {
            return Err(self.records_option_is_for_json());
        }
        let stated = self.stated_delimiter();
        let is_tsv = extension(path).as_deref() == Some("tsv");
        let usual = Delimiter(if is_tsv { b'\t' } else { b',' });
        let delimiter =
            options.delimiter.or(stated).or_else(|| self.find_delimiter(is_tsv)).unwrap_or(usual);
        self.enter_rows(delimiter, options)
    }

    fn no_json(&mut self, options: &Options) -> InputError {
        const LOOK: usize = 1024;
        let window = &mut self.stream.window;
        drop(window.more(LOOK));
        let bytes = &window.bytes()[..window.bytes().len().min(LOOK)];
        let first_line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let (what, hint) = if bytes.starts_with(b"<") {
            ("this looks like XML or HTML, not like JSON or CSV", "export the users as CSV or JSON")
        } else if options.format.is_some()
            && first_line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t'))
        {
            ("this looks like CSV, not like JSON", "leave out --input-format")
        } else {
            (
                "this is no JSON array, no JSON object, no JSON Lines and no CSV",
                "the export is an array of objects, [{…}, {…}], one object a line, or CSV with the \
                 names of the columns in its first line",
            )
        };
        let at = Position { record: None, line: window.line(), byte: window.offset() };
        InputError::new(Kind::Format, &self.file, what).at(at).hint(hint)
    }

    /// Whether the array that begins here holds texts: a row of CSV that an export has written, and no users.
    fn is_list_of_texts(&mut self) -> bool {
        drop(self.stream.window.more(SPACE_IN_LIST));
        let inside = self.stream.window.bytes().get(1..).unwrap_or_default();
        inside.trim_ascii_start().first() == Some(&b'"')
    }

    /// An object at the root: the first of several, or one that holds the records?
    fn look_at_object(
        &mut self,
        options: &Options,
        path: Option<&Path>,
    ) -> Result<Layout, InputError> {
        if options.format == Some(Format::Json) {
            return self.find_array(path);
        }
        let named_lines = is_named_lines(path);
        match self.first_object()? {
            First::Whole(len) => {
                let next = self.stream.peek_from(len).map_err(|failure| self.failed(failure))?;
                let bytes = self.stream.window.bytes();
                let one_line = !bytes[..len].contains(&b'\n');
                match next {
                    // Values on one line, or over several: not a line each.
                    Some(next) if !one_line || !bytes[len..next].contains(&b'\n') => {
                        Ok(Layout::Values)
                    }
                    Some(_) => Ok(Layout::Lines),
                    None if named_lines && one_line => Ok(Layout::Lines),
                    None if named_lines => Ok(Layout::Values),
                    None => self.find_array(path),
                }
            }
            _ if named_lines || self.looks_like_lines() => Ok(Layout::Lines),
            First::Long => self.find_array(path),
            First::Broken(failure) => Err(self.failed(failure)),
        }
    }

    fn first_object(&mut self) -> Result<First, InputError> {
        match self.stream.scan_at(0) {
            Ok(scanned) => Ok(First::Whole(scanned.len)),
            Err(Failure::TooLong | Failure::CutOff) => Ok(First::Long),
            Err(failure @ Failure::Broken { .. }) => Ok(First::Broken(failure)),
            // What comes before the place where an archive is cut off is good.
            Err(Failure::Io(error)) if Trouble::of(&error).is_some() => Ok(First::Long),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Whether the first line ends as a record does and the second starts as one, so that a
    /// broken first line does not spoil the rest.
    fn looks_like_lines(&mut self) -> bool {
        let Ok((end, true)) = self.line_len() else { return false };
        let Ok(Some(next)) = self.stream.peek_from(end) else { return false };
        let bytes = self.stream.window.bytes();
        bytes[..end].trim_ascii_end().ends_with(b"}") && bytes[next] == b'{'
    }

    /// Goes to the array that holds the records.
    fn find_array(&mut self, path: Option<&Path>) -> Result<Layout, InputError> {
        let (stream, sees_all) = self.second_look(path)?;
        let (survey, end) = Survey::of(stream);
        if !sees_all && !survey.has_root_users() {
            let name = match survey.choose() {
                Choice::Found(path) => survey::show_path(&path),
                Choice::None | Choice::Several(_) | Choice::Error { .. } => "NAME".to_owned(),
            };
            return Err(InputError::new(
                Kind::Records,
                &self.file,
                "a large JSON object, and its records are not in an array `users`",
            )
            .hint(format!("name the array: --records {name}")));
        }
        let (what, hint): (String, String) = match survey.choose() {
            Choice::Found(path) => return self.enter(&path),
            Choice::None => match end {
                Some(Failure::Io(error)) => return Err(self.failed(Failure::Io(error))),
                _ => (
                    "a JSON object that holds no array of objects".to_owned(),
                    "name the array: --records NAME; if the object is itself the only user: \
                     --input-format jsonl"
                        .to_owned(),
                ),
            },
            Choice::Several(paths) => (
                format!("several arrays may hold the records: {}", survey::show(&paths)),
                "name the one: --records NAME".to_owned(),
            ),
            Choice::Error { array, names } => (
                format!(
                    "no records, and it looks like an error that an API answered: it has {} beside an empty array",
                    survey::show_names(&names)
                ),
                format!(
                    "fetch it again; if it is a page without users all the same: --records {}",
                    survey::show_path(&array)
                ),
            ),
        };
        Err(InputError::new(Kind::Records, &self.file, what).hint(hint))
    }

    /// The document once more from its root, and whether all of it can be seen: a file is read
    /// twice, of a stream only as much as a record may have.
    fn second_look(&mut self, path: Option<&Path>) -> Result<(Stream, bool), InputError> {
        if let (Some(path), Some(_)) = (path, self.bytes_total) {
            let file = File::open(path).map_err(|error| self.failed(Failure::Io(error)))?;
            let encoding = Some(self.wrapping.encoding);
            let Text { mut window, .. } = Text::open(Box::new(file), &self.file, encoding, None)?;
            window.more(BOM.len()).map_err(|error| self.failed(Failure::Io(error)))?;
            if window.bytes().starts_with(BOM) {
                window.consume(BOM.len());
            }
            return Ok((Stream::new(window), true));
        }
        // What cannot be read is told when it is needed: behind the place where an archive is cut
        // off there is nothing to see.
        drop(self.stream.window.more(MAX_RECORD + 1));
        let seen = self.stream.window.bytes();
        let seen = seen[..seen.len().min(MAX_RECORD + 1)].to_vec();
        let sees_all = seen.len() <= MAX_RECORD;
        let window = Window::new(Box::new(std::io::Cursor::new(seen)));
        let stream = Stream { window, scanner: Scanner::default() };
        Ok((stream, sees_all))
    }
}

/// The extension of a file's name in small letters, without that of its compression.
fn extension(path: Option<&Path>) -> Option<String> {
    let of = |path: &Path| Some(path.extension()?.to_str()?.to_ascii_lowercase());
    let path = path?;
    match of(path)?.as_str() {
        "gz" | "zst" | "zstd" => of(Path::new(path.file_stem()?)),
        last => Some(last.to_owned()),
    }
}
