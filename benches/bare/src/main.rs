//! What the libraries of a run give without Userferry: for each request a password is encrypted with a
//! public key, as a create asks for, and a body is sent with reqwest. From so many tasks at once, on as
//! many threads as there are cores. Nothing is claimed, mapped, decided or recorded.
//!
//! userferry-bare URL KEY.pem BODY REQUESTS CONNECTIONS: prints how many it sent a second.

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// As long as a bcrypt hash.
const PASSWORD: [u8; 60] = [b'$'; 60];

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// As src/target/authing/encrypt.rs has it: the faster library, and the other one for keys that it refuses.
enum Key {
    Large(Pkcs1PublicEncryptingKey),
    Small(rsa::PublicKey),
}

impl Key {
    fn read(pem: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let small = rsa::PublicKey::from_public_key_pem(pem)?;
        let der = small.to_public_key_der()?;
        let large = PublicEncryptingKey::from_der(der.as_bytes())
            .ok()
            .and_then(|key| Pkcs1PublicEncryptingKey::new(key).ok());
        Ok(large.map_or(Self::Small(small), Self::Large))
    }

    fn encrypt(&self) -> Result<String, Box<dyn Error + Send + Sync>> {
        Ok(match self {
            Self::Large(key) => {
                let mut out = vec![0; key.key_size_bytes()];
                STANDARD.encode(
                    key.encrypt(&PASSWORD, &mut out).map_err(|_| "a password that does not fit")?,
                )
            }
            Self::Small(key) => STANDARD.encode(key.pkcs1v15_encrypt(&PASSWORD)?),
        })
    }
}

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, key, body, requests, connections] = &arguments[..] else {
        return Err("userferry-bare URL KEY.pem BODY REQUESTS CONNECTIONS".into());
    };
    let key = Arc::new(Key::read(&std::fs::read_to_string(key)?)?);
    let body = std::fs::read(body)?;
    let (requests, connections): (u64, usize) = (requests.parse()?, connections.parse()?);
    // As src/target/http.rs has it.
    let client = reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .timeout(Duration::from_secs(30))
        .connect_timeout(Duration::from_secs(10))
        .pool_max_idle_per_host(connections)
        .tcp_nodelay(true)
        .build()?;
    let url = reqwest::Url::parse(url)?.join("/graphql/v2")?;
    let left = Arc::new(AtomicU64::new(requests));
    let began = Instant::now();
    let senders: Vec<_> = (0..connections)
        .map(|_| {
            tokio::spawn(send(client.clone(), url.clone(), key.clone(), body.clone(), left.clone()))
        })
        .collect();
    for sender in senders {
        sender.await??;
    }
    println!("{}", requests as f64 / began.elapsed().as_secs_f64());
    Ok(())
}

async fn send(
    client: reqwest::Client,
    url: reqwest::Url,
    key: Arc<Key>,
    body: Vec<u8>,
    left: Arc<AtomicU64>,
) -> Outcome {
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
        std::hint::black_box(key.encrypt()?);
        let request = client.post(url.clone()).header(CONTENT_TYPE, "application/json");
        let answer = request.body(body.clone()).send().await?.error_for_status()?;
        std::hint::black_box(answer.bytes().await?);
    }
    Ok(())
}
