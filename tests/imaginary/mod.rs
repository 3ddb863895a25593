//! A directory that nobody runs, added as any provider is: by this folder, and by its line in [`PROVIDERS`]. It has
//! its own names, no external id, takes seven users in a request, all with passwords of one scheme, looks up three
//! at a time, and answers with the places of those that failed. What stands behind it is the simulated server.

mod target;

use crate::sim::client::Client;
use crate::sim::server::Server;
use secrecy::SecretString;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use target::Imaginary;
use userferry::clock::Clock;
use userferry::config::Settings;
use userferry::password::Scheme;
use userferry::password::guard::Each;
use userferry::prepare::prepare;
use userferry::provider::authing;
use userferry::provider::{
    Ability, Connection, Form, Host, Limits, Passwords, Provider, Secret, Setting,
};
use userferry::run::Mapper;
use userferry::schema::{Field, Fold, Format, Schema, Type};
use userferry::target::{Target, http};
use userferry::user::{IdKind, Identifiers};

/// The providers that these tests know.
pub(crate) static PROVIDERS: &[&Provider] = &[&authing::V2, &DIRECTORY];

pub(crate) static DIRECTORY: Provider = Provider {
    name: "imaginary",
    title: "a directory that nobody runs",
    schema: Schema {
        fields: FIELDS,
        update_only: &[],
        phone_country_field: None,
        password_field: "credential",
        blocked_field: Some("suspended"),
        verified_fields: &[],
        deleted_field: None,
        raw_field: None,
        password_bytes_warn: 72,
    },
    passwords: Passwords::Each(Each {
        schemes: &[Scheme::Bcrypt, Scheme::Sha512Crypt],
        plain: true,
    }),
    limits: |own| Limits {
        batch: own.batch().unwrap_or(target::MOST),
        lookup: target::LOOKUP,
        bytes: 1 << 20,
        counts_users: false,
        one_scheme: true,
    },
    abilities: &[Ability::FindBy(IdKind::Email), Ability::FindBy(IdKind::Username)],
    host: Host {
        example: "https://directory.example",
        default: |own| (own.get("region") == Some("south")).then_some("https://south.example"),
        env: "IMAGINARY_HOST",
    },
    secret: Secret { env: "IMAGINARY_SECRET", of: "the tenant" },
    request_id: &[],
    template: "kind = \"imaginary\"\n",
    mapping: "# The directory's field = your column.\nlogin = \"user\"\nmail = \"mail\"\n",
    settings: &[TENANT, Setting::batch(7), REGION, AUDITED],
    connect: &connect,
};

const FIELDS: &[Field] = &[
    identifier("login", IdKind::Username, Format::Any, "username"),
    identifier("mail", IdKind::Email, Format::Email, "email"),
    Field::new("shownAs", Type::Text).meaning("name"),
    Field::new("suspended", Type::Bool).meaning("blocked"),
];

const fn identifier(
    name: &'static str,
    kind: IdKind,
    format: Format,
    means: &'static str,
) -> Field {
    Field::new(name, Type::Text).of_format(format).identifies(kind, Fold::Case).meaning(means)
}

const TENANT: Setting = Setting {
    name: "tenant",
    noun: "the name of the tenant",
    word: "tenant",
    form: Form::Text("the name of a tenant", |name| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| name.to_owned())
    }),
    env: Some("IMAGINARY_TENANT"),
    default: None,
    is_required: true,
    is_place: true,
    flag: None,
};

const REGION: Setting = Setting {
    name: "region",
    noun: "the region",
    word: "region",
    form: Form::OneOf(&["north", "south"]),
    env: None,
    default: Some("north"),
    is_required: false,
    is_place: true,
    flag: None,
};

const AUDITED: Setting =
    Setting { name: "audited", form: Form::Truth, default: None, is_place: false, ..REGION };

/// A simulated server, and how many of its requests were in flight at most.
type Behind = (Arc<Server>, Arc<AtomicUsize>);

