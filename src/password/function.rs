//! The custom password function: which files it is made of. Written in JavaScript in `function/`;
//! here they are only put together.
//!
//! The form of its handlers is that of the vendor's template (protocol, section 10).

use super::crypt64::from_base64;
use super::detect::unwrapped;
use super::magento::Magento;
use super::{Scheme, cost};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A file of the function: its path in the directory, and what is in it.
pub type File = (String, String);

const HANDLERS: &str = include_str!("function/handlers.js");
const PACKAGE: &str = include_str!("function/package.json");
const LOCK: &str = include_str!("function/package-lock.json");
const DEPENDENCIES: &str = include_str!("function/dependencies.json");
const LIMITS: &str = include_str!("function/limits.json");
const README: &str = include_str!("function/README.md");
/// Written as they are, whatever the schemes.
const ALWAYS: &[(&str, &str)] = &[
    ("limits.json", LIMITS),
    ("self-test.js", include_str!("function/self-test.js")),
    ("self-test.json", include_str!("function/self-test.json")),
];
/// The files of the schemes, by their name.
const SCHEMES: &[(&str, &str)] = &[
    ("argon2", include_str!("function/schemes/argon2.js")),
    ("aspnet-identity", include_str!("function/schemes/aspnet-identity.js")),
    ("better-auth", include_str!("function/schemes/better-auth.js")),
    ("bcrypt", include_str!("function/schemes/bcrypt.js")),
    ("common", include_str!("function/schemes/common.js")),
    ("drupal7", include_str!("function/schemes/drupal7.js")),
    ("fbscrypt", include_str!("function/schemes/fbscrypt.js")),
    ("firebase", include_str!("function/schemes/firebase.js")),
    ("firebase-scrypt", include_str!("function/schemes/firebase-scrypt.js")),
    ("hex", include_str!("function/schemes/hex.js")),
    ("ldap", include_str!("function/schemes/ldap.js")),
    ("magento", include_str!("function/schemes/magento.js")),
    ("md5-crypt", include_str!("function/schemes/md5-crypt.js")),
    ("pbkdf2", include_str!("function/schemes/pbkdf2.js")),
    ("phpass", include_str!("function/schemes/phpass.js")),
    ("salted", include_str!("function/schemes/salted.js")),
    ("scrypt", include_str!("function/schemes/scrypt.js")),
    ("sha-crypt", include_str!("function/schemes/sha-crypt.js")),
    ("wordpress", include_str!("function/schemes/wordpress.js")),
];
/// The parameters of a Firebase project.
pub const FIREBASE: &str = "firebase.json";
/// What npm installs.
pub const PACKAGES: &str = "node_modules";
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

/// `function/limits.json`, as far as costs go.
#[derive(Deserialize)]
struct Limits {
    bcrypt_cost: u64,
    argon2_memory_kib: u64,
    argon2_memory_times_passes_kib: u64,
    argon2_passes: u64,
    argon2_lanes: u64,
    derived_bytes: usize,
    scrypt_memory_bytes: u64,
    pbkdf2_iterations: u64,
    phpass_log2: u32,
    sha_crypt_rounds: u64,
}

/// Whether the function refuses a hash of a scheme that it knows: a kind that no package takes, or one
/// that asks for more than its limits allow.
pub fn refuses(scheme: Scheme, stored: &str) -> bool {
    let stored = &*unwrapped(stored);
    let Ok(limits) = serde_json::from_str::<Limits>(LIMITS) else { return false };
    let cost = cost::cost(scheme, stored).unwrap_or(0);
    match scheme {
        Scheme::Bcrypt => stored.contains("$2x$") || cost > limits.bcrypt_cost,
        Scheme::WordPress => cost > limits.bcrypt_cost,
        Scheme::Argon2i | Scheme::Argon2d | Scheme::Argon2id => {
            let number = |name| {
                let part = stored.split(['$', ',']).find_map(|part| part.strip_prefix(name));
                part.and_then(|number| number.parse::<u64>().ok()).unwrap_or(1)
            };
            let (passes, lanes) = (number("t="), number("p="));
            let hash = stored.rsplit('$').next().and_then(from_base64);
            !stored.contains("$v=19$")
                || passes > limits.argon2_passes
                || lanes > limits.argon2_lanes
                || hash.is_none_or(|hash| hash.len() > limits.derived_bytes)
                || cost > limits.argon2_memory_kib
                || cost.saturating_mul(passes) > limits.argon2_memory_times_passes_kib
        }
        Scheme::Magento => Magento::parse(stored).is_some_and(|read| {
            let (kib, passes) = read.cost();
            u64::from(kib) > limits.argon2_memory_kib
                || u64::from(kib) * u64::from(passes) > limits.argon2_memory_times_passes_kib
        }),
        // With the block size that everybody uses.
        Scheme::Scrypt | Scheme::FbScrypt => {
            cost.saturating_mul(8 * 128) > limits.scrypt_memory_bytes
        }
        Scheme::Pbkdf2Sha1
        | Scheme::Pbkdf2Sha256
        | Scheme::Pbkdf2Sha512
        | Scheme::AspNetIdentity => cost > limits.pbkdf2_iterations,
        Scheme::Phpass | Scheme::Drupal7 => cost > 1 << limits.phpass_log2,
        Scheme::Sha256Crypt | Scheme::Sha512Crypt => cost > limits.sha_crypt_rounds,
        _ => false,
    }
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
        ("README.md".to_owned(), readme(schemes.contains(&Scheme::FirebaseScrypt))),
    ];
    if !packages.is_empty() {
        files.push(("package-lock.json".to_owned(), LOCK.to_owned()));
    }
    files.extend(ALWAYS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    let schemes = SCHEMES.iter().filter(|(name, _)| names.contains(*name));
    files.extend(schemes.map(|(name, text)| (format!("schemes/{name}.js"), (*text).to_owned())));
    files
}

