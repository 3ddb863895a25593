//! Settings that cannot be: the exact message and the way out, and never the value.

use std::path::Path;
use userferry::config::{Flags, Settings, load_secret};
use userferry::error::Exit;

fn load(content: &str) -> (String, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("userferry.toml");
    std::fs::write(&path, content).expect("it is written");
    let error = Settings::load(Some(&path), &Flags::default(), &|_| None).expect_err("it is wrong");
    assert_eq!(error.exit, Exit::Usage);
    let hint = error.hint.unwrap_or_default();
    assert!(!error.message.contains("geheim") && !hint.contains("geheim"), "{}", error.message);
    (error.message.replace(&format!("{}/", dir.path().display()), ""), hint)
}

#[test]
fn wrong_settings_are_refused_with_line_key_and_way_out() {
    for (content, message, hint) in [
        (
            "[run]\nconcurrrency = 3\n",
            "userferry.toml, line 2: unknown setting `concurrrency` in [run]",
            "did you mean `concurrency`?",
        ),
        (
            "[runn]\nconcurrency = 3\n",
            "userferry.toml, line 1: unknown section `runn`",
            "did you mean [run]?",
        ),
        (
            "[target]\n# mine\nsecret = \"geheim\"\n",
            "userferry.toml, line 3: the secret does not belong in the file",
            "remove the line; give the secret as AUTHING_SECRET in the environment, or in a file \
             of its own that only you can read: secret_file = \"…\"",
        ),
        (
            "secret = \"geheim\"\n",
            "userferry.toml, line 1: the secret does not belong in the file",
            "remove the line; give the secret as AUTHING_SECRET in the environment, or in a file \
             of its own that only you can read: secret_file = \"…\"",
        ),
        (
            "[target]\nhost = \"http://geheim.example\"\n",
            "host: the address must begin with https://",
            "users and passwords would go over the network unprotected; http is allowed only on \
             this machine (127.0.0.1, ::1, localhost)",
        ),
        (
            "[target]\nhost = \"https://me:geheim@core.authing.cn\"\n",
            "host: a user name or password in the address",
            "the secret does not belong there: give it as AUTHING_SECRET in the environment, or \
             name a secret_file",
        ),
        (
            "[run]\nrate = \"geheim\"\n",
            "userferry.toml, line 2: `rate`: a rate such as \"50/s\" or \"3000/m\" is expected",
            "",
        ),
        (
            "[target]\nkind = \"geheim\"\n",
            "userferry.toml, line 2: `kind`: the name of a provider is expected",
            "known: \"authing-v2\"; 'userferry provider list' describes them",
        ),
        (
            "[target]\nuser_pool_id = geheim\n",
            "userferry.toml, line 2: `user_pool_id`: the id of the user pool as text is expected",
            "text stands in double quotes, sections in brackets, and a key is given only once; \
             'userferry init' writes an example",
        ),
        (
            "[mapping]\nemail = \"mail\"\ncity = \"town\"\n",
            "userferry.toml, line 3, column 1: mapping: the target has no field `city`",
            "`city` cannot be given when a user is created, only in an update afterwards: remove \
             the rule, or keep the value in the raw record",
        ),
    ] {
        assert_eq!(load(content), (message.to_owned(), hint.to_owned()), "{content}");
    }
}

