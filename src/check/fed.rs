//! Which of the provider's fields a field of the record feeds.

use crate::mapping::{Mapping, Rule as MappingRule, feeds, is_secret_name};
use crate::schema::Schema;

/// The columns that a copy of the raw record goes without; never with the password.
pub(super) fn left_out<'a>(
    mapping: &'a Mapping,
    without: &'a [String],
    schema: &Schema,
) -> Vec<&'a str> {
    let mut names: Vec<&str> = without.iter().map(String::as_str).collect();
    for secret in mapping.secrets(schema) {
        if !names.contains(&secret) {
            names.push(secret);
        }
    }
    names
}

/// What a field of the record feeds: by a column or a program, else as a part of a copy of the whole.
pub(crate) fn mapped_to(mapping: &Mapping, name: &str, schema: &Schema) -> Vec<String> {
    let fed_by = |is_fed: &dyn Fn(&MappingRule) -> bool| -> Vec<String> {
        let rules = mapping.rules().iter().filter(|(_, rule)| is_fed(rule));
        rules.map(|(field, _)| field.clone()).collect()
    };
    let columns = fed_by(&|rule| match rule {
        rule if rule.region_column().is_some_and(|column| feeds(name, column)) => true,
        MappingRule::Column { from, .. } => feeds(name, from),
        MappingRule::Password(password) => password.columns().any(|column| feeds(name, column)),
        MappingRule::Jq { program, .. } => program.paths().iter().any(|path| feeds(name, path)),
        _ => false,
    });
    if !columns.is_empty() {
        return columns;
    }
    fed_by(&|rule| match rule {
        MappingRule::Raw { without } => {
            !is_secret_name(name) && !left_out(mapping, without, schema).contains(&name)
        }
        _ => false,
    })
}
