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
    let rule = "a rule is \"column\", { from = \"column\", as = \"text\" }, { value = … } or \
                { raw = true, without = [\"column\"] }";
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
            "userferry.toml, line 2: `kind`: \"authing-v2\" is expected",
            "",
        ),
        (
            "[target]\nuser_pool_id = geheim\n",
            "userferry.toml, line 2: not valid TOML",
            "text stands in double quotes, sections in brackets, and a key is given only once; \
             'userferry init' writes an example",
        ),
        (
            "[mapping]\nemail = \"mail\"\ncity = \"town\"\n",
            "userferry.toml, line 3: mapping: the target has no field `city`",
            "`city` cannot be given when a user is created, only in an update afterwards: remove \
             the rule, or keep the value in the raw record",
        ),
        (
            "[mapping]\nemail = 3\n",
            &format!("userferry.toml, line 2: mapping of `email`: not a rule: {rule}"),
            "",
        ),
        (
            "[mapping]\npassword = { scheme = \"sha256\", hash = \"pwd\" }\n",
            &format!(
                "userferry.toml, line 2: mapping of `password`: `scheme` is not available in this \
                 version; {rule}"
            ),
            "",
        ),
        (
            "[mapping]\nphone = { from = \"tel\", as = \"phone\", region = \"CN\" }\n",
            &format!(
                "userferry.toml, line 2: mapping of `phone`: `region` is not available in this \
                 version; {rule}"
            ),
            "",
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
