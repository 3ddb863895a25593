//! What the cells of a CSV file are read as: CSV has no types, so the target's field decides.

use super::{Mapping, Rule};
use crate::input::Cell;
use crate::schema::{Schema, Type};

impl Mapping {
    /// The columns that feed a truth value or a whole number as they are, without a conversion that
    /// is asked for by name. A column that feeds fields of several types stays text.
    pub fn cells(&self, schema: &Schema) -> Vec<(String, Cell)> {
        let mut cells: Vec<(String, Cell)> = Vec::new();
        for (_, rule) in self.rules() {
            let Rule::Column { from, .. } = rule else { continue };
            if let Some(cell) = self.cell(from, schema)
                && !cells.iter().any(|(column, _)| column == from)
            {
                cells.push((from.clone(), cell));
            }
        }
        cells
    }

    fn cell(&self, column: &str, schema: &Schema) -> Option<Cell> {
        let mut fed =
            self.rules().iter().filter(|(_, rule)| rule.reads(column)).map(|(field, rule)| {
                let converted = matches!(rule, Rule::Column { how, .. } if !how.steps.is_empty());
                match schema.field(field)?.ty {
                    Type::Bool if !converted => Some(Cell::Bool),
                    Type::Int if !converted => Some(Cell::Int),
                    _ => None,
                }
            });
        let first = fed.next()??;
        fed.all(|cell| cell == Some(first)).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{As, How};
    use crate::provider::authing::fields::V2;

    fn cells(rules: &[(&str, &str, Option<As>)]) -> Vec<(String, Cell)> {
        let rule = |(field, from, step): &(&str, &str, Option<As>)| {
            let how = How { steps: step.iter().cloned().collect(), ..How::default() };
            ((*field).to_owned(), Rule::Column { from: (*from).to_owned(), how })
        };
        Mapping::new(rules.iter().map(rule).collect()).cells(&V2)
    }

    #[test]
    fn the_field_decides_what_a_column_is_read_as() {
        let column = |name: &str, cell| vec![(name.to_owned(), cell)];
        let verified = || ("emailVerified", "ok", None);
        let count = ("loginsCount", "n", None);
        assert_eq!(cells(&[verified()]), column("ok", Cell::Bool));
        assert_eq!(cells(&[count, ("email", "mail", None)]), column("n", Cell::Int));
        assert_eq!(cells(&[verified(), ("phoneVerified", "ok", None)]), column("ok", Cell::Bool));
        assert_eq!(cells(&[("loginsCount", "n", Some(As::Int))]), []);
        assert_eq!(cells(&[verified(), ("nickname", "ok", None)]), [], "it is text elsewhere");
        assert_eq!(cells(&[("password", "pwd", None), ("nowhere", "x", None)]), []);
    }
}
