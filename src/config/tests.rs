use super::*;
use crate::provider::{Flag, Form, Setting, authing};
use secrecy::{ExposeSecret, SecretString};
use std::io;

const NO_ENV: Env<'static> = &|_| None;

fn first_template() -> String {
    template(provider::ALL[0])
}

fn parse(text: &str) -> Result<Settings> {
    Settings::from_toml(text, Path::new("userferry.toml"))
}

fn refused(text: &str) -> (String, String) {
    let error = parse(text).expect_err("it is wrong");
    assert_eq!(error.exit, crate::error::Exit::Usage);
    (error.message, error.hint.unwrap_or_default())
}

#[test]
fn the_template_parses_and_equals_the_defaults() {
    assert_eq!(parse(&first_template()).expect("it parses"), Settings::default());
    assert_eq!(parse("").expect("it parses"), Settings::default());
    let with_mark = format!("\u{feff}{}", first_template()).replace('\n', "\r\n");
    assert_eq!(parse(&with_mark).expect("it parses"), Settings::default());
}

#[test]
fn the_template_of_every_provider_is_one_for_it() {
    for provider in provider::ALL {
        let settings = parse(&template(provider)).expect(provider.name);
        assert_eq!(settings.target.provider, *provider);
        assert_eq!(settings.check_mapping(), Ok(()));
        assert!(!settings.has_own_mapping());
        let rules = provider.mapping.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(settings.mapping.rules().len(), rules.count(), "{}", provider.name);
    }
}

static BARE: Provider = Provider { name: "bare", mapping: "# none\n", ..authing::V2 };
static AMONG: &[&Provider] = &[&authing::V2, &BARE];

#[test]
fn a_provider_without_a_usual_mapping_wants_one_written() {
    let read = |text: &str| Settings::among_from_toml(AMONG, text, Path::new("u.toml")).unwrap();
    let bare = "[target]\nkind = \"bare\"\n";
    let error = read(bare).check_mapping().expect_err("it has none");
    assert_eq!(error.message, "no [mapping] says which of your columns feed the fields of bare");
    let hint = "userferry init --provider bare --from users.json proposes one from an export";
    assert_eq!(error.hint.as_deref(), Some(hint));
    let written = format!("{bare}[mapping]\nemail = \"mail\"\n");
    assert_eq!(read(&written).check_mapping(), Ok(()));
    assert_eq!(read("").check_mapping(), Ok(()));
    assert_eq!(read("").mapping, Mapping::reference());
}

#[test]
fn the_template_names_every_setting_and_its_examples_parse() {
    let mut section = "";
    let mut named = Vec::new();
    let mut examples = String::new();
    let template = first_template();
    for line in template.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        }
        let active = line.strip_prefix("# ").filter(|l| l.contains(" = ")).unwrap_or(line);
        let key = active.split(" = ").next().unwrap_or_default();
        let full = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
        if keys::knows(&Settings::default(), &full) {
            named.push(full);
            examples.push_str(active);
        } else {
            examples.push_str(line);
        }
        examples.push('\n');
    }
    let own = provider::ALL[0].settings.iter().map(|own| format!("target.{}", own.name));
    let keys = keys::KEYS.iter().map(|key| key.name.to_owned());
    let mut sorted: Vec<String> = keys.chain(own).collect();
    named.sort();
    sorted.sort();
    assert_eq!(named, sorted);
    parse(&examples).expect("the examples parse");
}

/// One with a flag that V2 does not have.
static OTHER: Provider = Provider { name: "other", settings: &[TENANT], ..authing::V2 };
const TENANT: Setting = Setting {
    name: "tenant",
    form: Form::Text("the name of a tenant", |name| (name != "?").then(|| name.to_owned())),
    env: None,
    flag: Some(Flag { name: "of-tenant", value: "NAME", help: "The tenant" }),
    ..authing::V2.settings[1]
};
static BOTH: &[&Provider] = &[&authing::V2, &OTHER];

