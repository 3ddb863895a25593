//! A front before the sandbox that spoils what a script tells it to: it answers itself, loses the
//! sandbox's reply, or changes it. It remembers every request that arrived.

use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Token,
    Key,
    Create,
    /// A lookup of rows.
    Lookup,
    /// A lookup of the id that nobody has.
    Probe,
    Other,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    /// From 1, among those of its kind since the script was set.
    pub(crate) n: usize,
    /// Whom a create is for: external id, else phone.
    pub(crate) key: String,
    /// Whom a lookup asks for.
    pub(crate) ids: Vec<String>,
    pub(crate) authorization: String,
}

/// A reply, before it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What goes back over the connection.
#[derive(Clone, Debug)]
pub(crate) enum Wire {
    /// Nothing; the connection is closed.
    Close,
    Reply(Reply),
    /// As it stands; then the connection is closed.
    Raw(Vec<u8>),
}

enum How {
    Pass,
    Instead(Wire),
    After(Wire),
    Edit(Box<dyn Fn(&mut Reply) + Send + Sync>),
}

/// What becomes of a request.
pub(crate) struct Act {
    change: Option<Value>,
    how: How,
}

impl Act {
    /// The sandbox answers.
    pub(crate) fn pass() -> Self {
        Self { change: None, how: How::Pass }
    }

    /// The sandbox never sees it.
    pub(crate) fn instead(wire: Wire) -> Self {
        Self { change: None, how: How::Instead(wire) }
    }

    /// The sandbox has carried it out, and this comes back.
    pub(crate) fn after(wire: Wire) -> Self {
        Self { change: None, how: How::After(wire) }
    }

    /// The sandbox's reply is changed.
    pub(crate) fn edit(edit: impl Fn(&mut Reply) + Send + Sync + 'static) -> Self {
        Self { change: None, how: How::Edit(Box::new(edit)) }
    }

    /// Before that, knobs of the sandbox are turned.
    pub(crate) fn change(self, change: Value) -> Self {
        Self { change: Some(change), ..self }
    }
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    /// A page of a gateway.
    pub(crate) fn html(status: u16) -> Self {
        let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
        Self { status, headers, body: b"<html><h1>Gateway</h1></html>".to_vec() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Its bytes, which promise a body of `length`.
    pub(crate) fn promising(&self, length: usize) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Said\r\ncontent-length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

type Script = Arc<dyn Fn(&Seen) -> Act + Send + Sync>;

struct Shared {
    sandbox: String,
    script: Mutex<Script>,
    counts: Mutex<HashMap<Kind, usize>>,
    seen: Mutex<Vec<Seen>>,
}

/// The running front.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

impl Front {
    /// Before the sandbox at this address (`host:port`).
    pub(crate) async fn start(sandbox: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            sandbox: sandbox.to_owned(),
            script: Mutex::new(Arc::new(|_: &Seen| Act::pass())),
            counts: Mutex::default(),
            seen: Mutex::default(),
        });
        let served = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&served)));
            }
        });
        Self { address, shared }
    }

    /// From now on requests go by this script, and are counted anew for it.
    pub(crate) fn script(&self, script: impl Fn(&Seen) -> Act + Send + Sync + 'static) {
        self.shared.counts.lock().unwrap().clear();
        *self.shared.script.lock().unwrap() = Arc::new(script);
    }

    /// All requests that arrived.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.seen().iter().filter(|seen| seen.kind == kind).count()
    }

    /// Creates that arrived for this key.
    pub(crate) fn creates_of(&self, key: &str) -> usize {
        self.seen().iter().filter(|seen| seen.kind == Kind::Create && seen.key == key).count()
    }
}

/// One connection: request after request, until one is not to be answered.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Some((head, body)) = read(&mut stream).await {
        let act = shared.take_note(&head, &body);
        if let Some(change) = &act.change {
            let body = change.to_string();
            let reply = ask(&shared.sandbox, "POST", "/__sandbox/faults", "", body.as_bytes());
            assert_eq!(reply.await.status, 200, "{change}");
        }
        let pass = || forward(&shared.sandbox, &head, &body);
        let wire = match act.how {
            How::Pass => Wire::Reply(pass().await),
            How::Instead(wire) => wire,
            How::After(wire) => {
                pass().await;
                wire
            }
            How::Edit(edit) => {
                let mut reply = pass().await;
                edit(&mut reply);
                Wire::Reply(reply)
            }
        };
        if !write(&mut stream, wire).await {
            return;
        }
    }
}

/// Whether the connection goes on.
async fn write(stream: &mut TcpStream, wire: Wire) -> bool {
    match wire {
        Wire::Close => false,
        Wire::Reply(reply) => stream.write_all(&reply.promising(reply.body.len())).await.is_ok(),
        // The reader may have gone in the middle.
        Wire::Raw(bytes) => {
            drop(stream.write_all(&bytes).await);
            drop(stream.shutdown().await);
            false
        }
    }
}

impl Shared {
    fn take_note(&self, head: &str, body: &[u8]) -> Act {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let text = String::from_utf8_lossy(body);
        let kind = match path {
            "/graphql/v2" if text.contains("createUser") => Kind::Create,
            "/graphql/v2" => Kind::Token,
            "/api/v2/.well-known" => Kind::Key,
            "/api/v2/users/batch" if text.contains("userferry-probe-") => Kind::Probe,
            "/api/v2/users/batch" => Kind::Lookup,
            _ => Kind::Other,
        };
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let info = &value["variables"]["userInfo"];
        let key = info["externalId"].as_str().or(info["phone"].as_str()).unwrap_or_default();
        let ids = value["ids"].as_array().into_iter().flatten();
        let ids = ids.filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let authorization = header(head, "authorization").unwrap_or_default().to_owned();
        let n = {
            let mut counts = self.counts.lock().unwrap();
            let n = counts.entry(kind).or_default();
            *n += 1;
            *n
        };
        let seen = Seen { kind, n, key: key.to_owned(), ids, authorization };
        self.seen.lock().unwrap().push(seen.clone());
        let script = Arc::clone(&self.script.lock().unwrap());
        script(&seen)
    }
}

/// Passes a request on as it came, but for how the connection goes on.
async fn forward(sandbox: &str, head: &str, body: &[u8]) -> Reply {
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let kept = head.lines().skip(1).filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        !matches!(name.as_str(), "" | "host" | "connection" | "content-length")
    });
    let headers: String = kept.flat_map(|line| [line, "\r\n"]).collect();
    ask(sandbox, method, path, &headers, body).await
}

/// One request to the sandbox; status 0 when it hangs up.
pub(crate) async fn ask(
    sandbox: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> Reply {
    let mut stream = TcpStream::connect(sandbox).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {sandbox}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let Some((head, body)) = read(&mut stream).await else { return Reply::default() };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = ["content-type", "date", "retry-after", "location"]
        .iter()
        .filter_map(|name| header(&head, name).map(|value| ((*name).to_owned(), value.to_owned())));
    Reply { status, headers: headers.collect(), body }
}

/// Head and body of a message with a stated length; `None` when the connection ends before.
async fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