/// Simulated servers, by the last part of the address that leads to them.
static SERVERS: LazyLock<Mutex<HashMap<u64, Behind>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU64 = AtomicU64::new(1);

#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "as a provider connects"
)]
fn connect(to: Connection) -> userferry::error::Result<Arc<dyn Target>> {
    assert_eq!(to.own.get("tenant"), Some("acme"));
    let id: u64 = to.http.host.rsplit('/').next().unwrap().parse().unwrap();
    let (server, most) = SERVERS.lock().unwrap()[&id].clone();
    Ok(Arc::new(Imaginary::new(Client::new(server, most))))
}

/// What a scenario needs that runs against this directory.
pub(crate) struct Plan {
    settings: Settings,
}

impl Plan {
    /// For the simulated server of a scenario.
    pub(crate) fn new(server: &Arc<Server>, most_in_flight: &Arc<AtomicUsize>) -> Self {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let behind = (Arc::clone(server), Arc::clone(most_in_flight));
        SERVERS.lock().unwrap().insert(id, behind);
        let text = format!(
            "[target]\nkind = \"imaginary\"\nhost = \"https://directory.example/{id}\"\ntenant = \"acme\"\n\
             [mapping]\nlogin = \"name\"\nmail = \"address\"\nshownAs = \"called\"\n\
             suspended = \"banned\"\ncredential = \"hash\"\n"
        );
        let settings =
            Settings::among_from_toml(PROVIDERS, &text, Path::new("userferry.toml")).unwrap();
        settings.mapping.validate(settings.target.schema()).unwrap();
        settings.ready_to_run().unwrap();
        Self { settings }
    }

    pub(crate) fn provider(&self) -> &'static Provider {
        self.settings.target.provider
    }

    /// The record of a row. Every third password is plain text, every other third of one scheme.
    pub(crate) fn record(row: u32) -> Vec<u8> {
        let hash = match row % 3 {
            0 => format!("$2b$10${}", "a".repeat(53)),
            1 => format!("$6$saltsalt${}", "b".repeat(86)),
            _ => format!("correct horse {row}"),
        };
        serde_json::json!({
            "name": format!("U{row}"),
            "address": format!("u{row}@example.com"),
            "called": format!("User {row}"),
            "banned": row.is_multiple_of(10),
            "hash": hash,
        })
        .to_string()
        .into_bytes()
    }

    pub(crate) fn mapper(&self) -> Mapper {
        let (mapping, schema) = (self.settings.mapping.clone(), self.settings.target.schema());
        Arc::new(move |raw: &[u8]| {
            let prepared = prepare(raw, &mapping, schema);
            (prepared.user, prepared.problems)
        })
    }

    pub(crate) fn identifiers(&self, row: u32) -> Identifiers {
        let (user, problems) = self.mapper()(&Self::record(row));
        assert!(problems.is_empty(), "{problems:?}");
        user.identifiers
    }

    pub(crate) fn target(&self, clock: Clock) -> Arc<dyn Target> {
        let target = &self.settings.target;
        let connection = Connection {
            http: http::Settings {
                host: target.host.clone(),
                request_timeout: Duration::from_secs(30),
                connect_timeout: Duration::from_secs(5),
                ca_file: None,
                width: self.settings.width(),
                request_id: target.provider.request_id,
            },
            own: target.own.clone(),
            secret: SecretString::from("secret"),
            keep_password: false,
            clock,
        };
        (target.provider.connect)(connection).unwrap()
    }
}

/// Its descriptor is asked by settings and guard as any other.
mod tests {
    use super::*;
    use userferry::password::guard::Watch;
    use userferry::suggest::{Survey, propose};

    fn settings(text: &str) -> userferry::error::Result<Settings> {
        Settings::among_from_toml(PROVIDERS, text, Path::new("userferry.toml"))
    }

