//! Where each value of a user comes from, for people.

use super::{As, Mapping, Rule, Source};
use crate::schema::Schema;
use crate::values::phone;

/// What a rule of the mapping came to for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced<'a> {
    /// The provider's field.
    pub field: &'a str,
    pub origin: Origin<'a>,
    pub conversions: Vec<&'static str>,
    pub has_value: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    Column(&'a str),
    Default,
    Constant,
    Jq,
    /// A copy of the record.
    Raw,
    /// The country code of a phone number.
    CountryCode,
}

impl Mapping {
    /// What each rule comes to for a record, in the order of the mapping, the password too. Empty for
    /// what is no record.
    pub fn trace<'a>(&'a self, raw: &[u8], schema: &'a Schema) -> Vec<Traced<'a>> {
        let Ok(source) = Source::of(raw) else { return Vec::new() };
        let mut all = Vec::new();
        let has_code = self.code(&source, schema).is_some();
        for (name, rule) in &self.rules {
            if name == schema.password_field {
                let has_value = super::password(&source, rule).is_ok_and(|p| p.is_some());
                let origin = match rule.column_name() {
                    Some(column) => Origin::Column(column),
                    None => Origin::Jq,
                };
                all.push(traced(name, origin, rule, has_value));
                continue;
            }
            let Some(field) = schema.field(name) else { continue };
            let taken = self.take(&source, rule, field, schema).ok().flatten();
            let is_default = taken.as_ref().is_some_and(|taken| taken.is_default);
            let origin = match rule {
                _ if is_default => Origin::Default,
                Rule::Column { from, .. } => Origin::Column(from),
                Rule::Password(_) => Origin::Column(self.source_name(name)),
                Rule::Jq { .. } => Origin::Jq,
                Rule::Constant(_) => Origin::Constant,
                Rule::Raw { .. } => Origin::Raw,
            };
            all.push(traced(name, origin, rule, taken.is_some()));
            let own = taken.and_then(|taken| taken.country);
            if let Some(code) = schema.phone_country_field
                && own.is_some_and(|own| !has_code && !phone::goes_without(&own))
            {
                all.push(traced(code, Origin::CountryCode, rule, true));
            }
        }
        all
    }
}

fn traced<'a>(field: &'a str, origin: Origin<'a>, rule: &Rule, has_value: bool) -> Traced<'a> {
    if let Rule::Password(password) = rule {
        return Traced { field, origin, conversions: vec![password.what()], has_value };
    }
    let steps = rule.how().filter(|_| matches!(origin, Origin::Column(_) | Origin::Jq));
    let conversions = steps.map_or_else(Vec::new, |how| how.steps.iter().map(As::as_str).collect());
    Traced { field, origin, conversions, has_value }
}
