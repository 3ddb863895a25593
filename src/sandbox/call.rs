//! From an HTTP request to a call of the V2 API, whichever of its two forms it came in.

use super::directory::Fields;
use super::graphql;
use super::reply::{Form, Reply};
use super::schema::{self, OPERATIONS};
use serde_json::{Map, Value};

/// The parts of an HTTP request that matter.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    /// The header that names the user pool.
    pub(super) pool: Option<String>,
    pub(super) body: Vec<u8>,
    /// The reply to a body that could not be read.
    pub(super) unreadable: Option<Reply>,
}

/// What a call is for, as far as limits and faults care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Token or key.
    Access,
    Create,
    Lookup,
    /// Any other write.
    Update,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) op: &'static str,
    pub(super) kind: Kind,
    pub(super) form: Form,
    pub(super) args: Fields,
    /// Why the arguments are refused.
    pub(super) invalid: Option<String>,
    pub(super) with_custom_data: bool,
}

impl Call {
    /// The user that a create or an update carries.
    pub(super) fn user(&self) -> Fields {
        let name = if self.op == "createUser" { "userInfo" } else { "input" };
        self.args.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// An argument that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.args.get(name).and_then(Value::as_str)
    }
}

/// Reads a request. The error is the reply to what is no call at all.
pub(super) fn read(request: &Request) -> Result<Call, Reply> {
    if let Some(reply) = &request.unreadable {
        return Err(reply.clone());
    }
    let path = request.path.split('?').next().unwrap_or_default();
    match (request.method.as_str(), path) {
        ("POST", "/graphql/v2") => graphql_call(&request.body),
        ("GET", "/api/v2/.well-known") => Ok(call("publicKey", Form::Rest, Fields::new())),
        ("POST", "/api/v2/userpools/access-token") => rest_call("accessToken", &request.body),
        ("POST", "/api/v2/users") => rest_call("createUser", &request.body),
        ("POST", "/api/v2/users/batch") => rest_call("userBatch", &request.body),
        ("POST", path) => match path.strip_prefix("/api/v2/users/") {
            Some(id) if !id.is_empty() && !id.contains('/') => {
                let input = json_object(&request.body)?;
                let mut args = Map::from_iter([("id".to_owned(), Value::from(id))]);
                args.insert("input".to_owned(), Value::Object(input));
                Ok(call("updateUser", Form::Rest, args))
            }
            _ => Err(not_found(request)),
        },
        _ => Err(not_found(request)),
    }
}

fn not_found(request: &Request) -> Reply {
    Reply::text(404, &format!("Cannot {} {}", request.method, request.path))
}

fn json_object(body: &[u8]) -> Result<Fields, Reply> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Reply::text(400, "The body is no JSON object")),
        Err(e) => Err(Reply::text(400, &format!("The body is no JSON: {e}"))),
    }
}

fn rest_call(op: &'static str, body: &[u8]) -> Result<Call, Reply> {
    let mut args = json_object(body)?;
    let with_custom_data = args.remove("withCustomData") == Some(Value::Bool(true));
    Ok(Call { with_custom_data, ..call(op, Form::Rest, args) })
}

fn graphql_call(body: &[u8]) -> Result<Call, Reply> {
    let mut body = json_object(body)?;
    let variables = match body.remove("variables") {
        None | Some(Value::Null) => Fields::new(),
        Some(Value::Object(variables)) => variables,
        Some(_) => return Err(Reply::text(400, "Variables must be provided as an Object")),
    };
    let Some(query) = body.get("query").and_then(Value::as_str) else {
        return Err(Reply::text(400, "Must provide query string."));
    };
    let document = graphql::parse(query, &variables).map_err(|why| Reply::text(400, &why))?;
    let mut field = document.field;
    let root = if document.mutation { "Mutation" } else { "Query" };
    let operation = OPERATIONS
        .iter()
        .find(|known| known.name == field.name && known.mutation == document.mutation)
        .ok_or_else(|| {
            Reply::text(400, &format!("Cannot query field \"{}\" on type \"{root}\".", field.name))
        })?;
    schema::check_selection(&field, operation.answer).map_err(|why| Reply::text(400, &why))?;
    let args = std::mem::take(&mut field.args);
    Ok(call(operation.name, Form::GraphQl(field), args))
}

fn call(op: &'static str, form: Form, args: Fields) -> Call {
    let kind = match op {
        "accessToken" | "publicKey" => Kind::Access,
        "createUser" => Kind::Create,
        "isUserExists" | "findUser" | "userBatch" => Kind::Lookup,
        _ => Kind::Update,
    };
    let inputs = OPERATIONS.iter().find(|known| known.name == op).map(|known| known.args);
    let invalid = inputs.and_then(|inputs| schema::check_args(&args, inputs).err());
    Call { op, kind, form, args, invalid, with_custom_data: false }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn post(path: &str, body: &str) -> Result<Call, Reply> {
        let (method, path) = ("POST".to_owned(), path.to_owned());
        read(&Request { method, path, body: body.into(), ..Request::default() })
    }

    #[test]
    fn both_forms_give_the_same_create() {
        let graphql = post(
            "/graphql/v2",
            r#"{"query":"mutation createUserWithCustomData($userInfo: CreateUserInput!) { createUser(userInfo: $userInfo) { id } }","variables":{"userInfo":{"email":"a"}}}"#,
        )
        .unwrap();
        let rest = post("/api/v2/users", r#"{"userInfo":{"email":"a"}}"#).unwrap();
        for call in [graphql, rest] {
            assert_eq!((call.op, call.kind, &call.invalid), ("createUser", Kind::Create, &None));
            assert_eq!(call.user()["email"], "a");
        }
        let refused = post("/api/v2/users", r#"{"userInfo":{"loginsCount":"4"}}"#).unwrap();
        assert!(refused.invalid.unwrap().contains("loginsCount"));
    }

    #[test]
    fn what_is_no_call_gets_a_reply_of_its_own() {
        let query = |query: &str| serde_json::json!({ "query": query }).to_string();
        for (path, body, status) in [
            ("/graphql/v2", "nonsense".to_owned(), 400),
            ("/graphql/v2", "[]".to_owned(), 400),
            ("/graphql/v2", "{}".to_owned(), 400),
            ("/graphql/v2", r#"{"query":"{a}","variables":[]}"#.to_owned(), 400),
            ("/graphql/v2", query("{ users { id } }"), 400),
            ("/graphql/v2", query("query { createUser(userInfo: {}) { id } }"), 400),
            ("/graphql/v2", query("{ findUser(email: \"a\") { shoeSize } }"), 400),
            ("/graphql/v2", query("{ findUser(email: \"a\") }"), 400),
            ("/api/v2/users", "\u{0}".to_owned(), 400),
            ("/api/v3/create-user", "{}".to_owned(), 404),
            ("/", String::new(), 404),
        ] {
            assert_eq!(post(path, &body).unwrap_err().status, status, "{path} {body}");
        }
    }
}
