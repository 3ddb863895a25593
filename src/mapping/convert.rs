//! A value of a record as a field of the target takes it: strictly, unless a conversion is asked
//! for by name. One is proposed only where it would take the value.

use super::home::Home;
use super::record::{Fields, Json};
use super::rule::{As, Constant, How};
use crate::problem::Rule as Broken;
use crate::schema::{BLOCKED, Field, Format, Type};
use crate::user::Value;
use crate::values::{Wanted, gender, is_zero_date, phone, state_of, truth_of};
use std::borrow::Cow;

/// 冻结 is false: as a truth value for `blocked` it would let in those whom it shuts out.
const LETS_IN: &str = "a word for an account that is in use or not, where `blocked` asks for the opposite; the \
                       mapping can convert it: as = \"not\"";

/// What a mapping says of a user of whom it does not know whether they may sign in.
pub const UNKNOWN_STATE: &str = "not known whether this user may sign in";
/// Behind [`UNKNOWN_STATE`]. The rest of a column that says who may sign in does not say what its gaps mean.
const NO_STATE: &str = ": the column that says so is empty; default = true in the rule shuts such users out, default = false lets \
                        them in";

/// Digits of numbers that may be of some country. E.164 allows fifteen with the country code; fewer than seven
/// reach a number of the same town alone.
const NATIONAL: std::ops::RangeInclusive<usize> = 7..=15;
const NO_NATIONAL: &str = "no phone number: without a country code it must have 7 to 15 digits";

/// What a value is wrong in, and the way out, without the value.
pub(super) type Fault = (Broken, Cow<'static, str>);

/// A value as the field takes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) value: Value,
    /// The country code of a phone number, where the provider keeps it apart, e.g. `+1`.
    pub(super) country: Option<String>,
    /// Whether it is the mapping's default.
    pub(super) is_default: bool,
}

impl Taken {
    pub(super) fn of(value: Value) -> Self {
        Self { value, country: None, is_default: false }
    }
}

/// Converts. `Ok(None)` where there is no value: null, or empty text, and no default.
pub(super) fn convert(json: Json<'_>, field: &Field, how: &How) -> Result<Option<Taken>, Fault> {
    let taken = if is_empty(&json) { None } else { steps(json, field, &how.steps)? };
    if taken.is_some() { Ok(taken) } else { without_value(field, how) }
}

/// The default, where a value is absent. Whoever has no value in a column that says who may sign in, and no
/// default, is neither let in nor shut out.
pub(super) fn without_value(field: &Field, how: &How) -> Result<Option<Taken>, Fault> {
    let value = how.default.as_ref().and_then(|default| constant(default, field.ty));
    if value.is_none() && field.means == BLOCKED && how.steps.contains(&As::Not) {
        return Err((Broken::Value, format!("{UNKNOWN_STATE}{NO_STATE}").into()));
    }
    Ok(value.map(|value| Taken { is_default: true, ..Taken::of(value) }))
}

fn is_empty(json: &Json<'_>) -> bool {
    match json {
        Json::Null => true,
        Json::Text(text) => text.is_empty(),
        _ => false,
    }
}

fn steps(mut json: Json<'_>, field: &Field, steps: &[As]) -> Result<Option<Taken>, Fault> {
    for step in steps {
        json = match (step, json) {
            (As::Trim, Json::Text(text)) => Json::Text(trimmed(text)),
            (As::Lower, Json::Text(text)) => Json::Text(text.to_lowercase().into()),
            (As::Text, Json::Bool(truth)) => Json::Text(truth.to_string().into()),
            (As::Gender, json) => {
                let text = written(json, "a gender")?;
                if text.trim().is_empty() {
                    return Ok(None);
                }
                let letter = gender::letter(&text);
                let unknown = (Broken::Value, "no word for a gender that is known".into());
                Json::Text(letter.ok_or(unknown)?.into())
            }
            (As::Date(form), json) => {
                let text = written(dated(json), "a date")?;
                if text.trim().is_empty() || is_zero_date(&text) {
                    return Ok(None);
                }
                let day = field.format == Format::Day;
                let wanted = if day { Wanted::Day } else { Wanted::Moment };
                let date = form.convert(&text, wanted).map_err(|why| (Broken::Date, why.into()))?;
                Json::Text(date.into())
            }
            (As::Phone(home) | As::E164(home), json) => {
                let is_e164 = matches!(step, As::E164(_));
                return number(&written(json, "a phone number")?, home, is_e164);
            }
            (_, json) => json,
        };
        if is_empty(&json) {
            return Ok(None);
        }
    }
    let typed = match field.ty {
        Type::Text => text(json).map(Value::Text),
        Type::Bool => {
            let is_not = steps.last() == Some(&As::Not);
            if field.means == BLOCKED && !is_not && is_state(&json) {
                return Err((Broken::Type, LETS_IN.into()));
            }
            truth(&json, steps.last()).map(|truth| Value::Bool(truth != is_not))
        }
        Type::Int => int(&json, steps.last()).map(Value::Int),
        Type::TextList => list(&json).map(Value::List),
    };
    typed.map(|value| Some(Taken::of(value))).map_err(|why| (Broken::Type, why))
}

