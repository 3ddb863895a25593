//! HTTP for all targets: one client, and a transport error told apart by when it happened.
//!
//! *Not sent* is exactly: the connection could not be made. Everything else that ends without a
//! whole answer is *unknown*. Redirects are never followed: a 307 would re-post the body, secret
//! or hash, to another host.

use crate::clock::millis;
use crate::error::Error;
use crate::job::Halt;
use crate::loopback::is_loopback;
use crate::target::Told;
use crate::words::seconds;
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, Request};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Idle connections are dropped before most servers and balancers drop them.
const IDLE: Duration = Duration::from_secs(15);
/// No answer of ours is larger.
const BODY_MAX: usize = 16 << 20;

/// How to reach a target.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://host[:port]`, without a slash at the end.
    pub host: String,
    /// For a whole request.
    pub request_timeout: Duration,
    /// For the connection; shorter than `request_timeout`, so that the two can be told apart.
    pub connect_timeout: Duration,
    /// A file of certificates (PEM) to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Requests in flight, at most: so many idle connections are kept.
    pub width: usize,
    /// The headers in which the target may say the id of a request, in lower case; the first that is there counts.
    pub request_id: &'static [&'static str],
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection could not be made.
    NotSent(String),
    /// The connection ended, or brought something, before there was a whole answer in HTTP.
    Broken(String),
    /// No whole answer in time.
    Unknown(String),
    /// Something that no retry will change: a certificate, a redirect.
    Halt(Halt),
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// The server's time, UTC milliseconds (header `Date`: whole seconds).
    pub date_ms: Option<i64>,
    pub body: Vec<u8>,
}

impl Reply {
    /// What it says besides its body.
    pub fn told(&self) -> Told {
        Told {
            http_status: Some(self.status),
            request_id: self.request_id.clone(),
            retry_after: self.retry_after,
            date_ms: self.date_ms,
        }
    }
}

/// Where requests go: the host and a path.
pub struct Endpoint(reqwest::Url);

/// One client for one host.
pub struct Http {
    client: reqwest::Client,
    /// The host, taken apart once: requests differ in the path.
    base: reqwest::Url,
    host: String,
    request_timeout: Duration,
    request_id: &'static [&'static str],
}

impl Http {
    /// A client. Fails with exit code 2 when `ca_file` cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let base = reqwest::Url::parse(&settings.host).map_err(|_| {
            Error::usage("host: not an address").hint("the form is https://host[:port]")
        })?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("userferry/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(settings.request_timeout)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(settings.width)
            .tcp_nodelay(true);
        if base.host_str().is_some_and(is_loopback) {
            builder = builder.no_proxy();
            // Without TLS the system's certificates, hundreds of files, need not be read.
            if base.scheme() == "http" {
                builder = builder.tls_certs_only([]);
            }
        }
        if let Some(path) = &settings.ca_file {
            let unusable = |why: String| {
                Error::usage(format!(
                    "the certificates in {} cannot be used: {why}",
                    path.display()
                ))
                .hint("ca_file names a file of certificates in PEM")
            };
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|_| unusable("not PEM".to_owned()))?;
            if certificates.is_empty() {
                return Err(unusable("it holds none".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder
            .build()
            .map_err(|error| Error::internal(format!("no HTTP client: {}", root_cause(&error))))?;
        Ok(Self {
            client,
            base,
            host: settings.host.clone(),
            request_timeout: settings.request_timeout,
            request_id: settings.request_id,
        })
    }

    /// Where requests of this path go, made once: it is the same for every user.
    pub fn endpoint(&self, path: &str) -> Endpoint {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        Endpoint(url)
    }

    /// Sends a request and reads the whole answer; a POST where there is a body.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        body: Option<Vec<u8>>,
    ) -> Result<Reply, Failure> {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::new(method, endpoint.0.clone());
        request.headers_mut().clone_from(headers);
        if let Some(body) = body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(body.into());
        }
        let sent = self.client.execute(request).await;
        let mut response = sent.map_err(|error| self.failure(&error))?;
        let head = self.head(response.status().as_u16(), response.headers())?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(&error))? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(Failure::Unknown("the answer is too large to be one".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { body, ..head })
    }

    fn head(&self, status: u16, headers: &HeaderMap) -> Result<Reply, Failure> {
        let text = |name: reqwest::header::HeaderName| headers.get(name)?.to_str().ok();
        if (300..400).contains(&status) {
            let location =
                text(LOCATION).map_or("nowhere", |url| url.split(['?', '#']).next().unwrap_or(url));
            return Err(Failure::Halt(Halt {
                message: format!("{} redirects (HTTP {status}) to {location}", self.host),
                hint: "a redirect is never followed, for it would carry secrets to another host; \
                       if that host is right, set it as host"
                    .to_owned(),
            }));
        }
        let date = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let retry_after = text(RETRY_AFTER)
            .and_then(|value| retry_after(value, date.unwrap_or_else(SystemTime::now)));
        let request_id = self.request_id.iter().find_map(|name| headers.get(*name));
        let request_id =
            request_id.and_then(|id| id.to_str().ok()).map(|id| id.chars().take(80).collect());
        let date_ms = date.map(|date| date.duration_since(UNIX_EPOCH).map_or(0, millis));
        Ok(Reply { status, retry_after, request_id, date_ms, body: Vec::new() })
    }

    /// What TLS alone can tell: a certificate that no retry will change, an answer that is not TLS.
    fn tls_failure(&self, error: &rustls::Error) -> Option<Failure> {
        use rustls::{Error, InvalidMessage};
        let host = &self.host;
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "faults of TLS, most of which a retry may end"
        )]
        match error {
            Error::InvalidCertificate(_)
            | Error::InvalidCertRevocationList(_)
            | Error::NoCertificatesPresented => Some(Failure::Halt(Halt {
                message: format!("the certificate of {host} does not verify: {error}"),
                hint:
                    "check the host and this machine's clock; for a private authority set ca_file"
                        .to_owned(),
            })),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                let what = format!("{host} answers, but not in TLS: is it http://?");
                Some(Failure::NotSent(what))
            }
            _ => None,
        }
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let cause = root_cause(error);
        if let Some(failure) = cause_of(error).and_then(|tls| self.tls_failure(tls)) {
            return failure;
        }
        if error.is_connect() {
            return Failure::NotSent(format!("no connection to {}: {cause}", self.host));
        }
        if error.is_timeout() {
            let limit = seconds(self.request_timeout);
            return Failure::Unknown(format!("no answer within {limit}"));
        }
        if error.is_builder() {
            return Failure::Halt(Halt {
                message: format!("no request can be made for {}: {cause}", self.host),
                hint: "check host and header_prefix".to_owned(),
            });
        }
        let what = if cause.contains("invalid HTTP") {
            "no HTTP came"
        } else {
            "the connection ended without a whole answer"
        };
        Failure::Broken(format!("{what}: {cause}"))
    }
}