fn loaded(kind: &str, flag: (&'static str, &str)) -> Result<Settings> {
    let env = |name: &str| (name == "USERFERRY_KIND").then(|| kind.to_owned());
    let flags = Flags { own: vec![(flag.0, flag.1.to_owned())], ..Flags::default() };
    Settings::load_among(BOTH, None, &flags, &env)
}

#[test]
fn a_flag_sets_what_its_provider_calls_so_and_is_refused_for_another() {
    let settings = loaded("other", ("of-tenant", "acme")).unwrap();
    assert_eq!(settings.target.own.get("tenant"), Some("acme"));
    let error = loaded("other", ("of-tenant", "?")).unwrap_err();
    assert_eq!(error.message, "--of-tenant: the name of a tenant is expected");
    let error = loaded("authing-v2", ("of-tenant", "acme")).unwrap_err();
    assert_eq!(error.message, "--of-tenant: authing-v2 has no such setting");
    let hint = "it is for other; kind under [target] says which provider is meant";
    assert_eq!(error.hint.as_deref(), Some(hint));
}

/// Two settings of one name, or two from one variable, would be set together.
fn collisions(providers: &[&Provider]) -> Vec<String> {
    let core: Vec<&str> = keys::KEYS.iter().map(keys::Key::short).collect();
    let mut found = Vec::new();
    for provider in providers {
        let mut names = core.clone();
        // Of the variables that are no settings, too.
        let others = ["db", "config", "failpoint"];
        let core = core.iter().chain(&others);
        let mut variables: Vec<String> = core.map(|name| keys::variable(name)).collect();
        variables.extend([provider.host.env, provider.secret.env].map(str::to_owned));
        for own in provider.settings {
            let own_variables = [Some(keys::variable(own.name)), own.env.map(str::to_owned)];
            for variable in own_variables.into_iter().flatten() {
                if variables.contains(&variable) {
                    found.push(variable.clone());
                }
                variables.push(variable);
            }
            // A setting whose name says that it is a secret is refused in the file.
            if names.contains(&own.name) || own.name.contains("secret") {
                found.push(own.name.to_owned());
            }
            names.push(own.name);
        }
    }
    found
}

static BAD: Provider = Provider {
    settings: &[
        Setting { name: "rate", ..TENANT },
        Setting { env: Some("AUTHING_HOST"), ..TENANT },
        Setting { name: "client_secret", ..TENANT },
    ],
    ..authing::V2
};

#[test]
fn the_settings_of_a_provider_have_names_and_variables_of_their_own() {
    assert_eq!(collisions(provider::ALL), [""; 0]);
    assert_eq!(collisions(BOTH), [""; 0]);
    let expected = ["USERFERRY_RATE", "rate", "AUTHING_HOST", "client_secret"];
    assert_eq!(collisions(&[&BAD]), expected);
}

#[test]
fn words_for_no_value_stand_before_the_sections() {
    assert!(first_template().contains(&format!("\n{NULL_EXAMPLE}\n")));
    let settings =
        parse("null = [\"\\\\N\", \"NULL\"]\n[run]\nconcurrency = 3\n").expect("it parses");
    assert_eq!(settings.null, Some(vec!["\\N".to_owned(), "NULL".to_owned()]));
    assert_eq!(parse("null = []\n").expect("it parses").null, Some(Vec::new()));
    let home = "it belongs at the top of the file, before the first section".to_owned();
    for (text, what) in [
        ("[run]\nnull = [\"NULL\"]\n", "line 2: unknown setting `null` in [run]"),
        (
            "[mapping]\nnull = [\"NULL\"]\n",
            "line 2: `null` stands in [mapping], where it is no field",
        ),
    ] {
        assert_eq!(refused(text), (format!("userferry.toml, {what}"), home.clone()));
    }
    let (message, _) = refused("null = \"NULL\"\n");
    let expected = "userferry.toml, line 1: `null`: a list of words such as [\"NULL\"] is expected";
    assert_eq!(message, expected);
}

#[test]
fn a_file_changes_what_it_names() {
    let text = "[run]\nrate = \"50/s\"\nmax_outage = \"1h\"\nmax_failures = 5\non_conflict = \"skip\"\n\
                [target]\nhost = \"http://127.0.0.1:8080/\"\nsecret_file = \"s.txt\"\n\
                [mapping]\nusername = \"login\"\nemail = { from = \"mail\", as = \"text\" }\n";
    let settings = Settings::from_toml(text, Path::new("conf/u.toml")).expect("it parses");
    assert_eq!(settings.run.rate, "50/s".parse().ok());
    assert_eq!(settings.run.max_outage, Duration::from_secs(3600));
    assert_eq!(settings.run.max_failures, Some(5));
    assert_eq!(settings.run.on_conflict, OnConflict::Skip);
    assert_eq!(settings.target.host, "http://127.0.0.1:8080");
    assert_eq!(settings.target.secret_file.as_deref(), Some(Path::new("conf/s.txt")));
    let fields: Vec<&str> =
        settings.mapping.rules().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(fields, ["username", "email"]);
}

#[test]
fn flags_go_over_environment_and_environment_over_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("userferry.toml");
    std::fs::write(&file, "[run]\nconcurrency = 1\nmax_attempts = 2\nrate = \"1/s\"\n")
        .expect("it is written");
    let env = |name: &str| {
        let value = match name {
            "USERFERRY_CONCURRENCY" => "3",
            "USERFERRY_MAX_ATTEMPTS" => "4",
            "USERFERRY_KEEP_PASSWORD" => "false",
            "AUTHING_HOST" => "https://a.example",
            "AUTHING_USERPOOL_ID" => "pool-a",
            "USERFERRY_USER_POOL_ID" => "pool-b",
            "USERFERRY_SETTLE_TIME" => "",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let flags = Flags { concurrency: Some(5), ..Flags::default() };
    let settings = Settings::load(Some(&file), &flags, &env).expect("it loads");
    assert_eq!(settings.run.concurrency, Some(5));
    assert_eq!(settings.run.max_attempts, 4);
    assert_eq!(settings.run.rate, "1/s".parse().ok());
    assert!(!settings.target.keep_password);
    assert_eq!(settings.target.host, "https://a.example");
    assert_eq!(settings.target.own.get("user_pool_id"), Some("pool-b"));
    assert_eq!(settings.ready_to_run(), Ok(()));
    assert_eq!(settings.file, Some(file));
    let bad = |name: &str| (name == "USERFERRY_RATE").then(|| "geheim".to_owned());
    let error = Settings::load(None, &Flags::default(), &bad).expect_err("no rate");
    let expected = "environment variable USERFERRY_RATE: a rate such as \"50/s\" or \"3000/m\" is \
                    expected";
    assert_eq!(error.message, expected);
    let flags = Flags { concurrency: Some(0), ..Flags::default() };
    let error = Settings::load(None, &flags, NO_ENV).expect_err("no concurrency");
    assert_eq!(error.message, "--concurrency: a whole number from 1 to 1024 is expected");
}

#[test]
fn a_file_that_is_named_must_exist() {
    let error = Settings::load(Some(Path::new("nowhere.toml")), &Flags::default(), NO_ENV);
    assert_eq!(error.expect_err("it is not there").message, "nowhere.toml: no such file");
}

#[test]
fn errors_name_line_and_key_and_the_nearest_known_one() {
    for (text, message, hint) in [
        (
            "[run]\n\nconcurency = 3",
            "userferry.toml, line 3: unknown setting `concurency` in [run]",
            "did you mean `concurrency`?",
        ),
        (
            "[run]\nhost = \"x\"",
            "userferry.toml, line 2: unknown setting `host` in [run]",
            "it belongs under [target]",
        ),
        (
            "host = \"x\"",
            "userferry.toml, line 1: `host` stands outside of its section",
            "it belongs under [target]",
        ),
        (
            "[targets]\nhost = \"x\"",
            "userferry.toml, line 1: unknown section `targets`",
            "did you mean [target]?",
        ),
        (
            "[run]\nconcurrency = \"3\"",
            "userferry.toml, line 2: `concurrency`: a whole number from 1 to 1024 is expected",
            "",
        ),
        (
            "[run]\nconcurrency = 0",
            "userferry.toml, line 2: `concurrency`: a whole number from 1 to 1024 is expected",
            "",
        ),
        (
            "[run]\nrequest_timeout = 30",
            "userferry.toml, line 2: `request_timeout`: a duration such as \"200ms\", \"30s\", \"5m\" or \"1h\" is expected",
            "",
        ),
        (
            "[target]\nkeep_password = \"yes\"",
            "userferry.toml, line 2: `keep_password`: true or false is expected",
            "",
        ),
        ("run = 3", "userferry.toml, line 1: `run` must be a section", ""),
        (
            "[target]\nsecret = \"geheim\"",
            "userferry.toml, line 2: the secret does not belong in the file",
            "remove the line; give the secret as AUTHING_SECRET in the environment, or in a file \
             of its own that only you can read: secret_file = \"…\"",
        ),
        (
            "[target]\nkind = \"authing-v2\"\n[mapping]\nemail = \"mail\"\nemial = \"mail\"",
            "userferry.toml, line 5, column 1: mapping: the target has no field `emial`",
            "did you mean `email`?",
        ),
        (
            "[mapping]\nname = { jq = '.geheim(' }",
            "userferry.toml, line 2, column 24: mapping of `name`: jq: closing parenthesis is expected",
            "",
        ),
        (
            "[mapping]\npassword = { scheme = \"md5\", hash = { jq = '. as $r | $r.geheim' } }",
            "userferry.toml, line 2, column 50: mapping of `password`: jq: the program takes the record as a whole here; \
             name each field that it reads, as in .a.b, .a[0].b or .a | fromjson | .b, so that all of them are kept out of copies",
            "",
        ),
        (
            "[run]\nconnect_timeout = \"30s\"",
            "connect_timeout (30s) must be less than request_timeout (30s)",
            "else nobody could tell whether a request that timed out had been sent: lower \
             connect_timeout or raise request_timeout",
        ),
    ] {
        assert_eq!(refused(text), (message.to_owned(), hint.to_owned()));
    }
}

#[test]
fn the_default_of_connect_timeout_follows_request_timeout() {
    for (text, expected) in [
        ("", "5s"),
        ("request_timeout = \"2s\"", "1s"),
        ("request_timeout = \"3ms\"", "1ms"),
        ("request_timeout = \"2s\"\nconnect_timeout = \"1500ms\"", "1500ms"),
    ] {
        let settings = parse(&format!("[run]\n{text}\n")).unwrap();
        assert_eq!(settings.run.connect_timeout().to_string(), expected, "{text}");
    }
}

#[test]
fn what_is_no_toml_is_refused_without_showing_it() {
    for text in ["[target]\nhost = geheim", "[run]\nrate = \"geheim", "geheim", "[run]\na=1\na=1"] {
        let (message, hint) = refused(text);
        assert!(message.starts_with("userferry.toml, line "), "{message}");
        assert!(!message.contains("geheim") && !hint.contains("geheim"));
    }
}

#[cfg(unix)]
#[test]
fn the_secret_comes_from_the_environment_a_private_file_or_a_prompt() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("secret.txt");
    std::fs::write(&file, "from file\n").expect("it is written");
    let mode = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("chmod");
    };
    let target =
        TargetSettings { secret_file: Some(file.clone()), ..TargetSettings::of(provider::ALL[0]) };
    let no_prompt = || None::<io::Result<SecretString>>;

    mode(0o640);
    let error = load_secret(&target, NO_ENV, no_prompt).expect_err("others can read it");
    let shown = file.display();
    assert_eq!(error.message, format!("secret_file {shown}: others can read it (mode 640)"));
    assert_eq!(error.hint, Some(format!("chmod 600 {shown}")));

    mode(0o600);
    let secret = load_secret(&target, NO_ENV, no_prompt).expect("a secret");
    assert_eq!(secret.expose_secret(), "from file");

    let env = |name: &str| (name == "AUTHING_SECRET").then(|| " from env\n".to_owned());
    let secret = load_secret(&target, &env, no_prompt).expect("a secret");
    assert_eq!(secret.expose_secret(), "from env");

    let bare = TargetSettings::of(provider::ALL[0]);
    let secret = load_secret(&bare, NO_ENV, || Some(Ok("typed".to_owned().into())));
    assert_eq!(secret.expect("a secret").expose_secret(), "typed");
    let error = load_secret(&bare, NO_ENV, no_prompt).expect_err("no way");
    assert_eq!(error.message, "the secret of the user pool is missing");
    assert!(error.hint.is_some_and(|hint| hint.contains("AUTHING_SECRET")));

    std::fs::write(&file, "\n").expect("it is written");
    let error = load_secret(&target, NO_ENV, no_prompt).expect_err("empty");
    assert_eq!(error.message, format!("secret_file {shown}: empty"));
}

