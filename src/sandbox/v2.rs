//! What each call of the V2 API does: checks in the order of the real service, then a decision.
//!
//! A decision changes nothing. [`super::core`] writes it down and carries it out.

use super::call::{Call, Kind, Request};
use super::core::{Core, Now};
use super::decision::{Decision, Password};
use super::directory::{Change, Fields, Identifier, User, complete};
use super::faults::{self, Fate};
use super::log::Write;
use super::reply::{self, Form, Reply, Say};
use super::rules;
use super::settings::{EmailSyntax, FindMiss};
use serde_json::{Map, Value, json};

/// The most users that one lookup asks for.
const BATCH_MAX: usize = 80;

/// A refusal of the input.
struct Refusal {
    outcome: &'static str,
    code: i64,
    /// Instead of the usual words.
    message: Option<String>,
}

impl Refusal {
    const fn code(code: i64) -> Self {
        Self { outcome: "refused", code, message: None }
    }
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        let Refusal { outcome, code, message } = refusal;
        Self::new(outcome, message.map_or_else(|| Say::code(code), |text| Say::Error(code, text)))
    }
}

/// Decides what becomes of a request.
pub(super) fn decide(
    core: &mut Core,
    request: &Request,
    call: Result<&Call, Reply>,
    password: Password,
    now: &Now,
) -> Decision {
    let write = call.as_ref().is_ok_and(|call| matches!(call.kind, Kind::Create | Kind::Update));
    let partly = if write { core.switches.write_outage.effect() } else { None };
    if let Some(effect) = core.switches.outage.effect().or(partly) {
        return Decision::new("outage", Say::of(effect));
    }
    if let Some(url) = &core.switches.redirect {
        let mut reply = Reply::json(307, &json!({"statusCode": 307}));
        reply.header = Some(("location", url.clone()));
        return Decision::new("redirected", Say::Plain(reply));
    }
    let call = match call {
        Ok(call) => call,
        Err(reply) => return Decision::new("bad-request", Say::Plain(reply)),
    };
    if call.kind != Kind::Access
        && let Some(rate) = core.settings.rate
        && !core.bucket.take(rate, now.since_start)
    {
        return Decision::new("throttled", Say::throttled(&core.settings, now.wall));
    }
    if core.switches.pool_gone {
        return Decision::refused(2224);
    }
    match call.op {
        "accessToken" => return token(core, call, now),
        "publicKey" => {
            return Decision::new("ok", Say::Data(json!({"publicKey": core.key.public_pem})));
        }
        _ => {}
    }
    if let Err(denied) = core.tokens.check(request.authorization.as_deref(), now.seconds()) {
        return Decision::new("unauthorized", Say::code(denied.code()));
    }
    if request.pool.as_deref() != Some(&core.settings.user_pool_id) {
        return Decision::refused(2224);
    }
    if let Some(why) = &call.invalid {
        return Decision::new("refused", Say::Text(why.clone()));
    }
    match call.op {
        "createUser" => create(core, call, password, now),
        "updateUser" => update(core, call, password, now),
        "setUdvBatch" | "setUdfValueBatch" => set_custom_data(core, call),
        _ if core.settings.deny_lookup => Decision::refused(1001).fault("deny_lookup"),
        "userBatch" => batch(core, call, now),
        _ => find(core, call, now),
    }
}

fn token(core: &mut Core, call: &Call, now: &Now) -> Decision {
    if let Some(why) = &call.invalid {
        return Decision::new("refused", Say::Text(why.clone()));
    }
    if call.text("userPoolId") != Some(&core.settings.user_pool_id) {
        return Decision::refused(2224);
    }
    if core.switches.revoke_secret || call.text("secret") != Some(&core.settings.secret) {
        return Decision::refused(1001);
    }
    let ttl = i64::try_from(core.settings.token_ttl.0.as_secs()).unwrap_or(i64::MAX);
    let token = core.tokens.issue(now.seconds(), ttl);
    let answer = json!({"accessToken": token.jwt, "exp": token.exp, "iat": token.iat});
    Decision::new("ok", Say::Data(selected(&answer, &call.form)))
}

fn selected(record: &Value, form: &Form) -> Value {
    match form {
        Form::GraphQl(field) => reply::select(record, &field.selection),
        Form::Rest => record.clone(),
    }
}

