//! What a source is, told from its content: the first bytes, and for a JSON object what follows.

use super::error::{InputError, InputErrorKind as Kind, Position};
use super::scan::{Scanner, show_name, skip_space};
use super::stream::{Failure, Stream};
use super::window::Window;
use super::{Format, Layout, Options, Reader};
use std::fs::File;
use std::path::Path;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// First bytes of what a user may take for an export, and what to do with it.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "gzip data", "unpack it first: gunzip -c FILE | userferry stage -"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it, or export as JSON"),
    (b"\x28\xb5\x2f\xfd", "zstd data", "unpack it first: zstd -dc FILE | userferry stage -"),
    (b"\xfd7zXZ\0", "xz data", "unpack it first: xz -dc FILE | userferry stage -"),
    (b"BZh", "bzip2 data", "unpack it first: bzip2 -dc FILE | userferry stage -"),
    (b"SQLite format 3\0", "an SQLite database", "export the users from it as JSON"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document", "export the users as JSON"),
    (b"%PDF", "a PDF document", "export the users as JSON"),
];

/// What the first object of a source turned out to be.
enum First {
    /// It ends within the window, this many bytes long.
    Whole(usize),
    /// It is longer than a record may be, or the source ends within it.
    Long,
    Broken(Failure),
}

impl Reader {
    /// Finds out how the records lie in the source, and goes to the first.
    pub(super) fn detect(
        &mut self,
        options: &Options,
        path: Option<&Path>,
    ) -> Result<Layout, InputError> {
        self.stream.window.more(16).map_err(|error| self.failed(Failure::Io(error)))?;
        self.refuse_what_is_no_text()?;
        let first = self.stream.window.skip_space();
        let first = first.map_err(|error| self.failed(Failure::Io(error)))?.ok_or_else(|| {
            InputError::new(Kind::Empty, &self.file, "nothing but white space in it")
                .hint("an export without users is an empty array: []")
        })?;
        let layout = match (options.format, first) {
            (Some(Format::Jsonl), _) => Layout::Lines,
            (_, b'[') if options.records.is_none() => return self.enter(None),
            (_, b'[') => return Err(self.records_option_is_for_json()),
            (_, b'{') => self.look_at_object(options, path)?,
            _ => return Err(self.no_json()),
        };
        match layout {
            Layout::Array { path } => self.enter(Some(&path.join("."))),
            _ if options.records.is_some() => Err(self.records_option_is_for_json()),
            layout => Ok(layout),
        }
    }

