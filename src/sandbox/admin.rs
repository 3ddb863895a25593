//! Looking into the sandbox and changing it while it runs: `/__sandbox/*`.
//!
//! No fault hits these requests and no log has them.

use super::call::Request;
use super::core::Core;
use super::directory::Fields;
use super::reply::Reply;
use super::server::Server;
use serde_json::{Map, Value, json};

/// Where all of it lives.
pub(super) const PREFIX: &str = "/__sandbox/";

pub(super) fn handle(server: &Server, request: &Request) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let result = match (request.method.as_str(), path.strip_prefix(PREFIX).unwrap_or(path)) {
        ("GET", "stats") => serde_json::to_value(&server.core().stats).map_err(|e| e.to_string()),
        ("GET", "users") => return users(&server.core(), query.contains("passwords=true")),
        ("GET", "faults") => faults(&server.core()),
        ("POST", "users") => add_users(server, &request.body),
        ("POST", "faults") => change(server, &request.body),
        _ => return Reply::json(404, &json!({"error": "no such admin request"})),
    };
    match result {
        Ok(value) => Reply::json(200, &value),
        Err(why) => Reply::json(400, &json!({"error": why})),
    }
}

fn users(core: &Core, passwords: bool) -> Reply {
    let mut body = String::new();
    for user in core.directory.iter() {
        body.push_str(&user.record(passwords).to_string());
        body.push('\n');
    }
    Reply { status: 200, html: false, header: None, body }
}

fn add_users(server: &Server, body: &[u8]) -> Result<Value, String> {
    let users: Vec<Fields> = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let now = server.now();
    let mut core = server.core();
    let added = users.len();
    for (at, user) in users.into_iter().enumerate() {
        core.add_user(user, &now).map_err(|why| format!("user {} of the list: {why}", at + 1))?;
    }
    Ok(json!({"added": added}))
}

fn faults(core: &Core) -> Result<Value, String> {
    let text = |e: serde_json::Error| e.to_string();
    let mut all = serde_json::to_value(&core.settings).map_err(text)?;
    if let (Value::Object(all), Value::Object(switches)) =
        (&mut all, serde_json::to_value(&core.switches).map_err(text)?)
    {
        all.extend(switches);
    }
    Ok(all)
}

/// Changes knobs and switches: all of the named ones, or none if one of them is wrong.
fn change(server: &Server, body: &[u8]) -> Result<Value, String> {
    let mut changes: Fields = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let revoke = match changes.remove("revoke_tokens") {
        None | Some(Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(2206),
        Some(code) => Some(code.as_i64().ok_or("`revoke_tokens` is true or a code")?),
    };
    let rotate = match changes.remove("rotate_key") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => return Err("`rotate_key` is true or false".to_owned()),
    };
    if let Some(secret) = changes.remove("new_secret") {
        changes.insert("secret".to_owned(), secret);
    }
    let mut core = server.core();
    let text = |e: serde_json::Error| e.to_string();
    let mut switches = serde_json::to_value(&core.switches).map_err(text)?;
    let mut knobs = Map::new();
    for (name, value) in changes {
        match switches.get_mut(&name) {
            Some(switch) => *switch = value,
            None => {
                knobs.insert(name, value);
            }
        }
    }
    let switches = serde_json::from_value(switches).map_err(text)?;
    let settings = core.settings.with(knobs)?;
    let resized = settings.key_bits != core.settings.key_bits;
    core.switches = switches;
    core.settings = settings;
    if let Some(code) = revoke {
        core.tokens.revoke(code);
    }
    let now = faults(&core)?;
    drop(core);
    if rotate || resized {
        server.rotate_key();
    }
    Ok(now)
}
