//! Reads V2's answers: two shapes of errors, codes as numbers or as text.
//!
//! GraphQL: `{"errors":[{"message":{"code":2026,"message":"…"}}]}`, where the message may also be
//! plain text. REST and newer gateways: `{"code":200,…}` or `{"statusCode":499,"apiCode":"2011",…}`.

use super::error_codes;
use super::refusal::{Code, Refusal, RefusalClass};
use crate::identity::DirectoryUser;
use crate::target::http::Reply;
use crate::user::{IdKind, Identifiers};
use serde_json::Value;

/// No code is larger; what is, is something else.
const CODE_MAX: u32 = 1_000_000;

/// The id of the user that a create made.
pub(super) fn create(reply: &Reply) -> Result<String, Refusal> {
    let user = graphql(reply, "createUser")?;
    let id = user.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| unreadable(reply, "the answer names no user"))
}

/// `data.FIELD` of a GraphQL answer.
pub(super) fn graphql(reply: &Reply, field: &str) -> Result<Value, Refusal> {
    let mut body = parse(reply)?;
    if let Some(value) = body.pointer_mut(&format!("/data/{field}")).filter(|v| !v.is_null()) {
        return Ok(value.take());
    }
    Err(refusal(reply, &body))
}

/// `data` of a REST answer.
pub(super) fn rest(reply: &Reply) -> Result<Value, Refusal> {
    let mut body = parse(reply)?;
    let code = number(body.get("code")).or_else(|| number(body.get("statusCode")));
    if code == Some(200)
        && let Some(data) = body.get_mut("data")
    {
        return Ok(data.take());
    }
    Err(refusal(reply, &body))
}

fn parse(reply: &Reply) -> Result<Value, Refusal> {
    serde_json::from_slice(&reply.body).map_err(|_| by_status(reply, kind_of(&reply.body)))
}

/// What a body is that is not JSON.
fn kind_of(body: &[u8]) -> &'static str {
    match body.trim_ascii_start().first() {
        None => "an empty body",
        Some(b'<') => "a page of HTML or XML",
        Some(_) => "text that is not JSON",
    }
}

fn refusal(reply: &Reply, body: &Value) -> Refusal {
    if let Some(errors) = body.get("errors").and_then(Value::as_array)
        && let Some(first) = errors.first()
    {
        let said = first.get("message").unwrap_or(&Value::Null);
        if let Some(text) = said.as_str() {
            // Some servers put the code beside a plain text.
            let code = code_of(first).or_else(|| first.get("extensions").and_then(code_of));
            return match code {
                Some(code) => classify(reply, code, text),
                // It went wrong inside: who knows how far it had come.
                None if failed_inside(first) => {
                    unreadable(reply, "an error inside the target, without a code")
                }
                None => by_text(reply, text),
            };
        }
        if let Some(code) = code_of(said) {
            return classify(reply, code, text_of(said));
        }
    }
    match code_of(body) {
        Some(code) if code != 200 => classify(reply, code, text_of(body)),
        // The form is this API's.
        _ if reply.status < 400
            && ["data", "errors"].iter().any(|name| body.get(name).is_some()) =>
        {
            unreadable(reply, "an answer that says nothing")
        }
        _ => by_status(reply, "an answer that says nothing"),
    }
}

/// Whether a GraphQL error is of the execution, not of the request's validation (GraphQL
/// specification, 7.1.2: only the former has a path).
fn failed_inside(error: &Value) -> bool {
    let path = error.get("path").and_then(Value::as_array).is_some_and(|path| !path.is_empty());
    let kind = error.pointer("/extensions/code").and_then(Value::as_str);
    path || kind == Some("INTERNAL_SERVER_ERROR")
}

/// `apiCode` says more than `statusCode`.
fn code_of(value: &Value) -> Option<u32> {
    let code = |name| {
        let code = value.get(name)?;
        let number = code.as_u64().or_else(|| code.as_str()?.parse().ok());
        number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n < CODE_MAX)
    };
    ["apiCode", "code", "statusCode"].into_iter().find_map(code)
}

fn text_of(value: &Value) -> &str {
    value.get("message").and_then(Value::as_str).unwrap_or("no message")
}

fn number(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn classify(reply: &Reply, code: u32, message: &str) -> Refusal {
    match error_codes::v2(code) {
        Some(class) => Refusal::new(class, Code::Provider(code), message),
        None if reply.status >= 500 => by_status(reply, "an error"),
        None if matches!(reply.status, 401 | 429) => by_status(reply, message),
        None => Refusal::new(RefusalClass::Unexplained, Code::Provider(code), message),
    }
}

fn by_text(reply: &Reply, text: &str) -> Refusal {
    if reply.status >= 500 || matches!(reply.status, 401 | 429) {
        return by_status(reply, text);
    }
    Refusal::new(RefusalClass::Unexplained, Code::GraphQl, text)
}

/// What the HTTP status alone says.
fn by_status(reply: &Reply, what: &str) -> Refusal {
    let class = match reply.status {
        // A server that knows no such request at all: another program, and no outage.
        501 | 505 => RefusalClass::Foreign,
        401 => RefusalClass::StaleToken,
        429 => RefusalClass::Throttled,
        // A gateway that gave up waiting: nothing about the row.
        407 | 408 | 425 | 499 | 500.. => RefusalClass::Unreadable,
        // No such place, or not what was asked for.
        404 | 405 | 421 | ..400 => RefusalClass::Foreign,
        400..=499 => RefusalClass::Unexplained,
    };
    let message = format!("HTTP {} with {what}", reply.status);
    Refusal::new(class, Code::Http(reply.status), message)
}

fn unreadable(reply: &Reply, message: &str) -> Refusal {
    Refusal::new(RefusalClass::Unreadable, Code::Http(reply.status), message)
}

/// A user of a lookup; `None` when it has no id.
pub(super) fn directory_user(value: &Value) -> Option<DirectoryUser> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let mut identifiers = Identifiers::default();
    let fields = [
        (IdKind::ExternalId, "externalId"),
        (IdKind::Email, "email"),
        (IdKind::Phone, "phone"),
        (IdKind::Username, "username"),
    ];
    for (kind, name) in fields {
        identifiers.set(kind, text(name).unwrap_or_default());
    }
    Some(DirectoryUser {
        id: text("id").filter(|id| !id.is_empty())?.to_owned(),
        identifiers,
        created_at_ms: text("createdAt").and_then(time_ms),
    })
}

