//! Dates such as 03/04/2024, whose day and month could be either: how they are written, and which order the
//! values prove.

use crate::values::{DateForm, Wanted};

/// Which number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

/// How such a date is written: `//%Y %H:%M` stands for `%d/%m/%Y %H:%M` or `%m/%d/%Y %H:%M`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pattern {
    separator: char,
    /// What follows the second separator.
    rest: String,
}

impl Pattern {
    /// The pattern of a text, if it is written so.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (first, rest) = digits(text);
        let separator = rest.chars().next().filter(|c| matches!(c, '/' | '-'))?;
        let (second, rest) = digits(&rest[1..]);
        let (year, rest) = digits(rest.strip_prefix(separator)?);
        if !matches!((first.len(), second.len()), (1 | 2, 1 | 2)) {
            return None;
        }
        let year = match year.len() {
            4 => "%Y",
            2 => "%y",
            _ => return None,
        };
        let rest = format!("{year}{}", time(rest)?);
        Some(Self { separator, rest })
    }

    /// The pattern as `format` takes it.
    pub(super) fn format(&self, order: Order) -> String {
        let (first, second) = match order {
            Order::DayFirst => ("%d", "%m"),
            Order::MonthFirst => ("%m", "%d"),
        };
        format!("{first}{0}{second}{0}{1}", self.separator, self.rest)
    }

    /// Whether years have their century.
    pub(super) fn has_whole_year(&self) -> bool {
        self.rest.starts_with("%Y")
    }

    /// Whether a text of this pattern is a date in such an order.
    fn reads(&self, text: &str, order: Order) -> bool {
        let form = DateForm::new(Some(&self.format(order)), None);
        form.is_ok_and(|form| form.convert(text, Wanted::Moment).is_ok())
    }
}

/// How many values of a pattern are dates in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) all: u64,
    /// Those whose first number can only be the day.
    day_first: u64,
    month_first: u64,
}

impl Orders {
    /// Counts a text of this pattern; false if it is a date in neither order.
    pub(super) fn add(&mut self, pattern: &Pattern, text: &str) -> bool {
        let (day, month) =
            (pattern.reads(text, Order::DayFirst), pattern.reads(text, Order::MonthFirst));
        self.all += u64::from(day || month);
        self.day_first += u64::from(day && !month);
        self.month_first += u64::from(month && !day);
        day || month
    }

    /// The order that the values prove. Of fifty that prove one, one may be a mistake of its record.
    pub(super) fn certain(&self) -> Option<Order> {
        match (self.day_first, self.month_first) {
            (0, 0) => None,
            (days, months) if months * 50 <= days => Some(Order::DayFirst),
            (days, months) if days * 50 <= months => Some(Order::MonthFirst),
            _ => None,
        }
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// How the time behind a date is written.
fn time(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let between = ["T", ", ", " "].into_iter().find(|between| text.starts_with(between))?;
    let clock = text[between.len()..].trim_start();
    let (_, rest) = digits(clock);
    let (minute, mut rest) = digits(rest.strip_prefix(':')?);
    let mut pattern = "%M".to_owned();
    if minute.len() != 2 {
        return None;
    }
    if let Some(after) = rest.strip_prefix(':') {
        let (second, after) = digits(after);
        let fraction = after.strip_prefix('.').map(digits);
        pattern.push_str(if fraction.is_some() { ":%S%.f" } else { ":%S" });
        rest = fraction.map_or(after, |(_, after)| after);
        if second.len() != 2 {
            return None;
        }
    }
    let space = if rest.starts_with(' ') { " " } else { "" };
    match rest.trim_start() {
        "" => Some(format!("{between}%H:{pattern}")),
        half if ["am", "pm"].contains(&half.to_ascii_lowercase().as_str()) => {
            Some(format!("{between}%I:{pattern}{space}%p"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_of_a_date_is_told_with_its_time() {
        for (text, expected) in [
            ("13/02/2024", "%d/%m/%Y"),
            ("1/2/2024", "%d/%m/%Y"),
            ("13-02-2024", "%d-%m-%Y"),
            ("13/02/24", "%d/%m/%y"),
            ("13/02/2024 08:15", "%d/%m/%Y %H:%M"),
            ("13/02/2024 8:15:30", "%d/%m/%Y %H:%M:%S"),
            ("13/02/2024T08:15:30.123", "%d/%m/%YT%H:%M:%S%.f"),
            ("13/02/2024, 08:15:30 pm", "%d/%m/%Y, %I:%M:%S %p"),
            ("13/02/2024 08:15AM", "%d/%m/%Y %I:%M%p"),
        ] {
            let pattern = Pattern::of(text).expect(text);
            assert_eq!(pattern.format(Order::DayFirst), expected);
            let mut orders = Orders::default();
            assert!(orders.add(&pattern, text), "{text}");
        }
        for text in [
            "",
            "13.02.2024",
            "2024/02/13",
            "13/02",
            "13/02-2024",
            "13/02/2024 x",
            "13/02/2024 08",
            "1中",
        ] {
            assert_eq!(Pattern::of(text), None, "{text}");
        }
    }

    #[test]
    fn an_order_is_certain_where_days_above_twelve_prove_it() {
        use Order::{DayFirst, MonthFirst};
        let certain = |days: u64, months: u64, either: u64| {
            let mut orders = Orders::default();
            let pattern = Pattern::of("01/02/2024").expect("a pattern");
            for (text, n) in [("13/02/2024", days), ("02/13/2024", months), ("01/02/2024", either)]
            {
                (0..n).for_each(|_| assert!(orders.add(&pattern, text)));
            }
            assert!(!orders.add(&pattern, "13/13/2024"));
            assert_eq!(orders.all, days + months + either);
            orders.certain()
        };
        for (days, months, either, expected) in [
            (1, 0, 9, Some(DayFirst)),
            (0, 1, 9, Some(MonthFirst)),
            (0, 0, 9, None),
            (1, 1, 9, None),
            (49, 1, 0, None),
            (50, 1, 0, Some(DayFirst)),
            (1, 50, 0, Some(MonthFirst)),
        ] {
            assert_eq!(certain(days, months, either), expected, "{days} {months}");
        }
    }
}