    #[test]
    fn its_settings_are_its_own() {
        let read = settings("[target]\ntenant = \"acme\"\nkind = \"imaginary\"\n").unwrap();
        assert_eq!(read.target.provider.name, "imaginary");
        assert_eq!(read.width(), 32);
        let error = read.ready_to_run().unwrap_err();
        assert_eq!(error.message, "the address of the target is missing");
        assert!(error.hint.unwrap().contains("IMAGINARY_HOST"));
        for (text, message, hint) in [
            (
                "[target]\nkind = \"imaginary\"\nuser_pool_id = \"a\"\n",
                "userferry.toml, line 3: unknown setting `user_pool_id` in [target]",
                "tenant",
            ),
            (
                "[target]\nkind = \"imaginary\"\nkeep_password = true\n",
                "userferry.toml, line 3: unknown setting `keep_password` in [target]",
                "tenant",
            ),
            (
                "[target]\ntenant = \"acme\"\n",
                "userferry.toml, line 2: unknown setting `tenant` in [target]",
                "user_pool_id",
            ),
            (
                "[target]\nkind = \"imaginary\"\ntenant = \"a b\"\n",
                "userferry.toml, line 3: `tenant`: the name of a tenant is expected",
                "",
            ),
            (
                "[target]\nkind = \"imaginary\"\nsecret = \"x\"\n",
                "userferry.toml, line 3: the secret does not belong in the file",
                "IMAGINARY_SECRET",
            ),
            (
                "[target]\nkind = \"imaginary\"\n[mapping]\nemail = \"a\"\n",
                "userferry.toml, line 4, column 1: mapping: the target has no field `email`",
                "mail",
            ),
        ] {
            let error = settings(text).unwrap_err();
            assert_eq!(error.message, message);
            assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{error:?}");
        }
    }

    #[test]
    fn its_settings_have_types_and_its_limits_follow_them() {
        let with = |line: &str| settings(&format!("[target]\nkind = \"imaginary\"\n{line}\n"));
        let read = with("batch = 3\nregion = \"south\"\naudited = true").unwrap();
        assert_eq!((read.target.batching().most, read.width()), (3, 32));
        assert_eq!(read.target.own.get("region"), Some("south"));
        assert_eq!(read.target.own.truth("audited"), Some(true));
        let read = with("").unwrap();
        assert_eq!(
            (read.target.batching().most, read.target.own.get("region")),
            (7, Some("north"))
        );
        for (line, form) in [
            ("batch = 8", "`batch`: a whole number from 1 to 7"),
            ("batch = 0", "`batch`: a whole number from 1 to 7"),
            ("batch = \"3\"", "`batch`: a whole number from 1 to 7"),
            ("audited = \"true\"", "`audited`: true or false"),
            ("region = \"east\"", "`region`: \"north\" or \"south\""),
            ("region = 1", "`region`: \"north\" or \"south\""),
        ] {
            let message = format!("userferry.toml, line 3: {form} is expected");
            assert_eq!(with(line).unwrap_err().message, message);
        }
        let env = |name: &str| match name {
            "USERFERRY_KIND" => Some("imaginary".to_owned()),
            "USERFERRY_BATCH" => Some(" 4 ".to_owned()),
            "USERFERRY_AUDITED" => Some("false".to_owned()),
            _ => None,
        };
        let read =
            Settings::load_among(PROVIDERS, None, &userferry::config::Flags::default(), &env)
                .unwrap();
        assert_eq!(read.target.batching().most, 4);
        assert_eq!(read.target.own.truth("audited"), Some(false));
    }

