//! What is said, and the shape that the API gives it.

use super::directory::User;
use super::graphql::Field;
use super::schema;
use super::settings::{RateStatus, Settings};
use super::units::{Effect, RetryAfter};
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};

/// Which of the two APIs a request came by.
#[derive(Debug)]
pub(super) enum Form {
    /// GraphQL; the field that was asked for.
    GraphQl(Field),
    Rest,
}

/// What is said, before it takes its shape.
#[derive(Debug, PartialEq)]
pub(super) enum Say {
    Data(Value),
    Error(i64, String),
    /// A refusal in plain text: the input is not of the declared type.
    Text(String),
    /// A reply that has its shape already.
    Plain(Reply),
    Close,
    Reset,
    /// Nothing, ever.
    Hang,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) html: bool,
    pub(super) header: Option<(&'static str, String)>,
    pub(super) body: String,
}

/// What happens to the connection.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Reply(Reply),
    Close,
    Reset,
    Hang,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, html: false, header: None, body: body.to_string() }
    }

    /// An error whose message is plain text, as a GraphQL server or a gateway gives it.
    pub(super) fn text(status: u16, message: &str) -> Self {
        let error = json!({"message": message, "locations": []});
        Self::json(status, &json!({"errors": [error], "data": null}))
    }
}

impl Say {
    /// The way an effect shows.
    pub(super) fn of(effect: Effect) -> Self {
        match effect {
            Effect::Http500 => Self::status(500, "Internal Server Error"),
            Effect::Http503 => Self::status(503, "Service Unavailable"),
            Effect::Http502Html => Self::Plain(Reply {
                status: 502,
                html: true,
                header: None,
                body: "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad \
                       Gateway</h1></body></html>\n"
                    .to_owned(),
            }),
            Effect::Null => Self::Data(Value::Null),
            Effect::StringError => Self::Text("Unexpected error.".to_owned()),
            Effect::Code(code) => Self::code(code),
            Effect::Reset => Self::Reset,
            Effect::Hang => Self::Hang,
        }
    }

    fn status(status: u16, message: &str) -> Self {
        Self::Plain(Reply::json(status, &json!({"statusCode": status, "message": message})))
    }

    /// A refusal with a code and its usual words.
    pub(super) fn code(code: i64) -> Self {
        let message = match code {
            429 => "Too many requests, try again later",
            1000 => "The system is busy, try again later",
            1001 => "No permission for this operation",
            2003 | 2204 => "The e-mail address is malformed",
            2004 => "The user does not exist",
            2016 => "The password cannot be decrypted",
            2020 => "Not logged in",
            2026 => "The user already exists",
            2028 => "A correct phone number or e-mail address is needed",
            2030 => "At most 80 users can be queried at once",
            2034 => "The username already exists",
            2035 => "The phone number is bound already",
            2040 => "The user pool is full",
            2100 => "Registering too frequently, try again later",
            2200 => "The e-mail address is bound already",
            2206 => "The login has expired",
            2224 => "The user pool does not exist",
            2231 => "A parameter is malformed",
            _ => "Refused by the sandbox",
        };
        Self::Error(code, message.to_owned())
    }

    pub(super) fn throttled(settings: &Settings, now: SystemTime) -> Self {
        match settings.rate_status {
            RateStatus::Http429 => {
                let message = json!({"statusCode": 429, "message": "Too many requests"});
                let mut reply = Reply::json(429, &message);
                reply.header = settings.retry_after.map(|after| {
                    let value = match after {
                        RetryAfter::Seconds(seconds) => seconds.to_string(),
                        RetryAfter::Date(seconds) => {
                            let at = now.checked_add(Duration::from_secs(seconds)).unwrap_or(now);
                            date(at)
                        }
                    };
                    ("retry-after", value)
                });
                Self::Plain(reply)
            }
            RateStatus::Body429 => Self::Plain(Reply::json(
                200,
                &json!({"statusCode": 429, "message": "Too many requests, try again later"}),
            )),
            RateStatus::Gql429 => Self::code(429),
            RateStatus::Code2100 => Self::code(2100),
            RateStatus::Code1000 => Self::code(1000),
        }
    }

    /// The code of the API, for the log.
    pub(super) fn code_of(&self) -> Option<i64> {
        match self {
            Self::Error(code, _) => Some(*code),
            Self::Data(_)
            | Self::Text(_)
            | Self::Plain(_)
            | Self::Close
            | Self::Reset
            | Self::Hang => None,
        }
    }