fn is_state(json: &Json<'_>) -> bool {
    matches!(json, Json::Text(text) if state_of(text).is_some())
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => text.trim().into(),
        Cow::Owned(text) => text.trim().to_owned().into(),
    }
}

/// The date in MongoDB's `{"$date": …}`, canonical or relaxed
/// (<https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/>).
fn dated(json: Json<'_>) -> Json<'_> {
    let Some(date) = inside(&json, "$date") else { return json };
    inside(&date, "$numberLong").unwrap_or(date)
}

/// The value of that name, if this is an object that has it.
fn inside<'a>(json: &Json<'a>, name: &str) -> Option<Json<'a>> {
    let Json::Object(raw) = json else { return None };
    Fields::parse(raw)?.get(name).map(Json::of)
}

/// Text, or a number as it is written.
fn written<'a>(json: Json<'a>, expected: &str) -> Result<Cow<'a, str>, Fault> {
    match json {
        Json::Text(text) => Ok(text),
        Json::Number(number) => Ok(number.into()),
        other => {
            Err((Broken::Type, format!("{}, where {expected} is expected", other.noun()).into()))
        }
    }
}

fn number(text: &str, home: &Home, is_e164: bool) -> Result<Option<Taken>, Fault> {
    let region = home.region();
    let fault = |why: &'static str| (Broken::Phone, why.into());
    let bare = phone::bare(text).map_err(fault)?;
    if bare.is_empty() {
        return Ok(None);
    }
    let Some(number) = phone::number(&bare, region) else {
        if let Some(why) = home.lacks() {
            return Err((Broken::Phone, why.into()));
        }
        if !NATIONAL.contains(&bare.len()) {
            return Err(fault(NO_NATIONAL));
        }
        // Nobody knows its country: it is taken as it stands.
        return Ok(Some(Taken::of(Value::Text(bare))));
    };
    let number = number.map_err(|why| match region {
        // `00` is dialled before the code of another country.
        Some(region)
            if why == phone::UNKNOWN && !bare.starts_with('+') && !bare.starts_with("00") =>
        {
            let why = format!("not a valid phone number for region {}", region.as_str());
            (Broken::Phone, why.into())
        }
        _ => fault(why),
    })?;
    if is_e164 {
        return Ok(Some(Taken::of(Value::Text(number.e164()))));
    }
    let (text, code) = number.parts();
    Ok(Some(Taken { country: Some(code), ..Taken::of(Value::Text(text)) }))
}

