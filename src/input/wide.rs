//! Rows with more cells than there are columns: where many have, some cell holds what separates cells, and the
//! export put no quotes around it.

use super::Reader;
use crate::words::{counted, grouped};

/// One in so many rows may be a mistake of its own.
const FEW: u64 = 10;

/// How many rows have more cells than there are columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Widths {
    rows: u64,
    wide: u64,
    /// How many cells the first of those has, and whether all have as many.
    cells: usize,
    differ: bool,
}

impl Widths {
    /// Takes note of a row.
    pub(super) fn see(&mut self, cells: usize, columns: usize) {
        self.rows += 1;
        if cells > columns {
            self.differ |= self.wide > 0 && cells != self.cells;
            self.cells = cells;
            self.wide += 1;
        }
    }

    /// How many are so, if they are many, with the way out. `names` is what has so many columns.
    fn told(&self, are_tabs: bool, columns: usize, names: &str) -> Option<String> {
        if self.wide < 2 || self.wide * FEW < self.rows {
            return None;
        }
        let what = if self.differ {
            format!("more cells than {names} ({columns})")
        } else {
            format!("{} cells, {names} {columns}", self.cells)
        };
        let way_out = if are_tabs {
            "a cell holds a tab without quotes around it; export with quotes, or as JSON"
        } else {
            "a cell holds the delimiter without quotes around it; export with quotes (SQL Server Management Studio: \
             Tools, Options, Query Results, SQL Server, Results to Grid, 'Quote strings containing list separators \
             when saving .csv results'), or with tabs"
        };
        let (wide, rows) = (grouped(self.wide), counted(self.rows, "row"));
        Some(format!("{wide} of {rows} have {what}: {way_out}"))
    }
}

impl Reader {
    /// What many rows with more cells than the header mean, with their number: of those read so far, or of the
    /// first ones if none was read yet.
    pub(crate) fn wide_rows(&self) -> Option<(u64, String)> {
        let rows = self.rows.as_ref()?;
        let super::Layout::Rows { delimiter, header, is_named, .. } = &self.layout else {
            return None;
        };
        let names = if *is_named { "--columns" } else { "the header" };
        let widths = rows.widths();
        Some((widths.wide, widths.told(delimiter.is_tab(), header.len(), names)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_that_are_too_wide_are_told_with_their_number() {
        let told = |counts: &[usize]| {
            let mut widths = Widths::default();
            for cells in counts {
                widths.see(*cells, 3);
            }
            widths.told(false, 3, "the header")
        };
        let all = told(&[4; 1_200]).unwrap();
        assert!(all.starts_with("1,200 of 1,200 rows have 4 cells, the header 3: "), "{all}");
        let half = told(&[4, 3, 5, 3]).unwrap();
        assert!(half.starts_with("2 of 4 rows have more cells than the header (3): "), "{half}");
        for few in [&[][..], &[4], &[3, 2, 1], &[4, 3, 3, 3, 3, 3, 3, 3, 3, 3]] {
            assert_eq!(told(few), None, "{few:?}");
        }
    }
}