#[test]
fn every_rule_that_the_template_shows_is_one() {
    let template = first_template();
    let shown = template.lines().filter_map(|line| line.strip_prefix("#   "));
    let rules: Vec<&str> = shown.filter(|line| line.contains(" = {")).collect();
    assert!(rules.len() > 8, "{rules:?}");
    for rule in rules {
        let end = rule.rfind('}').expect("an inline table");
        let settings = parse(&format!("[mapping]\n{}\n", &rule[..=end])).expect(rule);
        assert_eq!(settings.mapping.rules().len(), 1, "{rule}");
    }
}
#[test]
fn what_is_no_toml_is_told_by_line_key_and_cause() {
    for (text, message) in [
        ("[target]\nkeep_password = yes\n", "line 2: `keep_password`: true or false is expected"),
        ("[target]\nkeep_password = True\n", "line 2: `keep_password`: true or false is expected"),
        (
            "[run]\n\nrate = 50/s\n",
            "line 3: `rate`: a rate such as \"50/s\" or \"3000/m\" is expected",
        ),
        (
            "[run]\nconcurrency = 007",
            "line 2: `concurrency`: a whole number from 1 to 1024 is expected",
        ),
        (
            "[target]\nsecret_file = geheim\n",
            "line 2: `secret_file`: the path of a file is expected",
        ),
        (
            "[target]\nhost =\n",
            "line 2: `host`: an address such as \"https://login.example.com\" is expected",
        ),
        (
            "[target]\nhost = \"geheim\nx = 1\n",
            "line 2: `host`: a text is not closed: a double quote is missing",
        ),
        (
            "[target]\nhost = 'geheim\n",
            "line 2: `host`: a text is not closed: a single quote is missing",
        ),
        (
            "[target]\nhost = \"gehei\u{1}m\"\n",
            "line 2: `host`: a text holds a character that cannot be written as it is",
        ),
        ("[target]\nhost = \"a\"\nhost = \"geheim\"\n", "line 3: `host` is given already"),
        ("[target]\n[run]\n[target]\n", "line 3: the section [target] is there already"),
        ("[target\n", "line 1: the name of a section is not closed: `]` is missing"),
        ("[target]]\n", "line 1: something follows where the line should end"),
        (
            "[target]\nhost \"geheim\"\n",
            "line 2: `=` is missing behind a key; a key with a space in it stands in double quotes",
        ),
        (
            "[target]\nhost = \"a\" geheim\n",
            "line 2: `host`: something follows where the line should end",
        ),
        (
            "[mapping]\nemail = geheim\n",
            "line 2: `email`: the value is missing, or is a text without double quotes",
        ),
        (
            "[mapping]\nemail = { from = \"geheim\" as = \"x\" }\n",
            "line 2: `email`: a comma is missing",
        ),
        (
            "[mapping]\nemail = { from = \"geheim\"\n",
            "line 2: `email`: a brace is not closed: `}` is missing",
        ),
        (
            "[mapping]\nname = { jq = \"\\geheim\" }\n",
            "line 2: `name`: a backslash in double quotes is written twice",
        ),
        (
            "[mapping]\n姓名 = \"x\"\n",
            "line 2: a key of other characters than a-z, 0-9, `-` and `_` stands in double quotes",
        ),
        ("{\"geheim\": 1}\n", "line 1: this is no line of the form: key = value"),
        // What stands before the equals sign may be a piece of a secret.
        ("geheimgeheim==\n", "line 1: an equals sign too many"),
        (
            "[target]\nsecret = geheim\n",
            "line 2: the value is missing, or is a text without double quotes",
        ),
    ] {
        let (found, hint) = refused(text);
        assert_eq!(found, format!("userferry.toml, {message}"), "{text}");
        assert!(!hint.contains("geheim") && !found.contains("geheim"), "{found}");
    }
}