fn text(json: Json<'_>) -> Result<String, Cow<'static, str>> {
    match json {
        Json::Text(text) => Ok(text.into_owned()),
        // The digits as they are written: an id of 20 digits fits no number type.
        Json::Number(number) => Ok(number.to_owned()),
        Json::Bool(_) => Err("a truth value, where text is expected; the mapping can convert it: \
                              as = \"text\""
            .into()),
        other => Err(format!("{}, where text is expected", other.noun()).into()),
    }
}

fn truth(json: &Json<'_>, last: Option<&As>) -> Result<bool, Cow<'static, str>> {
    match json {
        Json::Bool(truth) => Ok(*truth),
        Json::Text(text) if last.is_none() => Err(no_truth(json, text)),
        Json::Number(number) if last.is_none() => Err(no_truth(json, number)),
        Json::Text(text) => {
            truth_of(text).ok_or_else(|| "a text that means neither true nor false".into())
        }
        Json::Number(number) => {
            truth_of(number).ok_or_else(|| "a number that is neither 1 nor 0".into())
        }
        other => Err(format!("{}, where true or false is expected", other.noun()).into()),
    }
}

fn no_truth(json: &Json<'_>, value: &str) -> Cow<'static, str> {
    let way = match truth_of(value) {
        Some(_) => "; the mapping can convert it: as = \"bool\"",
        None => "",
    };
    format!("{}, where true or false is expected{way}", json.noun()).into()
}

fn int(json: &Json<'_>, last: Option<&As>) -> Result<i64, Cow<'static, str>> {
    let number = match json {
        Json::Number(number) => number,
        Json::Text(text) if last == Some(&As::Int) => text.trim(),
        Json::Text(text) => {
            let fits = whole(text.trim()).is_some_and(|whole| i32::try_from(whole).is_ok());
            return Err(if fits {
                "text, where a whole number is expected; the mapping can convert it: as = \"int\""
            } else {
                "text, where a whole number is expected"
            }
            .into());
        }
        other => return Err(format!("{}, where a whole number is expected", other.noun()).into()),
    };
    let whole = whole(number).ok_or(match json {
        Json::Text(_) => "a text that is no whole number",
        _ => "a number that is not whole",
    })?;
    match i32::try_from(whole) {
        Ok(whole) => Ok(whole.into()),
        Err(_) => Err("a number beyond the 32 bits that the field takes".into()),
    }
}

/// The whole number that a JSON number is. `4.0` and `1e3` are whole: JSON has one type of
/// number, and the programs that write it choose the form by chance. Values beyond 64 bits come
/// back as the largest, which no field takes.
fn whole(number: &str) -> Option<i64> {
    // As nearly all of them are written.
    if number.len() <= 9 && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
        let has_zeros = number.len() > 1 && number.starts_with('0');
        return if has_zeros { None } else { number.parse().ok() };
    }
    if !crate::json::is_number(number.as_bytes()) {
        return None;
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or((1, whole), |whole| (-1, whole));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    // The value is `significant` times ten to the power of `exponent`.
    let trimmed = significant.trim_end_matches('0');
    let zeros = i64::try_from(significant.len() - trimmed.len()).ok()?;
    let fraction = i64::try_from(fraction.len()).ok()?;
    let Ok(exponent) = exponent.parse::<i64>() else {
        return if exponent.starts_with('-') { None } else { Some(sign * i64::MAX) };
    };
    let power = exponent.checked_sub(fraction)?.checked_add(zeros)?;
    if power < 0 {
        return None;
    }
    let power = u32::try_from(power).unwrap_or(u32::MAX);
    let value = trimmed.parse::<i64>().ok().zip(10i64.checked_pow(power));
    Some(sign * value.and_then(|(v, ten)| v.checked_mul(ten)).unwrap_or(i64::MAX))
}

fn list(json: &Json<'_>) -> Result<Vec<String>, Cow<'static, str>> {
    let Json::Array(raw) = json else {
        return Err(format!("{}, where a list of texts is expected", json.noun()).into());
    };
    let items: Vec<&serde_json::value::RawValue> =
        serde_json::from_str(raw).map_err(|_| "a list that cannot be read")?;
    items
        .into_iter()
        .map(|item| match Json::of(item.get()) {
            Json::Text(text) => Ok(text.into_owned()),
            Json::Number(number) => Ok(number.to_owned()),
            other => Err(format!("{} in a list that takes only texts", other.noun()).into()),
        })
        .collect()
}

/// The constant as a value of that type; none if it does not fit.
pub(super) fn constant(constant: &Constant, ty: Type) -> Option<Value> {
    match (constant, ty) {
        (Constant::Text(text), Type::Text) => Some(Value::Text(text.clone())),
        (Constant::Bool(truth), Type::Bool) => Some(Value::Bool(*truth)),
        (Constant::Int(number), Type::Int) => {
            i32::try_from(*number).is_ok().then_some(Value::Int(*number))
        }
        (Constant::List(list), Type::TextList) => Some(Value::List(list.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(ty: Type, format: Format) -> Field {
        Field::new("x", ty).of_format(format).meaning("")
    }

    fn converted(json: &str, ty: Type, how: Option<As>) -> Result<Option<Value>, String> {
        let how = How { steps: how.into_iter().collect(), ..How::default() };
        convert(Json::of(json), &field(ty, Format::Any), &how)
            .map(|taken| taken.map(|taken| taken.value))
            .map_err(|(_, why)| why.into_owned())
    }

    /// Written by `tests/exports/dates.py`, whose oracle is Python's datetime.
    #[test]
    fn dates_of_mongodb_are_the_moments_that_python_says() {
        let how =
            How { steps: vec![As::Date(crate::values::DateForm::default())], ..How::default() };
        let field = field(Type::Text, Format::DateTime);
        let rows = include_str!("../../tests/exports/dates.tsv").lines();
        let rows: Vec<&str> = rows.filter(|row| row.contains('$')).collect();
        assert!(rows.len() > 50);
        for row in rows {
            let [_, json, expected] = row.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{row}")
            };
            let taken = convert(Json::of(json), &field, &how).expect(json).expect(json);
            assert_eq!(taken.value, Value::Text(expected.to_owned()), "{json}");
        }
        for json in ["{\"$date\":{\"x\":1}}", "{\"x\":1}", "{\"$date\":[]}"] {
            assert!(convert(Json::of(json), &field, &how).is_err(), "{json}");
        }
    }

    #[test]
    fn what_fits_is_taken_as_it_is() {
        let text = |text: &str| Ok(Some(Value::Text(text.to_owned())));
        for (json, ty, how, expected) in [
            ("\"a\\u4e2d\"", Type::Text, None, text("a中")),
            ("12345678901234567890", Type::Text, None, text("12345678901234567890")),
            ("1.50", Type::Text, None, text("1.50")),
            ("true", Type::Text, Some(As::Text), text("true")),
            ("null", Type::Text, None, Ok(None)),
            ("\"\"", Type::Int, None, Ok(None)),
            ("true", Type::Bool, None, Ok(Some(Value::Bool(true)))),
            ("\" Yes\"", Type::Bool, Some(As::Bool), Ok(Some(Value::Bool(true)))),
            ("0", Type::Bool, Some(As::Bool), Ok(Some(Value::Bool(false)))),
            ("true", Type::Bool, Some(As::Not), Ok(Some(Value::Bool(false)))),
            ("\"no\"", Type::Bool, Some(As::Not), Ok(Some(Value::Bool(true)))),
            ("null", Type::Bool, Some(As::Not), Ok(None)),
            ("\"是\"", Type::Bool, Some(As::Bool), Ok(Some(Value::Bool(true)))),
            ("\"否\"", Type::Bool, Some(As::Bool), Ok(Some(Value::Bool(false)))),
            ("\"启用\"", Type::Bool, Some(As::Bool), Ok(Some(Value::Bool(true)))),
            ("\" 禁用\"", Type::Bool, Some(As::Bool), Ok(Some(Value::Bool(false)))),
            ("\"正常\"", Type::Bool, Some(As::Not), Ok(Some(Value::Bool(false)))),
            ("\"冻结\"", Type::Bool, Some(As::Not), Ok(Some(Value::Bool(true)))),
            ("\"停用\"", Type::Bool, Some(As::Not), Ok(Some(Value::Bool(true)))),
            ("4", Type::Int, None, Ok(Some(Value::Int(4)))),
            ("-4.00", Type::Int, None, Ok(Some(Value::Int(-4)))),
            ("1e3", Type::Int, None, Ok(Some(Value::Int(1000)))),
            ("1500e-2", Type::Int, None, Ok(Some(Value::Int(15)))),
            ("0.0e99", Type::Int, None, Ok(Some(Value::Int(0)))),
            ("\"4\"", Type::Int, Some(As::Int), Ok(Some(Value::Int(4)))),
            ("2147483647", Type::Int, None, Ok(Some(Value::Int(2_147_483_647)))),
            (
                "[\"a\",1]",
                Type::TextList,
                None,
                Ok(Some(Value::List(vec!["a".to_owned(), "1".to_owned()]))),
            ),
        ] {
            assert_eq!(converted(json, ty, how), expected, "{json} as {ty:?}");
        }
    }

    /// 冻结 as a truth value is false, and `blocked` would be.
    #[test]
    fn words_for_accounts_in_use_are_never_taken_for_blocked_the_wrong_way_round() {
        let blocked = Field { means: "blocked", name: "blocked", ..field(Type::Bool, Format::Any) };
        for (json, step, expected) in [
            ("\"冻结\"", As::Bool, Err(LETS_IN)),
            ("\"正常\"", As::Bool, Err(LETS_IN)),
            ("\"冻结\"", As::Not, Ok(true)),
            ("\"是\"", As::Bool, Ok(true)),
        ] {
            let how = How { steps: vec![step], ..How::default() };
            let found = convert(Json::of(json), &blocked, &how);
            let found = found.map(|taken| taken.map(|taken| taken.value)).map_err(|(_, why)| why);
            let expected = expected.map(|truth| Some(Value::Bool(truth))).map_err(Into::into);
            assert_eq!(found, expected, "{json}");
        }
    }

    #[test]
    fn who_has_no_value_where_it_says_who_may_sign_in_is_neither_let_in_nor_shut_out() {
        let blocked = Field { means: "blocked", name: "blocked", ..field(Type::Bool, Format::Any) };
        for json in ["null", "\"\"", "\"  \""] {
            let of = |steps: &[As], default| {
                let how = How { steps: steps.to_vec(), default, ..How::default() };
                convert(Json::of(json), &blocked, &how).map(|taken| taken.map(|taken| taken.value))
            };
            let not = &[As::Trim, As::Not];
            let (_, why) = of(not, None).expect_err(json);
            assert!(why.starts_with(UNKNOWN_STATE) && why.contains("default = true"), "{why}");
            for truth in [true, false] {
                let default = Some(Constant::Bool(truth));
                assert_eq!(of(not, default), Ok(Some(Value::Bool(truth))), "{json}");
            }
            // A column that says who may not: whoever is not in it may.
            assert_eq!(of(&[As::Trim, As::Bool], None), Ok(None), "{json}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_way_out() {
        for (json, ty, how, message) in [
            (
                "\"4\"",
                Type::Int,
                None,
                "text, where a whole number is expected; the mapping can convert it: as = \"int\"",
            ),
            ("\"twelve\"", Type::Int, None, "text, where a whole number is expected"),
            ("\"2147483648\"", Type::Int, None, "text, where a whole number is expected"),
            ("\"maybe\"", Type::Bool, None, "text, where true or false is expected"),
            ("2", Type::Bool, None, "a number, where true or false is expected"),
            (
                "\"Yes\"",
                Type::Bool,
                None,
                "text, where true or false is expected; the mapping can convert it: as = \"bool\"",
            ),
            ("4.5", Type::Int, None, "a number that is not whole"),
            ("15e-2", Type::Int, None, "a number that is not whole"),
            ("2147483648", Type::Int, None, "a number beyond the 32 bits that the field takes"),
            (
                "1e99999999999999999999",
                Type::Int,
                None,
                "a number beyond the 32 bits that the field takes",
            ),
            ("true", Type::Int, None, "a truth value, where a whole number is expected"),
            ("\"four\"", Type::Int, Some(As::Int), "a text that is no whole number"),
            (
                "1",
                Type::Bool,
                None,
                "a number, where true or false is expected; the mapping can convert it: \
                 as = \"bool\"",
            ),
            ("\"maybe\"", Type::Bool, Some(As::Not), "a text that means neither true nor false"),
            ("2", Type::Bool, Some(As::Not), "a number that is neither 1 nor 0"),
            ("\"maybe\"", Type::Bool, Some(As::Bool), "a text that means neither true nor false"),
            (
                "true",
                Type::Text,
                None,
                "a truth value, where text is expected; the mapping can convert it: as = \"text\"",
            ),
            ("{}", Type::Text, None, "an object, where text is expected"),
            ("\"a\"", Type::TextList, None, "text, where a list of texts is expected"),
            ("[true]", Type::TextList, None, "a truth value in a list that takes only texts"),
        ] {
            assert_eq!(converted(json, ty, how), Err(message.to_owned()), "{json} as {ty:?}");
        }
    }
}
