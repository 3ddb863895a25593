//! A certificate that does not verify: nothing is sent, the run halts and says so.

use crate::process::Rig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Of localhost, signed by itself, until 2126; and its key, which guards nothing.
const CERTIFICATE: &str = "\
    MIIBmjCCAUGgAwIBAgIUbNCi0RUr8QParJ9fEFT9xdkr1TowCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3\
    N0MCAXDTI2MTEyNDE0MTMxMloYDzIxMjYxMDMxMTQxMzEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjO\
    PQIBBggqhkjOPQMBBwNCAAQEIlrrVz2UtvrJBDqvHpS94dE19V+5pJUmJ30KBPaSac5WGBULH2ZBkyNMwtQoJcaSNy\
    DO7XhLu17t+oNQqDlBo28wbTAdBgNVHQ4EFgQUn3Osn8YG1ARX7gMezeD4Rk+q+3wwHwYDVR0jBBgwFoAUn3Osn8YG\
    1ARX7gMezeD4Rk+q+3wwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj\
    0EAwIDRwAwRAIgLPqnyG2yPyBGPy3qJyG+RaNcvVn8+ZOPMSZDRy7mZ/cCIFKMLyYGd6gdb/fb4CaxBRvOOl98hSEN\
    dCVpfBgtgtYj";
const KEY: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8zPfxiWVs7Y/yyIiogsZ5GfLORTttp3/BKHpUqkZbn\
    ahRANCAAQEIlrrVz2UtvrJBDqvHpS94dE19V+5pJUmJ30KBPaSac5WGBULH2ZBkyNMwtQoJcaSNyDO7XhLu17t+oNQ\
    qDlB";

#[test]
fn a_certificate_that_does_not_verify_halts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    std::thread::spawn(move || serve(&listener, &counter));
    let rig = Rig::start(&[]);
    rig.stage_users(20);
    let said = rig.spawn_with(&[], &[("AUTHING_HOST", &url)]).wait().expect(4);
    assert!(said.contains("certificate") && said.contains("does not verify"), "{said}");
    assert!(said.contains(&url) && said.contains("ca_file"), "{said}");
    rig.expect(&[("pending", 20)]);
    assert_eq!(read.load(Ordering::SeqCst), 0, "bytes of requests");
}

/// What the run says of the proxy is what it does. The proxy leads to a server whose certificate does not
/// verify, which ends the run.
#[test]
fn a_proxy_is_named_without_credentials_and_used() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    let (asked, asks) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let config = config();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            asked.send(head.lines().next().unwrap().to_owned()).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            answer(&config, stream, &AtomicUsize::new(0));
        }
    });
    let rig = Rig::start(&[]);
    rig.stage_users(20);
    let env = [
        ("AUTHING_HOST", "https://directory.example.com"),
        ("HTTPS_PROXY", &format!("http://me:geheim@{proxy}")),
        ("NO_PROXY", "example.org, other.example.com, 10.0.0.0/8"),
    ];
    let said = rig.spawn_with(&[], &env).wait().expect(4);
    assert!(said.contains(&format!("Through the proxy http://{proxy}\n")), "{said}");
    assert!(!said.contains("geheim"), "{said}");
    assert!(said.contains("the certificate of https://directory.example.com does not"), "{said}");
    assert_eq!(asks.recv().unwrap(), "CONNECT directory.example.com:443 HTTP/1.1");
    rig.expect(&[("pending", 20)]);
}

fn serve(listener: &TcpListener, read: &AtomicUsize) {
    let config = config();
    for stream in listener.incoming() {
        answer(&config, stream.unwrap(), read);
    }
}

fn config() -> Arc<rustls::ServerConfig> {
    let der = |text: &str| STANDARD.decode(text).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der(KEY)));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(der(CERTIFICATE))], key)
        .unwrap();
    Arc::new(config)
}

fn answer(config: &Arc<rustls::ServerConfig>, mut stream: TcpStream, read: &AtomicUsize) {
    let mut tls = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
    let mut bytes = [0; 1024];
    // The client ends the handshake; whatever it would send is counted.
    while let Ok(n @ 1..) = rustls::Stream::new(&mut tls, &mut stream).read(&mut bytes) {
        read.fetch_add(n, Ordering::SeqCst);
    }
}