/// ISO 8601; without a zone it is UTC.
fn time_ms(text: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(text)
        .map(|time| time.timestamp_millis())
        .or_else(|_| {
            chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                .map(|time| time.and_utc().timestamp_millis())
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        let body = body.as_bytes().to_vec();
        Reply { status, retry_after: None, request_id: None, date_ms: None, body }
    }

    fn class(status: u16, body: &str) -> &'static str {
        let Err(refusal) = create(&reply(status, body)) else { return "created" };
        match refusal.class {
            RefusalClass::Duplicate => "duplicate",
            RefusalClass::Rejected => "rejected",
            RefusalClass::NoSuchUser => "no such user",
            RefusalClass::Throttled => "throttled",
            RefusalClass::StaleToken => "stale token",
            RefusalClass::StaleKey => "stale key",
            RefusalClass::Permission => "permission",
            RefusalClass::Halt(_) => "halt",
            RefusalClass::Unexplained => "refused",
            RefusalClass::Foreign => "foreign",
            RefusalClass::Busy | RefusalClass::Unreadable => "unknown",
        }
    }

    #[test]
    fn every_shape_of_answer_has_its_class() {
        let graphql = |code: &str| {
            format!(r#"{{"errors":[{{"message":{{"code":{code},"message":"m"}}}}],"data":null}}"#)
        };
        for (status, body, expected) in [
            (200, r#"{"data":{"createUser":{"id":"u1"}}}"#.to_owned(), "created"),
            (200, r#"{"data":{"createUser":null}}"#.to_owned(), "unknown"),
            (200, r#"{"data":{"createUser":{"id":""}}}"#.to_owned(), "unknown"),
            (200, graphql("2026"), "duplicate"),
            (200, graphql("\"2035\""), "duplicate"),
            (200, graphql("2003"), "rejected"),
            (200, graphql("2100"), "throttled"),
            (200, graphql("429"), "throttled"),
            (200, graphql("2206"), "stale token"),
            (200, graphql("2016"), "stale key"),
            (200, graphql("1001"), "permission"),
            (200, graphql("1000"), "unknown"),
            (200, graphql("2040"), "halt"),
            (200, graphql("1010"), "refused"),
            (500, graphql("2026"), "duplicate"),
            (500, graphql("9999"), "unknown"),
            (200, r#"{"errors":[{"message":"Variable got invalid value"}]}"#.to_owned(), "refused"),
            (400, r#"{"errors":[{"message":"Variable got invalid value"}]}"#.to_owned(), "refused"),
            (200, r#"{"statusCode":429,"message":"m"}"#.to_owned(), "throttled"),
            (200, r#"{"statusCode":499,"message":"m","apiCode":"2026"}"#.to_owned(), "duplicate"),
            (429, "<html>".to_owned(), "throttled"),
            (429, "{}".to_owned(), "throttled"),
            (401, "{}".to_owned(), "stale token"),
            (403, "<html>".to_owned(), "refused"),
            (408, String::new(), "unknown"),
            (499, "<html>".to_owned(), "unknown"),
            (404, "<html>".to_owned(), "foreign"),
            (
                200,
                r#"{"errors":[{"message":"timed out","path":["createUser"]}],"data":null}"#
                    .to_owned(),
                "unknown",
            ),
            (
                200,
                r#"{"errors":[{"message":"x","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}"#
                    .to_owned(),
                "unknown",
            ),
            (200, graphql("13800138000"), "unknown"),
            (413, String::new(), "refused"),
            (502, "<html>".to_owned(), "unknown"),
            (503, String::new(), "unknown"),
            (501, "<html>".to_owned(), "foreign"),
            (505, String::new(), "foreign"),
            (501, "{}".to_owned(), "foreign"),
            (501, graphql("2026"), "duplicate"),
            (200, "<html>".to_owned(), "foreign"),
            (200, String::new(), "foreign"),
            (200, "{}".to_owned(), "foreign"),
        ] {
            assert_eq!(class(status, &body), expected, "{status} {body}");
        }
    }

    #[test]
    fn dates_are_read_with_and_without_a_zone() {
        assert_eq!(time_ms("1970-01-01T00:00:01.500Z"), Some(1_500));
        assert_eq!(time_ms("1970-01-01T08:00:01+08:00"), Some(1_000));
        assert_eq!(time_ms("1970-01-01T00:00:01"), Some(1_000));
        assert_eq!(time_ms("soon"), None);
    }
}
