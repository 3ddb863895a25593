//! The custom password function: which files it is made of. Written in JavaScript in `function/`;
//! here they are only put together.
//!
//! The form of its handlers is that of the vendor's template (protocol, section 10).

use super::Scheme;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A file of the function: its path in the directory, and what is in it.
pub type File = (String, String);

const HANDLERS: &str = include_str!("function/handlers.js");
const PACKAGE: &str = include_str!("function/package.json");
const LOCK: &str = include_str!("function/package-lock.json");
const DEPENDENCIES: &str = include_str!("function/dependencies.json");
/// Written as they are, whatever the schemes.
const ALWAYS: &[(&str, &str)] = &[
    ("README.md", include_str!("function/README.md")),
    ("limits.json", include_str!("function/limits.json")),
    ("self-test.js", include_str!("function/self-test.js")),
    ("self-test.json", include_str!("function/self-test.json")),
];
/// The files of the schemes, by their name.
const SCHEMES: &[(&str, &str)] = &[
    ("argon2", include_str!("function/schemes/argon2.js")),
    ("aspnet-identity", include_str!("function/schemes/aspnet-identity.js")),
    ("bcrypt", include_str!("function/schemes/bcrypt.js")),
    ("common", include_str!("function/schemes/common.js")),
    ("drupal7", include_str!("function/schemes/drupal7.js")),
    ("firebase-scrypt", include_str!("function/schemes/firebase-scrypt.js")),
    ("hex", include_str!("function/schemes/hex.js")),
    ("ldap", include_str!("function/schemes/ldap.js")),
    ("md5-crypt", include_str!("function/schemes/md5-crypt.js")),
    ("pbkdf2", include_str!("function/schemes/pbkdf2.js")),
    ("phpass", include_str!("function/schemes/phpass.js")),
    ("salted", include_str!("function/schemes/salted.js")),
    ("scrypt", include_str!("function/schemes/scrypt.js")),
    ("sha-crypt", include_str!("function/schemes/sha-crypt.js")),
    ("wordpress", include_str!("function/schemes/wordpress.js")),
];
/// Where the schemes go in [`HANDLERS`].
const MARK: &str = "  /* schemes */\n";

/// `function/dependencies.json`.
#[derive(Deserialize)]
struct Dependencies {
    /// What a scheme needs, by its word.
    files: BTreeMap<String, Vec<String>>,
    /// What every function needs.
    always: Vec<String>,
    /// In which order the schemes are asked.
    order: Vec<String>,
    /// What a file needs from npm: package and version.
    packages: BTreeMap<String, BTreeMap<String, String>>,
}

impl Dependencies {
    fn read() -> Self {
        serde_json::from_str(DEPENDENCIES).unwrap_or_else(|_| Self {
            files: BTreeMap::new(),
            always: Vec::new(),
            order: Vec::new(),
            packages: BTreeMap::new(),
        })
    }
}

/// Whether the function can check hashes of this scheme.
pub fn knows(scheme: Scheme) -> bool {
    Dependencies::read().files.contains_key(scheme.as_str())
}

/// The packages from npm that the function needs for these schemes.
pub fn packages(schemes: &BTreeSet<Scheme>) -> BTreeMap<String, String> {
    let dependencies = Dependencies::read();
    let names = names(&dependencies, schemes);
    let packages = dependencies.packages.into_iter().filter(|(name, _)| names.contains(name));
    packages.flat_map(|(_, packages)| packages).collect()
}

/// The files of the function for these schemes. Those that it cannot check are left out.
pub fn files(schemes: &BTreeSet<Scheme>) -> Vec<File> {
    let dependencies = Dependencies::read();
    let names = names(&dependencies, schemes);
    let packages = packages(schemes);
    let asked = dependencies.order.iter().filter(|name| names.contains(*name));
    let requires: Vec<String> =
        asked.map(|name| format!("  require('./schemes/{name}'),\n")).collect();
    let mut files: Vec<File> = vec![
        ("index.js".to_owned(), HANDLERS.replace(MARK, &requires.concat())),
        ("package.json".to_owned(), package(&packages)),
    ];
    if !packages.is_empty() {
        files.push(("package-lock.json".to_owned(), LOCK.to_owned()));
    }
    files.extend(ALWAYS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    let schemes = SCHEMES.iter().filter(|(name, _)| names.contains(*name));
    files.extend(schemes.map(|(name, text)| (format!("schemes/{name}.js"), (*text).to_owned())));
    files
}

/// The files of `schemes/` that are needed.
fn names(dependencies: &Dependencies, schemes: &BTreeSet<Scheme>) -> BTreeSet<String> {
    let of_schemes = schemes.iter().filter_map(|scheme| dependencies.files.get(scheme.as_str()));
    of_schemes.flatten().chain(&dependencies.always).cloned().collect()
}

fn package(packages: &BTreeMap<String, String>) -> String {
    let mut package: serde_json::Value = serde_json::from_str(PACKAGE).unwrap_or_default();
    package["dependencies"] = serde_json::json!(packages);
    format!("{package:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_known_but_those_that_no_package_knows() {
        for scheme in Scheme::HASHES {
            assert_eq!(knows(*scheme), *scheme != Scheme::Yescrypt, "{scheme}");
        }
    }

    #[test]
    fn the_files_are_those_of_the_schemes() {
        let of = |schemes: &[Scheme]| files(&schemes.iter().copied().collect());
        let names = |files: &[File]| -> Vec<String> {
            files
                .iter()
                .map(|(name, _)| name.clone())
                .filter(|name| name.contains("schemes/"))
                .collect()
        };
        let plain = of(&[Scheme::Pbkdf2Sha256]);
        assert_eq!(names(&plain), ["schemes/common.js", "schemes/pbkdf2.js", "schemes/scrypt.js"]);
        let index = &plain[0].1;
        assert!(index.contains("\n  require('./schemes/pbkdf2'),\n]"), "{index}");
        assert!(!plain.iter().any(|(name, _)| name == "package-lock.json"));
        let mixed = of(&[Scheme::Bcrypt, Scheme::HexMd5, Scheme::Yescrypt]);
        let expected =
            ["bcrypt", "common", "hex", "scrypt"].map(|name| format!("schemes/{name}.js"));
        assert_eq!(names(&mixed), expected);
        let package = &mixed.iter().find(|(name, _)| name == "package.json").unwrap().1;
        assert!(package.contains("\"hash-wasm\": \"4."), "{package}");
        let lock = &mixed.iter().find(|(name, _)| name == "package-lock.json").unwrap().1;
        // npm ci refuses a lock file that says otherwise.
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(lock)["packages"][""]["dependencies"], read(package)["dependencies"]);
        let all = of(Scheme::HASHES);
        assert_eq!(names(&all).len(), SCHEMES.len());
        assert!(!all[0].1.contains(MARK));
    }
}