fn create(core: &mut Core, call: &Call, password: Password, now: &Now) -> Decision {
    core.creates += 1;
    let mut given = call.user();
    given.remove("password");
    let fate = faults::fate(&core.settings, core.switches.refuse_all_code, core.creates, &given);
    match fate {
        Fate::Fail(effect, knob) => {
            let say = Say::of(effect);
            let outcome = if say == Say::Hang { "hung" } else { "refused" };
            return Decision::new(outcome, say).fault(knob);
        }
        Fate::DropBeforeStore => {
            return Decision::new("dropped-before-store", Say::Close).fault("drop_before_store");
        }
        Fate::Pass | Fate::DropAfterStore | Fate::StoreAndHang => {}
    }
    let user = match new_user(core, call, given, password, now) {
        Ok(user) => user,
        Err(refusal) => return refusal.into(),
    };
    let (outcome, say, fault) = match fate {
        Fate::DropAfterStore => ("dropped-after-store", Say::Close, Some("drop_after_store")),
        Fate::StoreAndHang => ("hung", Say::Hang, Some("hang")),
        Fate::Pass | Fate::DropBeforeStore | Fate::Fail(..) => {
            let answer = reply::user(&user, &call.form, &core.settings.user_pool_id, false);
            ("stored", Say::Data(answer), None)
        }
    };
    let write = Some(Write::Create(Box::new(user)));
    Decision { write, fault, ..Decision::new(outcome, say) }
}

/// The user that a create makes, or the refusal; the checks in the order of the real service.
fn new_user(
    core: &Core,
    call: &Call,
    given: Fields,
    password: Password,
    now: &Now,
) -> Result<User, Refusal> {
    let has = |name: &&str| given.get(*name).and_then(Value::as_str).is_some_and(|t| !t.is_empty());
    if !["email", "phone", "username", "unionid", "externalId"].iter().any(has) {
        return Err(Refusal::code(2028));
    }
    let custom = rules::custom_fields(call.text("params")).ok_or_else(|| Refusal::code(2231))?;
    let password = clear(password)?;
    check_email(core, &given)?;
    if let Some(identifier) = core.directory.taken(&given, None) {
        return Err(duplicate(core, identifier));
    }
    check_dates(&given)?;
    if core.settings.quota.is_some_and(|quota| core.directory.len() >= quota) {
        return Err(Refusal::code(2040));
    }
    let id = core.directory.next_id();
    let fields = complete(given, &now.iso());
    let visible_at_ms = now.ms().saturating_add(lag_ms(core));
    Ok(User { id, fields, password, custom, visible_at_ms })
}

fn lag_ms(core: &Core) -> i64 {
    i64::try_from(core.settings.lookup_lag.0.as_millis()).unwrap_or(i64::MAX)
}

fn clear(password: Password) -> Result<Option<String>, Refusal> {
    match password {
        Password::None => Ok(None),
        Password::Clear(text) => Ok(Some(text)),
        Password::Unreadable => Err(Refusal::code(2016)),
    }
}

fn check_email(core: &Core, fields: &Fields) -> Result<(), Refusal> {
    let email = fields.get("email").and_then(Value::as_str).unwrap_or_default();
    match core.settings.email_syntax {
        EmailSyntax::Strict if !email.is_empty() && !rules::is_email(email) => {
            Err(Refusal::code(2204))
        }
        EmailSyntax::Strict | EmailSyntax::Lenient => Ok(()),
    }
}

fn duplicate(core: &Core, identifier: Identifier) -> Refusal {
    let number = match identifier {
        Identifier::Email => core.settings.duplicate_code_email,
        Identifier::Phone => core.settings.duplicate_code_phone,
        Identifier::Username => core.settings.duplicate_code_username,
        Identifier::ExternalId => core.settings.duplicate_code_external_id,
    };
    Refusal { outcome: "duplicate", ..Refusal::code(number) }
}

fn check_dates(fields: &Fields) -> Result<(), Refusal> {
    let dates = ["lastLogin", "signedUp", "tokenExpiredAt", "expiredAt"];
    let wrong = dates.into_iter().find(|name| {
        let text = fields.get(*name).and_then(Value::as_str);
        text.is_some_and(|text| !rules::is_iso_date(text))
    });
    match wrong {
        Some(name) => {
            let message = Some(format!("{name} is no ISO 8601 date"));
            Err(Refusal { message, ..Refusal::code(2231) })
        }
        None => Ok(()),
    }
}

