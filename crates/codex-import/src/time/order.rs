//! Which number is the day, found from all dates of a file.

use chrono::NaiveDate;

use super::moment::{Date, DateOrder, Numeric};

/// What the dates of a file have shown so far.
#[derive(Debug, Default)]
pub(crate) struct OrderEvidence {
    orders: [Seen; 3],
    /// The first date that the orders read differently, and where it stands.
    example: Option<(usize, Numeric)>,
    dates: usize,
}

#[derive(Debug)]
struct Seen {
    possible: bool,
    /// How often a date lay before the one before it.
    backwards: usize,
    latest: Option<NaiveDate>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            possible: true,
            backwards: 0,
            latest: None,
        }
    }
}

/// Why no order could be found: the line of an example, and what to do.
pub(crate) type Undecided = (usize, String);

impl OrderEvidence {
    pub fn add(&mut self, line: usize, date: Date) {
        let Date::Numeric(numeric) = date else { return };
        // A date with dots is day first by itself, unless its first number cannot be a day.
        self.dates += 1;
        let days = DateOrder::ALL.map(|order| numeric.day(order));
        let differs = days
            .iter()
            .flatten()
            .any(|day| Some(day) != days.iter().flatten().next());
        if differs && self.example.is_none() {
            self.example = Some((line, numeric));
        }
        for (seen, day) in self.orders.iter_mut().zip(days) {
            match day {
                Some(day) => {
                    seen.backwards += usize::from(seen.latest.is_some_and(|latest| day < latest));
                    seen.latest = Some(day);
                }
                None => seen.possible = false,
            }
        }
    }

    /// The order in which all dates exist; of several the one in which they follow one another. `None` where it does not
    /// matter.
    pub fn decide(&self) -> Result<Option<DateOrder>, Undecided> {
        if self.dates == 0 {
            return Ok(None);
        }
        let mut left: Vec<_> = DateOrder::ALL
            .into_iter()
            .zip(&self.orders)
            .filter(|(_, seen)| seen.possible)
            .collect();
        if left.is_empty() {
            let Some((line, example)) = self.example else {
                return Ok(None);
            };
            return Err((
                line,
                format!(
                    "some dates (such as {}) are day/month and some month/day: write them as YYYY-MM-DD, split the file, or give --date-order",
                    text(example)
                ),
            ));
        }
        // 24/03/05 with the year first is rare: only where nothing else can be.
        if left.len() > 1 {
            left.retain(|(order, _)| *order != DateOrder::YearFirst);
        }
        let dotted = self
            .example
            .is_none_or(|(_, example)| example.separator == '.');
        match left.as_slice() {
            [(order, _)] => Ok(Some(*order)),
            [(day_first, day), (month_first, month)] => match self.example {
                None => Ok(None),
                Some(_) if day.backwards == 0 && month.backwards > 0 => Ok(Some(*day_first)),
                Some(_) if month.backwards == 0 && day.backwards > 0 && !dotted => {
                    Ok(Some(*month_first))
                }
                Some(_) if dotted => Ok(Some(*day_first)),
                Some((line, example)) => Err((
                    line,
                    format!(
                        "cannot tell whether {} is day/month or month/day, and no other line shows it: give --date-order dmy or mdy, or write YYYY-MM-DD",
                        text(example)
                    ),
                )),
            },
            _ => Ok(None),
        }
    }
}

fn text(numeric: Numeric) -> String {
    let [a, b, c] = numeric.parts;
    let separator = numeric.separator;
    format!("{a:02}{separator}{b:02}{separator}{c:02}")
}