    /// Gives it the shape of the API that the request came by.
    pub(super) fn shape(self, form: &Form, op: &str, codes_as_text: bool) -> Answer {
        let code = |code: i64| if codes_as_text { json!(code.to_string()) } else { json!(code) };
        Answer::Reply(match (self, form) {
            (Self::Close, _) => return Answer::Close,
            (Self::Reset, _) => return Answer::Reset,
            (Self::Hang, _) => return Answer::Hang,
            (Self::Plain(reply), _) => reply,
            (Self::Data(data), Form::GraphQl(field)) => {
                let data = Map::from_iter([(field.alias.clone(), data)]);
                Reply::json(200, &json!({"data": data}))
            }
            (Self::Error(number, message), Form::GraphQl(field)) => {
                let message = json!({"code": code(number), "message": message, "data": null});
                let error = json!({"message": message, "locations": [], "path": [field.alias]});
                Reply::json(200, &json!({"errors": [error], "data": null}))
            }
            (Self::Text(message), Form::GraphQl(_)) => Reply::text(200, &message),
            (Self::Data(data), Form::Rest) if op == "accessToken" => Reply::json(201, &data),
            (Self::Data(data), Form::Rest) => {
                let status = if op == "publicKey" { 200 } else { 201 };
                let body = json!({"code": code(200), "message": "OK", "data": data});
                Reply::json(status, &body)
            }
            (Self::Error(number, message), Form::Rest) => {
                let body = json!({"code": code(number), "message": message, "data": null});
                Reply::json(if op == "publicKey" { 200 } else { 201 }, &body)
            }
            (Self::Text(message), Form::Rest) => {
                Reply::json(400, &json!({"code": 400, "message": message, "data": null}))
            }
        })
    }
}

/// An HTTP date.
pub(super) fn date(at: SystemTime) -> String {
    httpdate::fmt_http_date(at)
}

/// A user as the request wants it: the selected fields, or for REST all of them.
pub(super) fn user(user: &User, form: &Form, pool: &str, with_custom_data: bool) -> Value {
    let mut out = Map::new();
    match form {
        Form::GraphQl(field) => {
            for selected in &field.selection {
                let value = match selected.name.as_str() {
                    "__typename" => json!("User"),
                    "identities" => json!([]),
                    "customData" => {
                        custom_data(user).map(|data| select(&data, &selected.selection)).collect()
                    }
                    name => user.field(name, pool),
                };
                out.insert(selected.alias.clone(), value);
            }
        }
        Form::Rest => {
            out.extend(
                schema::USER.iter().map(|name| ((*name).to_owned(), user.field(name, pool))),
            );
            if with_custom_data {
                out.insert("customData".to_owned(), custom_data(user).collect());
            }
        }
    }
    Value::Object(out)
}

fn custom_data(user: &User) -> impl Iterator<Item = Value> {
    user.custom
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value, "dataType": "STRING", "label": key}))
}

/// The selected fields of a record.
pub(super) fn select(record: &Value, selection: &[Field]) -> Value {
    if selection.is_empty() {
        return record.clone();
    }
    let selected = selection.iter().map(|field| {
        (field.alias.clone(), record.get(&field.name).cloned().unwrap_or(Value::Null))
    });
    Value::Object(selected.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graphql() -> Form {
        Form::GraphQl(Field { alias: "createUser".to_owned(), ..Field::default() })
    }

    fn shaped(say: Say, form: &Form, as_text: bool) -> (u16, String) {
        match say.shape(form, "createUser", as_text) {
            Answer::Reply(reply) => (reply.status, reply.body),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_error_is_an_object_within_graphql_and_the_body_of_rest() {
        let (status, body) = shaped(Say::code(2026), &graphql(), false);
        assert_eq!(status, 200);
        assert_eq!(
            body,
            r#"{"errors":[{"message":{"code":2026,"message":"The user already exists","data":null},"locations":[],"path":["createUser"]}],"data":null}"#
        );
        let (status, body) = shaped(Say::code(2026), &Form::Rest, true);
        assert_eq!(status, 201);
        assert_eq!(body, r#"{"code":"2026","message":"The user already exists","data":null}"#);
        let (_, body) = shaped(Say::Text("no".to_owned()), &graphql(), false);
        assert_eq!(body, r#"{"errors":[{"message":"no","locations":[]}],"data":null}"#);
        let (_, body) = shaped(Say::of(Effect::Null), &graphql(), false);
        assert_eq!(body, r#"{"data":{"createUser":null}}"#);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let header = |after: &str| {
            let retry_after = after.parse().ok();
            let settings = Settings { retry_after, ..Settings::default() };
            match Say::throttled(&settings, SystemTime::UNIX_EPOCH) {
                Say::Plain(reply) => reply.header.map(|(_, value)| value),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(header("3").as_deref(), Some("3"));
        assert_eq!(header("date:61").as_deref(), Some("Thu, 01 Jan 1970 00:01:01 GMT"));
        assert_eq!(header("none"), None);
    }
}
