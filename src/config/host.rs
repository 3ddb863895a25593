//! The target's address: https, unless it is this machine.

use crate::error::{Error, Result};
use crate::loopback::is_loopback;
use crate::provider::Provider;

/// Checks an address and returns it without a slash at the end. The error does not show it: it
/// may hold a password.
pub(super) fn check(host: &str, provider: &Provider) -> Result<String> {
    let fail = |what: &str, hint: &str| Err(Error::usage(format!("host: {what}")).hint(hint));
    let (example, env) = (provider.host.example, provider.host.env);
    let form =
        &format!("the form is {example}; the host comes from --host, else {env}, else the file");
    let Ok(mut url) = reqwest::Url::parse(host) else {
        return fail("not an address", form);
    };
    if !matches!(url.scheme(), "https" | "http") {
        return fail("the address must begin with https://", form);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fail(
            "a user name or password in the address",
            &format!(
                "the secret does not belong there: give it as {} in the environment, or name a secret_file",
                provider.secret.env
            ),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fail("a query in the address", form);
    }
    let Some(name) = url.host_str() else { return fail("no host in the address", form) };
    if url.scheme() == "http" && !is_loopback(name) {
        return fail(
            "the address must begin with https://",
            "users and passwords would go over the network unprotected; http is allowed only on \
             this machine (127.0.0.1, ::1, localhost)",
        );
    }
    if name == "localhost." && url.set_host(Some("localhost")).is_err() {
        return fail("not an address", form);
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::ALL;

    #[test]
    fn https_anywhere_and_http_on_this_machine() {
        for (given, kept) in [
            ("https://core.authing.cn", "https://core.authing.cn"),
            ("https://core.authing.cn/", "https://core.authing.cn"),
            ("HTTPS://Core.Authing.cn:8443/base//", "https://core.authing.cn:8443/base"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]"),
            ("http://localhost:3000", "http://localhost:3000"),
            // With the dot it would be asked of a name server, which may give another machine.
            ("http://LOCALHOST.:3000", "http://localhost:3000"),
        ] {
            assert_eq!(check(given, ALL[0]).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn other_addresses_are_refused_without_being_shown() {
        for given in [
            "",
            "core.authing.cn",
            "ftp://core.authing.cn",
            "http://core.authing.cn",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://0.0.0.0",
            "http://[::ffff:10.0.0.1]",
            "http://[::]",
            "https://u:geheim@core.authing.cn",
            "https://core.authing.cn?secret=geheim",
            "https://core.authing.cn/#x",
            "https://",
        ] {
            let error = check(given, ALL[0]).expect_err(given);
            assert!(!error.message.contains("geheim"), "{error}");
        }
    }
}