    fn refuse_what_is_no_text(&mut self) -> Result<(), InputError> {
        let bytes = self.stream.window.bytes();
        if let Some((_, what, hint)) = MAGIC.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
            return Err(InputError::new(
                Kind::Format,
                &self.file,
                format!("this looks like {what}, not like JSON"),
            )
            .hint(*hint));
        }
        let encoding = match bytes {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
            // With a mark, or without: then ASCII has a zero in every second byte.
            [0xff, 0xfe, ..]
            | [0xfe, 0xff, ..]
            | [0, b'[' | b'{' | b'"', ..]
            | [b'[' | b'{' | b'"', 0, ..] => Some("UTF-16"),
            _ => None,
        };
        if let Some(encoding) = encoding {
            return Err(InputError::new(
                Kind::Encoding,
                &self.file,
                format!("the text is in {encoding}; it must be in UTF-8"),
            )
            .hint(format!("convert it first: iconv -f {encoding} -t UTF-8 FILE > FILE.utf8")));
        }
        if bytes.starts_with(BOM) {
            self.stream.window.consume(BOM.len());
        }
        Ok(())
    }

    fn no_json(&self) -> InputError {
        let window = &self.stream.window;
        let bytes = window.bytes();
        let first_line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let (what, hint) = if bytes.starts_with(b"<") {
            ("this looks like XML or HTML, not like JSON", "export the users as JSON")
        } else if first_line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t')) {
            ("this looks like CSV, not like JSON", "export the users as JSON or JSON Lines")
        } else {
            (
                "this is no JSON array, no JSON object and no JSON Lines",
                "the export is an array of objects, [{…}, {…}], or one object a line",
            )
        };
        let at = Position { record: None, line: window.line(), byte: window.offset() };
        InputError::new(Kind::Format, &self.file, what).at(at).hint(hint)
    }

    /// An object at the root: the first of several, or one that holds the records?
    fn look_at_object(
        &mut self,
        options: &Options,
        path: Option<&Path>,
    ) -> Result<Layout, InputError> {
        if let Some(records) = &options.records {
            return Ok(Layout::Array { path: vec![records.clone()] });
        }
        if options.format == Some(Format::Json) {
            return self.find_array(path);
        }
        let named_lines = path.and_then(Path::extension).is_some_and(|extension| {
            extension.eq_ignore_ascii_case("jsonl") || extension.eq_ignore_ascii_case("ndjson")
        });
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
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Whether the first line ends as a record does and the second starts as one, so that a
    /// broken first line does not spoil the rest.
    fn looks_like_lines(&self) -> bool {
        let bytes = self.stream.window.bytes();
        let Some(end) = memchr::memchr(b'\n', bytes) else { return false };
        let next = skip_space(bytes, end);
        bytes[..end].trim_ascii_end().ends_with(b"}") && bytes.get(next) == Some(&b'{')
    }

    /// The array that holds the records: `users`, else the only array of objects, else the only
    /// array, which is empty.
    fn find_array(&mut self, path: Option<&Path>) -> Result<Layout, InputError> {
        let (stream, sees_all) = self.second_look(path)?;
        let arrays = survey(stream);
        let named = |name: &str| Ok(Layout::Array { path: vec![name.to_owned()] });
        if arrays.iter().any(|array| array.name == "users") {
            return named("users");
        }
        let fail = |what: String, hint: &str| {
            Err(InputError::new(Kind::Records, &self.file, what).hint(hint))
        };
        if !sees_all {
            return fail(
                "a large JSON object, and its records are not in an array `users`".to_owned(),
                "name the array: --records NAME",
            );
        }
        let of_objects: Vec<_> = arrays.iter().filter(|a| a.first == Some(b'{')).collect();
        match (of_objects.as_slice(), arrays.as_slice()) {
            ([array], _) => named(&array.name),
            ([], [array]) if array.first.is_none() => named(&array.name),
            ([], _) => fail(
                "a JSON object that holds no array of objects".to_owned(),
                "name the array: --records NAME; if the object is itself the only user: \
                 --input-format jsonl",
            ),
            (several, _) => {
                let mut candidates: Vec<String> = several
                    .iter()
                    .take(5)
                    .map(|array| format!("`{}`", show_name(array.name.as_bytes())))
                    .collect();
                if several.len() > 5 {
                    candidates.push("…".to_owned());
                }
                fail(
                    format!("several arrays may hold the records: {}", candidates.join(", ")),
                    "name the one: --records NAME",
                )
            }
        }
    }

    /// The document once more from its root, and whether all of it can be seen: a file is read
    /// twice, of a stream only what lies in the window.
    fn second_look(&mut self, path: Option<&Path>) -> Result<(Stream, bool), InputError> {
        if let (Some(path), Some(_)) = (path, self.bytes_total) {
            let file = File::open(path).map_err(|error| self.failed(Failure::Io(error)))?;
            let mut window = Window::new(Box::new(file));
            window.more(BOM.len()).map_err(|error| self.failed(Failure::Io(error)))?;
            if window.bytes().starts_with(BOM) {
                window.consume(BOM.len());
            }
            return Ok((Stream::new(window), true));
        }
        let seen = self.stream.window.bytes().to_vec();
        let window = Window::new(Box::new(std::io::Cursor::new(seen)));
        let stream = Stream { window, scanner: Scanner::default() };
        Ok((stream, self.stream.window.at_end()))
    }
}

/// An array in the object at the root.
struct Array {
    name: String,
    /// The first byte of its first element; none if it is empty.
    first: Option<u8>,
}

/// The arrays in the object at the root, up to the first of name `users` or to where the document
/// is broken (which is found again, and reported, when it is read).
fn survey(mut stream: Stream) -> Vec<Array> {
    let mut arrays = Vec::new();
    // The error says where the document is broken, and the reader will say it better.
    let _: Result<(), Failure> = survey_members(&mut stream, &mut arrays);
    arrays
}

fn survey_members(stream: &mut Stream, arrays: &mut Vec<Array>) -> Result<(), Failure> {
    stream.expect(b'{', "an object is expected")?;
    if stream.peek()? == b'}' {
        return Ok(());
    }
    loop {
        let name = stream.name()?;
        if stream.peek()? == b'[' {
            let first = match stream.peek_from(1)? {
                Some(at) => stream.window.bytes().get(at).copied().filter(|byte| *byte != b']'),
                None => None,
            };
            let found = name == "users";
            arrays.push(Array { name, first });
            if found {
                return Ok(());
            }
        }
        stream.skip_value()?;
        if !stream.goes_on(b'}')? {
            return Ok(());
        }
    }
}
