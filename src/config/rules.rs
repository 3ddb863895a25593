//! Rules of a mapping, as they stand in a file; and those that are usual for a provider.

use crate::mapping::{Mapping, Rule};
use crate::provider::Provider;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// The mapping where none is written. A test holds that each provider's can be read.
pub(super) fn usual(provider: &Provider) -> Mapping {
    let table = DeTable::parse(provider.mapping).ok();
    let rules = table.iter().flat_map(|table| in_order(table.get_ref()));
    let rules = rules.map(|(name, value)| {
        let rule = Rule::from_json(&json(value.get_ref())).ok()?;
        Some((name.get_ref().as_ref().to_owned(), rule))
    });
    Mapping::new(rules.flatten().collect())
}

/// The members of a table in the order of the file.
pub(super) fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(name, _)| name.span().start);
    members
}

/// A rule as JSON has it.
pub(super) fn json(value: &DeValue<'_>) -> serde_json::Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(truth) => (*truth).into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(serde_json::Value::Null, Into::into),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => in_order(table)
            .into_iter()
            .map(|(name, value)| (name.get_ref().as_ref().to_owned(), json(value.get_ref())))
            .collect(),
        // No rule takes these; null makes the rule say what it takes.
        DeValue::Float(_) | DeValue::Datetime(_) => serde_json::Value::Null,
    }
}