/// The first of an error's causes that is of this type. `source` of an I/O error skips the error that it
/// wraps.
fn cause_of<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => cause_of(wrapped),
        None => cause_of(error.source()?),
    }
}

/// The proxy that the environment names for a host, without credentials; `None` for loopback. By the
/// rules that reqwest goes by, which are curl's.
pub fn proxy_in_use(host: &str) -> Option<String> {
    proxy_for(host, &Matcher::from_system())
}

fn proxy_for(host: &str, rules: &Matcher) -> Option<String> {
    let target: Uri = host.parse().ok()?;
    if target.host().is_some_and(is_loopback) {
        return None;
    }
    let intercept = rules.intercept(&target)?;
    let proxy = intercept.uri();
    let port = proxy.port().map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{}://{}{port}", proxy.scheme_str()?, proxy.host()?))
}

/// Seconds, or a date to be read against the reply's own (RFC 9110, 10.2.3).
fn retry_after(value: &str, date: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(date).unwrap_or_default())
}

/// The innermost error's words: those around it repeat the URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if cause.source().is_none() && std::ptr::addr_eq(cause, error) {
        return "it could not be made".to_owned();
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    #[test]
    fn retry_after_is_seconds_or_a_date_against_the_replys_own() {
        let date = httpdate::parse_http_date("Tue, 24 Nov 2026 03:00:00 GMT").unwrap();
        assert_eq!(retry_after("7", date), Some(Duration::from_secs(7)));
        let at = "Tue, 24 Nov 2026 03:00:30 GMT";
        assert_eq!(retry_after(at, date), Some(Duration::from_secs(30)));
        let past = "Tue, 24 Nov 2026 02:00:30 GMT";
        assert_eq!(retry_after(past, date), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", date), None);
    }

    fn http(host: String) -> Http {
        let settings = Settings {
            host,
            request_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
            ca_file: None,
            width: 1,
            request_id: &["x-request-id"],
        };
        Http::new(&settings).unwrap()
    }

    #[test]
    fn what_tls_says_is_found_within_other_errors_and_told_by_its_kind() {
        use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
        let http = http("http://127.0.0.1:1".to_owned());
        let told = |error: Error| {
            let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error));
            match cause_of(&wrapped).and_then(|error| http.tls_failure(error)) {
                Some(Failure::Halt(halt)) => halt.message,
                Some(Failure::NotSent(message)) => message,
                Some(other) => panic!("{other:?}"),
                None => "nothing".to_owned(),
            }
        };
        for (error, expected) in [
            (Error::InvalidCertificate(CertificateError::Expired), "does not verify"),
            (Error::InvalidCertificate(CertificateError::UnknownIssuer), "does not verify"),
            (Error::InvalidCertificate(CertificateError::NotValidForName), "does not verify"),
            (Error::NoCertificatesPresented, "does not verify"),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "not in TLS"),
            // What the other side may get over, whatever word is in it.
            (Error::AlertReceived(AlertDescription::InternalError), "nothing"),
            (Error::General("certificate".to_owned()), "nothing"),
            (Error::DecryptError, "nothing"),
        ] {
            let said = told(error.clone());
            assert!(said.contains(expected), "{error:?}: {said}");
        }
        assert!(cause_of::<Error>(&io::Error::other("certificate")).is_none());
    }

    #[tokio::test]
    async fn a_server_that_does_not_speak_tls_is_named_so() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("https://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = [0; 16];
            stream.read_exact(&mut hello).unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            // Closed only after the client: what is unread would reset the connection.
            drop(stream.read_to_end(&mut Vec::new()));
        });
        let http = http(host.clone());
        let endpoint = http.endpoint("/");
        let failure = http.send(&endpoint, &HeaderMap::new(), None).await.unwrap_err();
        let expected = format!("{host} answers, but not in TLS: is it http://?");
        assert_eq!(failure, Failure::NotSent(expected));
    }

    #[test]
    fn the_proxy_is_the_one_that_curl_would_use_and_named_without_credentials() {
        const ANY: &str = "http://proxy:3128";
        let proxy = |https: &str, no: &str, host: &str| {
            proxy_for(host, &Matcher::builder().https(https).no(no).build())
        };
        for (no, host, is_used) in [
            ("", "https://core.authing.cn", true),
            ("", "https://core.authing.cn:8443/base", true),
            ("*", "https://core.authing.cn", false),
            ("other.cn, *", "https://core.authing.cn", false),
            ("core.authing.cn", "https://core.authing.cn", false),
            ("authing.cn", "https://core.authing.cn", false),
            (".authing.cn", "https://core.authing.cn", false),
            (".authing.cn", "https://authing.cn", false),
            (" .local ,authing.cn ", "https://core.authing.cn", false),
            ("Authing.CN", "https://core.authing.cn", false),
            ("hing.cn", "https://core.authing.cn", true),
            ("core.authing.cn.com", "https://core.authing.cn", true),
            (",", "https://core.authing.cn", true),
            ("10.0.0.0/8", "https://10.1.2.3", false),
            ("10.0.0.0/8", "https://11.1.2.3", true),
            ("10.1.2.3", "https://10.1.2.3:8443", false),
            ("2001:db8::/32", "https://[2001:db8::1]", false),
            ("2001:db8::/32", "https://[2001:db9::1]", true),
            // Of loopback nothing goes through a proxy, whatever the environment says.
            ("", "https://127.0.0.1:1", false),
            ("", "https://localhost", false),
            ("", "https://[::1]:8443", false),
        ] {
            let expected = is_used.then_some(ANY);
            assert_eq!(proxy(ANY, no, host).as_deref(), expected, "{no} {host}");
        }
        for (https, named) in [
            ("http://me:secret@proxy.example.com:3128/", Some("http://proxy.example.com:3128")),
            ("http://me:sec@ret@proxy.example.com:3128", Some("http://proxy.example.com:3128")),
            ("me:secret@proxy.example.com:3128", Some("http://proxy.example.com:3128")),
            ("proxy.example.com:3128", Some("http://proxy.example.com:3128")),
            ("https://proxy.example.com", Some("https://proxy.example.com")),
            ("http://[2001:db8::1]:3128", Some("http://[2001:db8::1]:3128")),
            ("", None),
            ("ftp://proxy.example.com", None),
        ] {
            assert_eq!(proxy(https, "", "https://core.authing.cn").as_deref(), named, "{https}");
        }
        // One for https goes before one for all; one for http is none for https.
        let core = "https://core.authing.cn";
        let rules = Matcher::builder().all("http://all:1").https("http://https:1").build();
        assert_eq!(proxy_for(core, &rules).as_deref(), Some("http://https:1"));
        let rules = Matcher::builder().all("http://all:1").http("http://http:1").build();
        assert_eq!(proxy_for(core, &rules).as_deref(), Some("http://all:1"));
        assert_eq!(proxy_for(core, &Matcher::builder().http("http://http:1").build()), None);
    }
}
