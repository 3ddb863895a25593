//! Connections: accept, read a request, wait as long as the latency says, answer or hang up.

use super::admin;
use super::call::Request;
use super::reply::{self, Answer, Reply};
use super::server::Server;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// A body beyond this is refused with HTTP 413; a user's takes two kilobytes.
const BODY_MAX: usize = 1 << 20;

/// Bodies of the admin API: users that were there before.
const ADMIN_BODY_MAX: usize = 256 << 20;

/// Ends a connection without a reply.
#[derive(Debug)]
struct HangUp {
    /// By a TCP reset; else by an orderly close.
    reset: bool,
}

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox hangs up on purpose")
    }
}

impl std::error::Error for HangUp {}

/// Accepts connections until it is dropped.
pub(super) async fn accept(listener: TcpListener, server: Arc<Server>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&server)));
            }
            Err(e) => {
                // Out of file descriptors, most likely: let some connections end.
                tracing::warn!("cannot accept a connection: {e}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, server: Arc<Server>) {
    if let Err(e) = stream.set_nodelay(true) {
        tracing::debug!("no TCP_NODELAY: {e}");
    }
    let service = service_fn(|request| answer(request, Arc::clone(&server)));
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(e) = (&mut connection).await {
        let hang_up = std::error::Error::source(&e).and_then(|e| e.downcast_ref::<HangUp>());
        if hang_up.is_some_and(|hang_up| hang_up.reset) {
            let stream = connection.into_parts().io.into_inner();
            if let Err(e) = stream.set_zero_linger() {
                tracing::debug!("no reset: {e}");
            }
        }
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    server: Arc<Server>,
) -> Result<Response<Full<Bytes>>, HangUp> {
    let is_admin = request.uri().path().starts_with(admin::PREFIX);
    let by_a_page = is_admin && comes_from_a_page(request.headers());
    let (pool_header, dated) = {
        let core = server.core();
        let header = format!("{}userpool-id", core.settings.header_prefix);
        (header, !core.settings.no_date_header)
    };
    let limit = if is_admin { ADMIN_BODY_MAX } else { BODY_MAX };
    let request = read(request, &pool_header, limit).await;
    let answer = if by_a_page {
        Answer::Reply(Reply::text(403, "Not for web pages"))
    } else if is_admin {
        Answer::Reply(
            request.unreadable.clone().unwrap_or_else(|| admin::handle(&server, &request)),
        )
    } else {
        // A request that was read is carried out even if the client hangs up meanwhile, as a real
        // server would: a task of its own, which does not end with the connection.
        tokio::spawn(carry_out(request, Arc::clone(&server))).await.unwrap_or_else(|e| {
            tracing::error!("a request was not carried out: {e}");
            Answer::Close
        })
    };
    match answer {
        Answer::Reply(reply) => Ok(response(reply, &server, dated)),
        Answer::Close => Err(HangUp { reset: false }),
        Answer::Reset => Err(HangUp { reset: true }),
        Answer::Hang => std::future::pending().await,
    }
}

/// Whether a web page sent it, across origins or under a name of its own for 127.0.0.1. The admin
/// API shows users and changes faults: no page that happens to be open may do that.
fn comes_from_a_page(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    headers.contains_key(ORIGIN) || !matches!(name, "127.0.0.1" | "localhost")
}

/// Half of the latency passes before the request takes effect, half before the client learns of it.
async fn carry_out(request: Request, server: Arc<Server>) -> Answer {
    let delay = server.arrive();
    pause(delay / 2).await;
    let answer = server.handle(&request);
    pause(delay / 2).await;
    server.leave();
    answer
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

async fn read(request: hyper::Request<Incoming>, pool_header: &str, limit: usize) -> Request {
    let (head, body) = request.into_parts();
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let authorization = header(AUTHORIZATION.as_str());
    let pool = header(pool_header);
    let method = head.method.to_string();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let (body, unreadable) = match Limited::new(body, limit).collect().await {
        Ok(body) => (body.to_bytes().into(), None),
        Err(e) if e.is::<LengthLimitError>() => {
            (Vec::new(), Some(Reply::text(413, "Payload Too Large")))
        }
        Err(_) => (Vec::new(), Some(Reply::text(400, "The body ended early"))),
    };
    Request { method, path, authorization, pool, body, unreadable }
}

fn response(reply: Reply, server: &Server, dated: bool) -> Response<Full<Bytes>> {
    let content_type = if reply.html { "text/html" } else { "application/json; charset=utf-8" };
    let mut response = Response::new(Full::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if dated && let Ok(date) = HeaderValue::try_from(reply::date(server.now().wall)) {
        headers.insert(DATE, date);
    }
    if let Some((name, value)) = reply.header
        && let Ok(value) = HeaderValue::try_from(value)
    {
        headers.insert(HeaderName::from_static(name), value);
    }
    response
}
