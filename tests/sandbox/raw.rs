//! How connections end, below HTTP.

use super::client::{POOL, Rig};
use serde_json::json;
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends a create by hand; gives what comes back, or how the connection broke.
async fn create(rig: &Rig) -> Result<String, ErrorKind> {
    let body = json!({"userInfo": {"externalId": "raw"}}).to_string();
    let request = format!(
        "POST /api/v2/users HTTP/1.1\r\nhost: 127.0.0.1\r\nx-authing-userpool-id: {POOL}\r\n\
         authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        rig.client.token,
        body.len()
    );
    let address = rig.client.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.map_err(|e| e.kind())?;
    Ok(text)
}

#[tokio::test]
async fn a_drop_is_an_orderly_close_without_a_byte() {
    let rig = Rig::start(|_| ()).await;
    rig.client.faults(json!({"drop_after_store": 1})).await;
    assert_eq!(create(&rig).await, Ok(String::new()));
    assert_eq!(rig.last()["outcome"], "dropped-after-store");
}

#[tokio::test]
async fn a_reset_is_a_tcp_reset() {
    let rig = Rig::start(|_| ()).await;
    rig.client.faults(json!({"poison": ["raw=reset"]})).await;
    assert_eq!(create(&rig).await, Err(ErrorKind::ConnectionReset));
    rig.client.faults(json!({"poison": [], "outage": "reset"})).await;
    assert_eq!(create(&rig).await, Err(ErrorKind::ConnectionReset));
    assert_eq!(rig.sandbox.stats().users, 0);
}

#[tokio::test]
async fn nonsense_on_the_wire_ends_that_connection_alone() {
    let rig = Rig::start(|_| ()).await;
    let address = rig.client.url.strip_prefix("http://").unwrap().to_owned();
    let huge = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    for nonsense in ["\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", huge.as_str()] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        // The server may hang up before it has read all of it.
        let _sent = stream.write_all(nonsense.as_bytes()).await;
        let mut reply = Vec::new();
        let _read = stream.read_to_end(&mut reply).await;
        let reply = String::from_utf8_lossy(&reply);
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 4"), "{reply}");
    }
    assert_eq!(rig.client.create(json!({"externalId": "1"})).await.status, 200);
}
