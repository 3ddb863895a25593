//! Records of a JSON document: the elements of an array, or values one after the other.

use super::error::{InputError, InputErrorKind};
use super::stream::{Failure, Stream};
use super::{Layout, Reader, Record};

impl Reader {
    /// The next element of the array; at its end the rest of the document is verified.
    pub(super) fn next_element(&mut self) -> Result<Option<Record>, InputError> {
        match self.element_at() {
            Ok(Some(at)) => self.record_at(at).map(Some),
            Ok(None) => self.end_of_array().map(|()| None),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Where in the window the next element starts. The comma before it is consumed together
    /// with it, so that a checkpoint always lies directly behind a record.
    fn element_at(&mut self) -> Result<Option<usize>, Failure> {
        match self.stream.peek()? {
            b']' => Ok(None),
            _ if self.records == 0 => Ok(Some(0)),
            b',' => self.stream.peek_from(1)?.map(Some).ok_or(Failure::CutOff),
            _ => Err(self.stream.broken(0, "a comma or the closing bracket is expected")),
        }
    }

    fn end_of_array(&mut self) -> Result<(), InputError> {
        // What follows may be long; should it be broken, this is where to go on.
        self.kept = Some(self.checkpoint());
        let Layout::Array { path } = self.layout.clone() else { return Ok(()) };
        leave(&mut self.stream, &path)
            .and_then(|()| self.stream.window.skip_space().map_err(Failure::Io))
            .and_then(|rest| match rest {
                None => Ok(()),
                Some(_) => Err(self.stream.broken(0, "something follows the end of the document")),
            })
            .map_err(|failure| {
                let mut error = self.failed(failure);
                // All records are read; what is wrong lies behind them.
                if let Some(at) = &mut error.at {
                    at.record = None;
                }
                error
            })?;
        self.finish();
        Ok(())
    }

    /// The next of several values that only white space separates.
    pub(super) fn next_value(&mut self) -> Result<Option<Record>, InputError> {
        match self.stream.window.skip_space() {
            Ok(Some(_)) => self.record_at(0).map(Some),
            Ok(None) => {
                self.finish();
                Ok(None)
            }
            Err(error) => Err(self.failed(Failure::Io(error))),
        }
    }

    fn record_at(&mut self, at: usize) -> Result<Record, InputError> {
        let scanned = self.stream.scan_at(at).map_err(|failure| self.failed(failure))?;
        self.stream.window.consume(at);
        Ok(self.record(scanned, 0))
    }

    /// Goes to the first element of the array under these names, from the root of the document.
    pub(super) fn enter(&mut self, path: &[String]) -> Result<Layout, InputError> {
        if path.is_empty() {
            return match self.stream.expect(b'[', "an array is expected") {
                Ok(()) => Ok(Layout::Array { path: Vec::new() }),
                Err(failure) => Err(self.failed(failure)),
            };
        }
        let found = enter(&mut self.stream, Way::Names(path));
        self.entered(found, &path.join("."))
    }

    /// The same for a path with dots, as a person writes it.
    pub(super) fn enter_dotted(&mut self, path: &str) -> Result<Layout, InputError> {
        let found = enter(&mut self.stream, Way::Dotted(path));
        self.entered(found, path)
    }

    fn entered(
        &self,
        found: Result<Option<Vec<String>>, Failure>,
        path: &str,
    ) -> Result<Layout, InputError> {
        match found {
            Ok(Some(path)) => Ok(Layout::Array { path }),
            Ok(None) => Err(InputError::new(
                InputErrorKind::Records,
                &self.file,
                format!("no array of records at `{path}`"),
            )
            .hint(
                "give the array's name with --records, with dots where it lies deeper: \
                 --records data.users",
            )),
            Err(failure) => Err(self.failed(failure)),
        }
    }
}

/// The names on the way to an array.
#[derive(Clone, Copy)]
enum Way<'a> {
    Names(&'a [String]),
    /// With dots between them; a name may hold dots itself.
    Dotted(&'a str),
}

impl Way<'_> {
    /// Whether it leads to the field of this name and ends there.
    fn ends_at(self, name: &str) -> bool {
        match self {
            Self::Names(names) => names.len() == 1 && names[0] == name,
            Self::Dotted(path) => path == name,
        }
    }

    /// The way on within the field of this name, if it leads through it.
    fn within(self, name: &str) -> Option<Self> {
        match self {
            Self::Names(names) => {
                let (first, rest) = names.split_first()?;
                (first == name).then_some(Self::Names(rest))
            }
            Self::Dotted(path) => path.strip_prefix(name)?.strip_prefix('.').map(Self::Dotted),
        }
    }
}

/// Goes behind the opening bracket of the array at the end of the way. Returns the names on it;
/// none if there is no such array.
fn enter(stream: &mut Stream, mut way: Way<'_>) -> Result<Option<Vec<String>>, Failure> {
    let mut names = Vec::new();
    'level: loop {
        stream.expect(b'{', "an object is expected")?;
        if stream.peek()? == b'}' {
            return Ok(None);
        }
        loop {
            let name = stream.name()?;
            let next = stream.peek()?;
            if way.ends_at(&name) {
                if next != b'[' {
                    return Ok(None);
                }
                stream.window.consume(1);
                names.push(name);
                return Ok(Some(names));
            }
            if let (Some(deeper), b'{') = (way.within(&name), next) {
                way = deeper;
                names.push(name);
                continue 'level;
            }
            stream.skip_value()?;
            if !stream.goes_on(b'}')? {
                return Ok(None);
            }
        }
    }
}

/// Goes from the closing bracket of the array to the end of the document's value.
fn leave(stream: &mut Stream, path: &[String]) -> Result<(), Failure> {
    stream.expect(b']', "a comma or the closing bracket is expected")?;
    for name in path.iter().rev() {
        while stream.goes_on(b'}')? {
            stream.peek()?;
            let start = stream.window.offset();
            let line = stream.window.line();
            if stream.name()? == *name {
                let what = "the field that holds the records is given twice";
                return Err(Failure::Broken { byte: start, line, what });
            }
            stream.skip_value()?;
        }
    }
    Ok(())
}
