//! Reads which modules a source file refers to: its paths that begin with `crate`, `super` or `self`
//! (in `main.rs` with the name of the crate), in `use` lines and elsewhere, outside its tests.

/// The code of a file: comments and the texts of literals are blank.
fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let Some(end) = literal_end(&chars, at) else {
            out.push(chars[at]);
            at += 1;
            continue;
        };
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// Where a comment, a text or a character ends that begins here, if one does.
fn literal_end(chars: &[char], at: usize) -> Option<usize> {
    let starts = |text: &str| text.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let find = |from: usize, wanted: &str| {
        let wanted: Vec<char> = wanted.chars().collect();
        let found = chars[from..].windows(wanted.len()).position(|part| part == wanted);
        found.map_or(chars.len(), |i| from + i + wanted.len())
    };
    let is_name = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if starts("//") => Some(find(at, "\n") - 1),
        '/' if starts("/*") => Some(find(at + 2, "*/")),
        '"' => Some(escaped_end(chars, at + 1, '"')),
        'r' if !is_name && (starts("r\"") || starts("r#")) => {
            let signs = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let is_text = chars.get(at + 1 + signs) == Some(&'"');
            is_text.then(|| find(at + 2 + signs, &format!("\"{}", "#".repeat(signs))))
        }
        // Not a lifetime.
        '\'' if starts("'\\") || chars.get(at + 2) == Some(&'\'') => {
            Some(escaped_end(chars, at + 1, '\''))
        }
        _ => None,
    }
}

fn escaped_end(chars: &[char], mut at: usize, quote: char) -> usize {
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// Code without what is compiled for tests alone.
fn without_tests(mut code: String) -> String {
    const MARK: &str = "#[cfg(test)]";
    while let Some(start) = code.find(MARK) {
        let item = &code[start..];
        let open = item.find(['{', ';']).expect("an item follows the attribute");
        let end = if item[open..].starts_with(';') { open + 1 } else { block_end(item, open) };
        code.replace_range(start..start + end, "");
    }
    code
}

/// Where the block ends that begins at `open`.
fn block_end(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    panic!("a block without an end: {}", &code[open..])
}

/// A path that stands in a file, and the name that it has there.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) parts: Vec<String>,
    /// What the file calls its end: another name where it is imported `as` that.
    pub(super) name: String,
}

/// What a file says of other modules.
pub(super) struct Source {
    /// The paths from `crate`, `super`, `self` or the crate's name.
    pub(super) paths: Vec<Path>,
    /// All that its `use` lines import, from wherever.
    pub(super) imports: Vec<Path>,
    /// How many lines of code it has: no comments, blank lines or tests.
    pub(super) lines: usize,
}

impl Source {
    pub(super) fn read(text: &str, crate_name: &str) -> Self {
        let code = without_tests(code(text));
        let mut paths = Vec::new();
        for root in ["crate", "super", "self", crate_name] {
            for start in words(&code, root) {
                // `Self::super` cannot be, but `a::self` in a list is read with its list.
                let is_start = !code[..start].trim_end().ends_with("::");
                if is_start && code[start + root.len()..].starts_with("::") {
                    paths.extend(expanded(&code[start..path_end(&code, start)]));
                }
            }
        }
        let imports = words(&code, "use").flat_map(|start| {
            let end = code[start..].find(';').map_or(code.len(), |i| start + i);
            expanded(code[start + "use".len()..end].trim())
        });
        let imports = imports.collect();
        let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
        Self { paths, imports, lines }
    }
}

/// Where a word stands in code.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        !code[..*at].ends_with(is_part) && !code[at + word.len()..].starts_with(is_part)
    })
}

/// Where a path ends, with its list in braces if it has one and with the new name of its end.
fn path_end(code: &str, start: usize) -> usize {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let length = code[start..].find(|c| !is_path(c)).unwrap_or(code.len() - start);
    let end = start + length;
    if code[end..].starts_with('{') && code[..end].ends_with("::") {
        return block_end(code, end);
    }
    let rest = code[end..].trim_start();
    let Some(name) = rest.strip_prefix("as ") else { return end };
    let name = name.trim_start();
    let name_end = name.find(|c: char| !is_path(c)).unwrap_or(name.len());
    code.len() - name.len() + name_end
}

/// The single paths of one with lists in braces.
fn expanded(path: &str) -> Vec<Path> {
    fn go(before: &[String], text: &str, out: &mut Vec<Path>) {
        let (head, list) = match text.find('{') {
            Some(open) => (&text[..open], Some(&text[open + 1..text.rfind('}').expect("a list")])),
            None => (text, None),
        };
        let (head, new_name) = head.split_once(" as ").unwrap_or((head, ""));
        let own = head.split("::").map(str::trim).filter(|part| !part.is_empty());
        // `self` in a list is what stands before the list.
        let own = own.filter(|part| before.is_empty() || *part != "self").map(str::to_owned);
        let parts: Vec<String> = before.iter().cloned().chain(own).collect();
        if let Some(list) = list {
            for text in elements(list) {
                go(&parts, text, out);
            }
            return;
        }
        let name = if new_name.is_empty() { parts.last() } else { None };
        let name = name.map_or(new_name.trim(), String::as_str).to_owned();
        out.push(Path { parts, name });
    }
    let mut out = Vec::new();
    go(&[], path, &mut out);
    out
}

/// The elements of a list, which may themselves have lists.
fn elements(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(list[start..].trim());
    out.retain(|element| !element.is_empty());
    out
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let text = r##"
        //! Not crate::comment::X.
        use super::Mine;
        use crate::a::{self, b::C, d::{E as F, G}};
        pub(crate) use child::H as I;
        fn f<'a>(x: &'a crate::j::K) -> char {
            let text = "crate::text::X \" crate::text::Y";
            let raw = r#"crate::raw::X"#;
            if x == '"' || x == '\'' { crate::l::m(text, raw) } else { '{' }
        }
        #[cfg(test)]
        mod tests { use crate::tested::X; fn f() { if true { } } }
        #[cfg(test)]
        use crate::tested::Y;
        macro_rules! m { () => { $crate::macros::X } }
        fn g() { crate::n::o() }
    "##;
    let source = Source::read(text, "userferry");
    let shown = |paths: &[Path]| -> Vec<String> {
        paths.iter().map(|path| format!("{} = {}", path.name, path.parts.join("::"))).collect()
    };
    let mut paths = shown(&source.paths);
    paths.sort();
    assert_eq!(
        paths,
        [
            "C = crate::a::b::C",
            "F = crate::a::d::E",
            "G = crate::a::d::G",
            "K = crate::j::K",
            "Mine = super::Mine",
            "a = crate::a",
            "m = crate::l::m",
            "o = crate::n::o",
        ]
    );
    let imports = shown(&source.imports);
    assert_eq!(imports.last().map(String::as_str), Some("I = child::H"));
    assert_eq!(imports.len(), 6);
    assert_eq!(source.lines, 10, "without comments and tests");
}