fn update(core: &mut Core, call: &Call, password: Password, now: &Now) -> Decision {
    let mut fields = call.user();
    fields.remove("password");
    let Some(mut user) = call.text("id").and_then(|id| core.directory.by_id(id)).cloned() else {
        return Decision::refused(2004);
    };
    let checked = clear(password).and_then(|password| {
        check_email(core, &fields)?;
        match core.directory.taken(&fields, Some(&user.id)) {
            Some(identifier) => return Err(duplicate(core, identifier)),
            None => check_dates(&fields)?,
        }
        Ok(password)
    });
    let password = match checked {
        Ok(password) => password,
        Err(refusal) => return refusal.into(),
    };
    if let Some(Value::String(email)) = fields.get_mut("email") {
        *email = email.to_lowercase();
    }
    fields.insert("updatedAt".to_owned(), Value::from(now.iso()));
    user.fields.extend(fields.clone());
    let answer = reply::user(&user, &call.form, &core.settings.user_pool_id, false);
    let change = Change { fields, password, custom: Fields::new() };
    let write = Some(Write::Update { id: user.id, change });
    Decision { write, ..Decision::new("updated", Say::Data(answer)) }
}

fn set_custom_data(core: &mut Core, call: &Call) -> Decision {
    if call.text("targetType") != Some("USER") {
        let message = "Only USER has custom data here".to_owned();
        return Decision::new("refused", Say::Error(2231, message));
    }
    let list = if call.op == "setUdvBatch" { "udvList" } else { "input" };
    let items = match call.args.get(list) {
        Some(Value::Array(items)) => items.clone(),
        Some(single @ Value::Object(_)) => vec![single.clone()],
        _ => Vec::new(),
    };
    let mut changes: Vec<(String, Fields)> = Vec::new();
    for item in &items {
        let id = item["targetId"].as_str().or(call.text("targetId")).unwrap_or_default();
        if core.directory.by_id(id).is_none() {
            return Decision::refused(2004);
        }
        let key = item["key"].as_str().unwrap_or_default().to_owned();
        changes.push((id.to_owned(), Map::from_iter([(key, item["value"].clone())])));
    }
    let answer = if call.op == "setUdvBatch" {
        let keys = items.iter().map(|item| {
            let (key, value) = (&item["key"], &item["value"]);
            let record = json!({"key": key, "value": value, "dataType": "STRING", "label": key});
            selected(&record, &call.form)
        });
        keys.collect()
    } else {
        selected(&json!({"code": 200, "message": "OK"}), &call.form)
    };
    let write = Some(Write::Custom(changes));
    Decision { write, ..Decision::new("updated", Say::Data(answer)) }
}

/// The first user that one of the arguments names, once lookups find it.
fn find(core: &Core, call: &Call, now: &Now) -> Decision {
    let found = Identifier::ALL
        .into_iter()
        .filter_map(|identifier| Some((identifier, call.text(identifier.field())?)))
        .find_map(|(identifier, text)| core.directory.find(identifier, text))
        .filter(|user| user.visible_at_ms <= now.ms());
    let count = usize::from(found.is_some());
    let pool = &core.settings.user_pool_id;
    let say = match (call.op, found, core.settings.find_miss) {
        ("isUserExists", found, _) => Say::Data(Value::from(found.is_some())),
        (_, Some(user), _) => Say::Data(reply::user(user, &call.form, pool, true)),
        (_, None, FindMiss::Null) => Say::Data(Value::Null),
        (_, None, FindMiss::Code2004) => Say::code(2004),
    };
    Decision::new("ok", say).found(count)
}

fn batch(core: &Core, call: &Call, now: &Now) -> Decision {
    let ids: Vec<&str> = match call.args.get("ids") {
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(id)) => vec![id],
        _ => Vec::new(),
    };
    if ids.len() > BATCH_MAX {
        return Decision::refused(2030);
    }
    let by = match call.text("type").unwrap_or("id") {
        "id" => None,
        "email" => Some(Identifier::Email),
        "phone" => Some(Identifier::Phone),
        "username" => Some(Identifier::Username),
        "externalId" => Some(Identifier::ExternalId),
        _ => return Decision::refused(2231),
    };
    let pool = &core.settings.user_pool_id;
    let users: Vec<Value> = ids
        .into_iter()
        .filter_map(|id| match by {
            None => core.directory.by_id(id),
            Some(identifier) => core.directory.find(identifier, id),
        })
        .filter(|user| user.visible_at_ms <= now.ms())
        .map(|user| reply::user(user, &call.form, pool, call.with_custom_data))
        .collect();
    let found = users.len();
    Decision::new("ok", Say::Data(Value::from(users))).found(found)
}
