//! The house: which module may import which. DESIGN.md names the floors, lowest first; a module imports
//! only modules of lower floors. Inside a module its parts import each other in one direction: no circle.
//!
//! A module and its own parts may use each other (`super::X`): they are one thing. A path counts as an
//! import of the module that defines the item, not of one that re-exports it. Only paths are read: a call of
//! a method that another file adds with `impl` is not seen.

mod source;

use source::{Path as UsePath, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CRATE: &str = "userferry";

/// Imports against the order that remain for now: the module, the module it imports, the reason. The test
/// fails for an entry that is no longer needed.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// A module: the names that lead to it. The crate itself has none.
type Module = Vec<String>;

struct House {
    sources: BTreeMap<Module, Source>,
}

impl House {
    fn read() -> Self {
        let mut sources = BTreeMap::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        read_folder(&root, &[], &mut sources);
        Self { sources }
    }

    /// Each use of another module: who, whom, and the path as it is written.
    fn uses(&self) -> Vec<(&Module, Module, String)> {
        let mut uses = Vec::new();
        for (module, source) in &self.sources {
            for path in &source.paths {
                let end = self.end(module, &path.parts, 0);
                uses.push((module, end, path.parts.join("::")));
            }
        }
        uses
    }

    /// The module in which a path's item is defined.
    fn end(&self, from: &Module, parts: &[String], depth: usize) -> Module {
        assert!(depth < 20, "imports that lead nowhere: {}", parts.join("::"));
        let mut parts = parts.iter();
        let mut at = from.clone();
        let mut rest: Vec<&String> = Vec::new();
        for part in parts.by_ref() {
            match part.as_str() {
                "crate" | CRATE => at.clear(),
                "self" => {}
                "super" => drop(at.pop()),
                _ => {
                    rest.push(part);
                    break;
                }
            }
        }
        rest.extend(parts);
        for (i, name) in rest.iter().enumerate() {
            let mut inner = at.clone();
            inner.push((*name).clone());
            if self.sources.contains_key(&inner) {
                at = inner;
                continue;
            }
            let Some(import) = self.import(&at, name) else { break };
            let further = import.parts.iter().chain(rest[i + 1..].iter().copied());
            let further: Vec<String> = further.cloned().collect();
            return self.end(&at, &further, depth + 1);
        }
        at
    }

    /// The import by which a module has a name that it does not define.
    fn import(&self, module: &Module, name: &str) -> Option<&UsePath> {
        let source = self.sources.get(module)?;
        source.imports.iter().find(|path| {
            let is_ours = ["crate", "super", "self"].contains(&path.parts[0].as_str());
            let mut child = module.clone();
            child.push(path.parts[0].clone());
            path.name == name && (is_ours || self.sources.contains_key(&child))
        })
    }
}

/// A second provider needs nothing beside its folder and its line in the list: no other file knows one by name.
/// The sandbox stands in for one.
#[test]
fn no_module_but_their_own_names_a_provider() {
    let words: BTreeSet<&str> = userferry::provider::ALL
        .iter()
        .map(|provider| provider.name.split('-').next().unwrap())
        .collect();
    let house = House::read();
    let mut found = Vec::new();
    let mut read = 0;
    for module in house.sources.keys() {
        let home = module.first().map_or("", String::as_str);
        if ["provider", "sandbox"].contains(&home) {
            continue;
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module.join("/"));
        let files = [root.with_extension("rs"), root.join("mod.rs"), root.join("lib.rs")];
        let Some(text) = files.iter().find_map(|file| std::fs::read_to_string(file).ok()) else {
            panic!("{} has no file", module.join("::"));
        };
        let is_for_tests = module.last().is_some_and(|name| name == "tests");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_lowercase();
        read += 1;
        if !is_for_tests && words.iter().any(|word| code.contains(word)) {
            found.push(module.join("::"));
        }
    }
    assert!(read > 100, "{read} modules");
    assert_eq!(found, [""; 0]);
}

/// A file of more lines of code has more than one purpose.
const MOST_LINES: usize = 400;

#[test]
fn files_have_one_purpose() {
    let house = House::read();
    // Compiled for tests alone: the laws that the statements of the store are held to.
    let is_code = |module: &Module| module.join("::") != "store::sqlite::laws";
    let long = house
        .sources
        .iter()
        .filter(|(module, source)| is_code(module) && source.lines > MOST_LINES);
    let long: Vec<String> =
        long.map(|(module, source)| format!("{}: {}", module.join("::"), source.lines)).collect();
    assert!(long.is_empty(), "files of more than {MOST_LINES} lines of code: {long:?}");
}

fn read_folder(folder: &Path, module: &[String], sources: &mut BTreeMap<Module, Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_code = path.extension().is_some_and(|end| end == "rs");
        let mut inner = module.to_vec();
        if path.is_dir() {
            inner.push(name);
            read_folder(&path, &inner, sources);
            continue;
        }
        if !is_code || name == "tests" {
            continue;
        }
        if !["lib", "mod"].contains(&name.as_str()) {
            inner.push(name);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        sources.insert(inner, Source::read(&text, CRATE));
    }
}

/// The floors of DESIGN.md, lowest first.
fn floors() -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("DESIGN.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, floors) = text.split_once("```floors\n").expect("DESIGN.md has a block ```floors");
    let (floors, _) = floors.split_once("```").unwrap();
    floors.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn each_module_has_one_floor() {
    let house = House::read();
    let modules: BTreeSet<&str> =
        house.sources.keys().filter_map(|module| module.first()).map(String::as_str).collect();
    let floors = floors();
    let mut named: Vec<&str> = floors.iter().flatten().map(String::as_str).collect();
    named.sort_unstable();
    assert_eq!(named, modules.into_iter().collect::<Vec<_>>(), "the floors of DESIGN.md");
}

/// Fails with one line for each: the two, and the places.
fn assert_none(found: &BTreeMap<(String, String), BTreeSet<String>>, what: &str) {
    let line = |((from, to), places): (&(String, String), &BTreeSet<String>)| {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        format!("\n  {from} -> {to}: {}", places.join(", "))
    };
    assert!(found.is_empty(), "{what}:{}", found.iter().map(line).collect::<String>());
}

#[test]
fn a_module_imports_only_lower_floors() {
    let house = House::read();
    let floors = floors();
    let floor = |module: &str| floors.iter().position(|names| names.iter().any(|n| n == module));
    let mut against: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (module, end, path) in house.uses() {
        let (Some(from), Some(to)) = (module.first(), end.first()) else { continue };
        if from != to && floor(to) >= floor(from) {
            let place = format!("{}: {path}", module.join("::"));
            against.entry((from.clone(), to.clone())).or_default().insert(place);
        }
    }
    for (from, to, reason) in EXCEPTIONS {
        let pair = ((*from).to_owned(), (*to).to_owned());
        assert!(
            against.remove(&pair).is_some(),
            "{from} no longer imports {to}: remove \"{reason}\""
        );
    }
    assert_none(&against, "imports against the order of the floors");
}

#[test]
fn parts_of_a_module_import_each_other_in_one_direction() {
    let house = House::read();
    let mut uses: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (module, end, path) in house.uses() {
        let common = module.iter().zip(&end).take_while(|(one, other)| one == other).count();
        // The crate's own parts have floors; a module and a part of it are one thing.
        if common == 0 || common == module.len() || common == end.len() {
            continue;
        }
        let pair = (module[..=common].join("::"), end[..=common].join("::"));
        uses.entry(pair).or_default().insert(format!("{}: {path}", module.join("::")));
    }
    // A circle is what is left when everything is gone that imports nothing, or that nothing imports.
    loop {
        let all: Vec<(String, String)> = uses.keys().cloned().collect();
        let imports = |module: &String| all.iter().any(|(from, _)| from == module);
        let is_imported = |module: &String| all.iter().any(|(_, to)| to == module);
        uses.retain(|(from, to), _| imports(to) && is_imported(from));
        if uses.len() == all.len() {
            break;
        }
    }
    assert_none(&uses, "circles between parts of a module");
}
