//! Whether a host is this machine. Secrets go without TLS, and requests past a proxy, to loopback
//! alone.

use std::net::{IpAddr, Ipv6Addr};

/// Whether a host, as it stands in an address (`localhost`, `127.0.0.1`, `[::1]`), is loopback. Names
/// are not resolved.
pub(crate) fn is_loopback(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse().is_ok_and(is_loopback_v6);
    }
    match host.parse() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback(),
        Ok(IpAddr::V6(ip)) => is_loopback_v6(ip),
        Err(_) => host.strip_suffix('.').unwrap_or(host).eq_ignore_ascii_case("localhost"),
    }
}

/// An IPv4 address in the form of IPv6 (`::ffff:127.0.0.1`) is reached by IPv4.
fn is_loopback_v6(ip: Ipv6Addr) -> bool {
    ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "127.0.0.1",
            "127.0.0.0",
            "127.9.9.9",
            "127.255.255.255",
            "::1",
            "[::1]",
            "::ffff:127.0.0.1",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "localhost",
            "LOCALHOST.",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            ".",
            "[]",
            "0.0.0.0",
            "::",
            "[::]",
            "126.255.255.255",
            "128.0.0.1",
            "10.0.0.1",
            "::2",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "[127.0.0.1]",
            "[localhost]",
            "[::1",
            "localhost..",
            "localhost.example.com",
            "example.localhost",
            "notlocalhost",
            "localhost:80",
            "127.0.0.1.example.com",
            "core.authing.cn",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