    #[test]
    fn its_host_follows_its_own_settings_unless_one_is_set() {
        let host = |lines: &str, env: userferry::config::Env<'_>| {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("u.toml");
            std::fs::write(&file, format!("[target]\nkind = \"imaginary\"\n{lines}")).unwrap();
            let flags = userferry::config::Flags::default();
            Settings::load_among(PROVIDERS, Some(&file), &flags, env).unwrap().target.host
        };
        let none = |_: &str| None;
        assert_eq!(host("", &none), "");
        assert_eq!(host("region = \"south\"", &none), "https://south.example");
        let set = "host = \"https://a.example\"\nregion = \"south\"";
        assert_eq!(host(set, &none), "https://a.example");
        let region = |name: &str| (name == "USERFERRY_REGION").then(|| "south".to_owned());
        assert_eq!(host("region = \"north\"", &region), "https://south.example");
        let env = |name: &str| (name == "IMAGINARY_HOST").then(|| "https://b.example".to_owned());
        assert_eq!(host(set, &env), "https://b.example");
    }

    #[test]
    fn its_template_is_one_for_it() {
        let written = userferry::config::template(&DIRECTORY);
        let read = settings(&written).unwrap();
        assert_eq!(read.target.provider, &DIRECTORY);
        read.check_mapping().unwrap();
        let fields = |read: &Settings| -> Vec<String> {
            read.mapping.rules().iter().map(|(field, _)| field.clone()).collect()
        };
        assert_eq!(fields(&read), ["login", "mail"]);
        // The same where nothing is written.
        let bare = settings("[target]\nkind = \"imaginary\"\n").unwrap();
        assert_eq!(fields(&bare), ["login", "mail"]);
        assert!(!bare.has_own_mapping());
        for strange in ["oauth", "externalId", "loginsCount", "{"] {
            assert!(!written.contains(strange), "{strange}: {written}");
        }
    }

    #[test]
    fn no_field_of_another_directory_is_named_for_the_raw_record() {
        let text = "[target]\nkind = \"imaginary\"\n[mapping]\nsuspended = { raw = true }\n";
        let hint = settings(text).unwrap_err().hint.unwrap();
        assert_eq!(hint, "a field of text can, which identifies nobody");
    }

    #[test]
    fn init_proposes_its_own_fields() {
        let mut survey = Survey::default();
        for n in 0..60 {
            let hash = format!("$2b$10${}", "a".repeat(53));
            survey.add(
                format!(
                    "{{\"username\":\"u{n}\",\"email\":\"u{n}@example.com\",\"full_name\":\"U {n}\",\
                     \"is_blocked\":{},\"password_hash\":\"{hash}\",\"id\":{n}}}",
                    n % 9 == 0
                )
                .as_bytes(),
            );
        }
        let proposal = propose(&survey, false, &DIRECTORY.schema);
        assert_eq!(proposal.identifiers, ["login", "mail"]);
        let toml = proposal.to_toml("");
        let read: Settings = settings(&format!("[target]\nkind = \"imaginary\"\n{toml}")).unwrap();
        let held: Vec<&str> = read.mapping.rules().iter().map(|(name, _)| name.as_str()).collect();
        for field in ["login", "mail", "shownAs", "suspended", "credential"] {
            assert!(held.contains(&field), "{field}: {toml}");
        }
        for strange in ["externalId", "oauth", "blocked =", "password ="] {
            assert!(!toml.contains(strange), "{strange}: {toml}");
        }
    }

    #[test]
    fn its_passwords_are_judged_each_for_itself() {
        let read = settings("[target]\nkind = \"imaginary\"\n").unwrap();
        let guard = read.target.guard(false);
        let mut watch = Watch::new(guard);
        for (password, told) in [
            (format!("$2b$10${}", "a".repeat(53)), None),
            ("correct horse".to_owned(), None),
            (
                "$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".to_owned(),
                Some("a hash of the scheme argon2id, which the provider does not take"),
            ),
        ] {
            let scheme = watch.see(&password, 1);
            let problem = watch.problem(scheme, "hash").map(|problem| problem.message);
            assert_eq!(problem.as_deref(), told);
        }
        assert_eq!(watch.mistake(), None);
        assert_eq!(read.target.guard(true).problem(Scheme::Argon2id, true, "hash"), None);
    }
}