/// Whether a folder with these files, by their paths in it, is a function that was written here, with what npm adds,
/// and nothing else. `package` is its `package.json`.
pub fn is_one(files: &[String], package: &[u8]) -> bool {
    let name = |text: &[u8]| -> Option<serde_json::Value> {
        serde_json::from_slice::<serde_json::Value>(text).ok()?.get("name").cloned()
    };
    let is_known = |path: &String| match path.split_once('/') {
        Some(("schemes", file)) => SCHEMES.iter().any(|(name, _)| file == format!("{name}.js")),
        Some((folder, _)) => folder == PACKAGES,
        None => is_at_root(path),
    };
    name(package).is_some()
        && name(package) == name(PACKAGE.as_bytes())
        && files.iter().all(is_known)
}

fn is_at_root(file: &str) -> bool {
    let always = ALWAYS.iter().map(|(name, _)| *name);
    always
        .chain(["index.js", "package.json", "package-lock.json", "README.md", FIREBASE])
        .any(|name| name == file)
}

/// The files of `schemes/` that are needed.
fn names(dependencies: &Dependencies, schemes: &BTreeSet<Scheme>) -> BTreeSet<String> {
    let of_schemes = schemes.iter().filter_map(|scheme| dependencies.files.get(scheme.as_str()));
    of_schemes.flatten().chain(&dependencies.always).cloned().collect()
}

/// What to do with the function. Of Firebase it speaks where its hashes are among the schemes.
fn readme(has_firebase: bool) -> String {
    const BEGIN: &str = "<!-- firebase -->\n";
    const END: &str = "<!-- end -->\n";
    let parts = README.split_once(BEGIN).and_then(|(before, rest)| {
        let (passage, after) = rest.split_once(END)?;
        Some((before, passage, after))
    });
    match parts {
        Some((before, passage, after)) if has_firebase => format!("{before}{passage}{after}"),
        Some((before, _, after)) => format!("{before}{after}"),
        None => README.to_owned(),
    }
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
    fn a_function_is_told_from_what_else_may_lie_in_a_folder() {
        let is_one = |more: &[&str], package: &str| {
            let written = files(&BTreeSet::from([Scheme::Bcrypt, Scheme::Phpass]));
            let names = written.into_iter().map(|(name, _)| name);
            let all: Vec<String> =
                names.chain(more.iter().map(|name| (*name).to_owned())).collect();
            super::is_one(&all, package.as_bytes())
        };
        assert!(
            is_one(&[], PACKAGE) && is_one(&["firebase.json", "node_modules/hash-wasm"], PACKAGE)
        );
        for more in
            ["notes.txt", "schemes/own.js", "schemes/deep/bcrypt.js", "own/bcrypt.js", "schemes"]
        {
            assert!(!is_one(&[more], PACKAGE), "{more}");
        }
        for package in ["", "{}", "{\"name\":\"shop\"}"] {
            assert!(!is_one(&[], package), "{package}");
        }
    }

    #[test]
    fn what_asks_for_too_much_or_is_of_no_kept_kind_is_refused() {
        let x = |n: usize| "x".repeat(n);
        for (stored, expected) in [
            (format!("$2b$12${}", x(53)), false),
            (format!("$2b$16${}", x(53)), true),
            (format!("$2x$12${}", x(53)), true),
            ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), false),
            ("$argon2id$v=19$m=65536,t=30,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), true),
            ("$argon2id$v=16$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), true),
            ("$argon2i$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(), true),
            (format!("$argon2id$v=19$m=1024,p=16,t=3$c2FsdHNhbHQ${}w", x(21)), false),
            (format!("$argon2id$v=19$m=1024,p=17,t=3$c2FsdHNhbHQ${}w", x(21)), true),
            (format!("$argon2id$v=19$m=64,t=65,p=1$c2FsdHNhbHQ${}w", x(21)), true),
            (format!("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ=${}w=", x(42)), false),
            (format!("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ${}", x(88)), true),
            (format!("{}:salt:3_32_2_67108864", "a".repeat(64)), false),
            (format!("{}:salt:3_32_2_1073741824", "a".repeat(64)), true),
            ("$scrypt$ln=17,r=8,p=1$c2FsdA$aGFzaA".to_owned(), false),
            ("$scrypt$ln=18,r=8,p=1$c2FsdA$aGFzaA".to_owned(), true),
            (format!("$pbkdf2-sha256$4000001$c2FsdA${}", x(43)), true),
            (format!("$P$B{}", x(30)), false),
            (format!("$6$rounds=1000001$salt${}", x(86)), true),
        ] {
            assert_eq!(refuses(crate::password::detect(&stored), &stored), expected, "{stored}");
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