#[test]
fn wrong_rules_are_refused_with_line_and_column() {
    let rule = "a rule is \"column\", { from = \"column\", as = \"text\", default = … }, \
                { jq = \"program\" }, { value = … } or { raw = true, without = [\"column\"] }";
    let steps = "`as` must be \"text\", \"int\", \"bool\", \"not\", \"trim\", \"lower\", \"date\", \"phone\", \
                 \"e164\" or \"gender\", or a list of these";
    for (content, message, hint) in [
        (
            "[mapping]\nemail = 3\n",
            format!("userferry.toml, line 2, column 1: mapping of `email`: not a rule: {rule}")
                .as_str(),
            "",
        ),
        (
            "[mapping]\npassword = { scheme = \"sha256\", hash = \"pwd\", salt = \"s\" }\n",
            "userferry.toml, line 2, column 14: mapping of `password`: `order` is missing: what was \
             hashed, e.g. \"salt+password\", \"password+salt\", \"md5(password)+salt\"",
            "",
        ),
        (
            "[mapping]\nphone = { from = \"tel\", as = \"phone\", region = \"geheim\" }\n",
            "userferry.toml, line 2, column 39: mapping of `phone`: `region`: a country in two \
             capital letters such as \"CN\", or { from = \"column\" }, is expected",
            "",
        ),
        (
            "[mapping]\nsignedUp = { from = \"t\", as = \"date\", format = \"%m/geheim\" }\n",
            "userferry.toml, line 2, column 39: mapping of `signedUp`: `format`: the pattern gives \
             no whole date: year, month, day",
            "",
        ),
        (
            "[mapping]\nsignedUp = { from = \"t\", as = \"date\", zone = \"geheim\" }\n",
            "userferry.toml, line 2, column 39: mapping of `signedUp`: `zone`: an offset from UTC \
             such as \"+08:00\" is expected",
            "",
        ),
        (
            "[mapping]\nname = { from = \"n\", as = [\"trim\", \"geheim\"] }\n",
            &format!("userferry.toml, line 2, column 22: mapping of `name`: {steps}"),
            "",
        ),
        (
            "[mapping]\nname = { from = \"n\", as = [\"gender\", \"trim\"] }\n",
            "userferry.toml, line 2, column 22: mapping of `name`: \"gender\" must come last in `as`",
            "",
        ),
        (
            "[mapping]\nname = { from = \"n\", region = \"CN\" }\n",
            "userferry.toml, line 2, column 22: mapping of `name`: `region` belongs to as = \"phone\"",
            "",
        ),
        (
            "[mapping]\nname = { from = \"n\", upper = true }\n",
            &format!(
                "userferry.toml, line 2, column 22: mapping of `name`: `upper` does not belong \
                 beside `from`; {rule}"
            ),
            "",
        ),
        (
            "[mapping]\nname = { from = \"n\", default = 2017-01-01 }\n",
            "userferry.toml, line 2, column 22: mapping of `name`: `default` must be text, a whole \
             number, true, false or a list of texts",
            "",
        ),
        (
            "[mapping]\n\"名\" = 3\nname = { jq = '.geheim +' }\n",
            &format!("userferry.toml, line 2, column 1: mapping of `名`: not a rule: {rule}"),
            "",
        ),
    ] {
        assert_eq!(load(content), (message.to_owned(), hint.to_owned()), "{content}");
    }
}

#[test]
fn wrong_programs_and_rules_that_do_not_fit_are_refused_with_line_and_column() {
    for (content, message, hint) in [
        (
            "[mapping]\nname = { jq = '.first + foo(.geheim)' }\n",
            "userferry.toml, line 2, column 25: mapping of `name`: jq: there is no filter `foo`",
            "",
        ),
        (
            "[mapping]\nname = { jq = '.geheim +' }\n",
            "userferry.toml, line 2, column 25: mapping of `name`: jq: a term is expected",
            "",
        ),
        (
            "[mapping]\nname.jq = '''\n# 名\n.first +\n  | .geheim'''\n",
            "userferry.toml, line 5, column 3: mapping of `name`: jq: a term is expected",
            "",
        ),
        (
            "[mapping]\nname = { jq = \".first + \\\"geheim\\\" +\" }\n",
            "userferry.toml, line 2, column 15: mapping of `name`: jq: a term is expected",
            "",
        ),
        (
            "[mapping]\n\nname = \"n\"\nblocked = { from = \"b\", as = \"gender\" }\n",
            "userferry.toml, line 4, column 1: mapping: `blocked` takes true or false, so as = \
             \"gender\" cannot fit",
            "leave as = \"gender\" out",
        ),
        (
            "[mapping]\nloginsCount = { from = \"n\", default = \"geheim\" }\n",
            "userferry.toml, line 2, column 1: mapping: the default of `loginsCount` does not fit",
            "`loginsCount` takes a whole number of 32 bits",
        ),
        (
            "[mapping]\npassword = \"pwd\"\nname = { jq = '.pwd' }\n",
            "userferry.toml, line 3, column 1: mapping: the column `pwd` feeds the password and \
             `name` too",
            "a password or its hash must not be readable: remove `name`",
        ),
    ] {
        assert_eq!(load(content), (message.to_owned(), hint.to_owned()), "{content}");
    }
}

#[test]
fn a_configuration_that_is_named_must_exist() {
    let error = Settings::load(Some(Path::new("nowhere.toml")), &Flags::default(), &|_| None)
        .expect_err("it is not there");
    assert_eq!(error.message, "nowhere.toml: no such file");
    assert_eq!(
        error.hint.as_deref(),
        Some("check --config; 'userferry init' writes a commented userferry.toml")
    );
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("secret.txt");
    std::fs::write(&path, "geheim\n").expect("it is written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let config = dir.path().join("userferry.toml");
    std::fs::write(&config, "[target]\nsecret_file = \"secret.txt\"\n").expect("it is written");
    let settings = Settings::load(Some(&config), &Flags::default(), &|_| None).expect("it loads");
    let error = load_secret(&settings.target, &|_| None, || None).expect_err("others can read it");
    let shown = path.display();
    assert_eq!(error.message, format!("secret_file {shown}: others can read it (mode 644)"));
    assert_eq!(error.hint, Some(format!("chmod 600 {shown}")));
}
