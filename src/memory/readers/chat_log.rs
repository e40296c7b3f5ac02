//! Chat logs as plain text: `[2024-03-05 14:30] Ann: hello`, `2024-03-05T14:30:00Z Ann: hello`, and WhatsApp's
//! `05/03/2024, 14:30 - Ann: hello`. Lines without a time stamp belong to the message before them.

use std::io::{self, BufRead};
use std::path::PathBuf;

use super::clock::{Clock, no_such};
use super::draft::{Draft, MAX_CONTENT_BYTES};
use super::lines::{self, Lines};
use super::moment::{self, Date, DateOrder, Impossible, Moment};
use super::source::{Source, unreadable};
use super::{Item, Origin};

/// The messages of a chat log.
pub(super) fn read(source: Source) -> impl Iterator<Item = Item> + Send {
    let Source {
        path,
        mut input,
        mut clock,
        ..
    } = source;
    // Which number is the day shows in the file as a whole, so it is read twice.
    let order = date_order(&mut input, clock.order)
        .and_then(|order| io::Seek::rewind(&mut input).map(|()| order));
    let mut early = None;
    match order {
        Ok(Ok(order)) => clock.order = order,
        Ok(Err((line, reason))) => early = Some(Item::reject(&path, line, None, reason)),
        Err(error) => early = Some(unreadable(&path, 1, &error)),
    }
    let done = early.is_some();
    let mut log = ChatLog {
        path,
        clock,
        lines: Lines::new(input),
        current: None,
        done,
    };
    std::iter::from_fn(move || early.take().or_else(|| log.next()))
}

/// Whether a line begins with a time stamp of one of the kinds.
pub(super) fn is_stamped(line: &str, clock: Clock) -> bool {
    matches!(stamp(line), Some(Ok(found)) if found.moment.date.resolve(clock.order).is_none_or(|date| date.is_ok()))
}

/// A line that begins a message.
struct Stamp<'a> {
    moment: Moment,
    rest: &'a str,
}

/// The time stamp of a line: in brackets, in year-first order, or as WhatsApp has it, followed by a dash.
fn stamp(line: &str) -> Option<Result<Stamp<'_>, Impossible>> {
    // WhatsApp marks the direction of some lines.
    let line = line.trim_start_matches(['\u{200e}', '\u{200f}', '\u{202a}', ' ']);
    if let Some(inside) = line.strip_prefix('[') {
        let (moment, rest) = match moment::leading(inside) {
            Ok(found) => found?,
            Err(impossible) => return inside.contains(']').then_some(Err(impossible)),
        };
        let rest = rest.trim_start().strip_prefix(']')?;
        return Some(Ok(Stamp {
            moment,
            rest: rest.trim_start(),
        }));
    }
    // A sentence may begin with a date in words; a time stamp begins with digits and has a time.
    if !line.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let year_first = line.bytes().take_while(u8::is_ascii_digit).count() == 4;
    let (moment, rest) = match moment::leading(line) {
        Ok(found) => found?,
        Err(impossible) => {
            // Only what would have been a stamp otherwise; "1/2/2024 25:00" in a message is a message.
            let rest = &line[impossible.0.len().min(line.len())..];
            return (year_first && impossible.0.len() >= 8 && rest.contains(':'))
                .then_some(Err(impossible));
        }
    };
    moment.time?;
    let dashed = rest
        .trim_start()
        .strip_prefix("- ")
        .or_else(|| rest.trim_start().strip_prefix("– "));
    match (dashed, year_first) {
        (Some(rest), _) => Some(Ok(Stamp {
            moment,
            rest: rest.trim_start(),
        })),
        (None, true) if rest.is_empty() || rest.starts_with([' ', '\t']) => Some(Ok(Stamp {
            moment,
            rest: rest.trim_start(),
        })),
        _ => None,
    }
}

/// The name before the first colon, if it looks like one: short, and followed by a space or the line's end.
fn speaker(rest: &str) -> (Option<&str>, &str) {
    let Some((name, text)) = rest.split_once(':') else {
        return (None, rest);
    };
    let name = name.trim_matches([' ', '\u{200e}', '<', '>']);
    let is_name = !name.is_empty()
        && name.chars().count() <= 60
        && name.split_whitespace().count() <= 5
        && (text.is_empty() || text.starts_with([' ', '\t', '\u{200e}']))
        && name.starts_with(|c: char| c.is_alphanumeric() || "+~@_".contains(c));
    if is_name {
        (Some(name), text.trim_start_matches([' ', '\t', '\u{200e}']))
    } else {
        (None, rest)
    }
}

/// A line, and why the file cannot be read.
type Problem = (usize, String);

/// The order of day and month: the one stated, or the one that the numbers show, or the only one in which the
/// messages follow one another. `None` where it does not matter.
fn date_order(
    input: impl BufRead,
    stated: Option<DateOrder>,
) -> io::Result<Result<Option<DateOrder>, Problem>> {
    if stated.is_some() {
        return Ok(Ok(stated));
    }
    let mut lines = Lines::new(input);
    let mut example: Option<(usize, String)> = None;
    // For either order: may it be, and do the days follow one another?
    let mut orders = [
        (DateOrder::DayFirst, true, true, None),
        (DateOrder::MonthFirst, true, true, None),
    ];
    while let Some(line) = lines.next()? {
        let text = String::from_utf8_lossy(line.bytes);
        let Some(Ok(Stamp {
            moment:
                Moment {
                    date:
                        date @ Date::Numeric {
                            first,
                            second,
                            year,
                        },
                    ..
                },
            ..
        })) = stamp(&text)
        else {
            continue;
        };
        if first != second && example.is_none() {
            example = Some((line.number, format!("{first:02}/{second:02}/{year}")));
        }
        for (order, possible, ordered, latest) in &mut orders {
            match date.resolve(Some(*order)) {
                Some(Ok(day)) => {
                    *ordered &= latest.is_none_or(|latest| latest <= day);
                    *latest = Some(day);
                }
                _ => *possible = false,
            }
        }
    }
    let Some((line, date)) = example else {
        return Ok(Ok(None));
    };
    let [
        (_, day_first, day_ordered, _),
        (_, month_first, month_ordered, _),
    ] = orders;
    Ok(match (day_first, month_first) {
        (true, false) => Ok(Some(DateOrder::DayFirst)),
        (false, true) => Ok(Some(DateOrder::MonthFirst)),
        (true, true) if day_ordered != month_ordered => Ok(Some(if day_ordered {
            DateOrder::DayFirst
        } else {
            DateOrder::MonthFirst
        })),
        (true, true) => Err((
            line,
            format!(
                "cannot tell whether {date} is day/month or month/day, and no other line shows it: state the date order, or write YYYY-MM-DD"
            ),
        )),
        (false, false) => Err((
            line,
            format!(
                "some dates (such as {date}) are day/month and some month/day: write them as YYYY-MM-DD, or split the file"
            ),
        )),
    })
}

struct ChatLog<R> {
    path: PathBuf,
    clock: Clock,
    lines: Lines<R>,
    current: Option<Message>,
    done: bool,
}

/// A message whose lines are still being read.
struct Message {
    line: usize,
    draft: Draft,
    problem: Option<(usize, Option<usize>, String)>,
}

impl<R: BufRead> ChatLog<R> {
    fn next(&mut self) -> Option<Item> {
        while !self.done {
            let number = self.lines.number() + 1;
            let next = match self.lines.next() {
                Ok(None) => {
                    self.done = true;
                    return self
                        .current
                        .take()
                        .map(|message| message.finish(&self.path));
                }
                Err(error) => {
                    self.done = true;
                    return Some(unreadable(&self.path, number, &error));
                }
                Ok(Some(line)) => {
                    let decoded = if line.too_long {
                        Err((None, lines::too_long("line")))
                    } else {
                        lines::utf8(line.bytes, line.offset)
                            .map_err(|(column, reason)| (Some(column), reason))
                    };
                    // Even a broken line may begin a message, which is then the broken one.
                    let text = String::from_utf8_lossy(line.bytes);
                    let problem = decoded
                        .err()
                        .map(|(column, reason)| (number, column, reason));
                    begin(&text, number, self.clock, problem, &mut self.current)
                }
            };
            if let Some(message) = next
                && let Some(done) = self.current.replace(message)
            {
                return Some(done.finish(&self.path));
            }
        }
        None
    }
}

/// The message that a line begins; a line that begins none goes to the current message.
fn begin(
    text: &str,
    line: usize,
    clock: Clock,
    problem: Option<(usize, Option<usize>, String)>,
    current: &mut Option<Message>,
) -> Option<Message> {
    match (stamp(text), current) {
        (Some(Ok(stamp)), _) => {
            let (speaker, content) = speaker(stamp.rest);
            let mut message = Message {
                line,
                draft: Draft::default(),
                problem,
            };
            match clock.utc(&stamp.moment) {
                Ok(time) => message.draft.created_at = Some(time),
                Err(reason) => message.fail(line, reason),
            }
            message.draft.speaker = speaker.map(str::to_owned);
            message.draft.content = content.to_owned();
            Some(message)
        }
        (Some(Err(impossible)), _) => {
            let mut message = Message {
                line,
                draft: Draft::default(),
                problem,
            };
            message.fail(line, no_such(&impossible));
            Some(message)
        }
        (None, Some(message)) => {
            if message.problem.is_none() {
                message.problem = problem;
            }
            message.append(text);
            None
        }
        (None, None) if text.trim().is_empty() && problem.is_none() => None,
        (None, None) => {
            let mut message = Message {
                line,
                draft: Draft::default(),
                problem,
            };
            message.fail(
                line,
                "the text has no time stamp: begin messages with [2024-03-05 14:30] Name: …, or name a note .md".to_owned(),
            );
            Some(message)
        }
    }
}

impl Message {
    fn fail(&mut self, line: usize, reason: String) {
        self.problem.get_or_insert((line, None, reason));
    }

    fn append(&mut self, text: &str) {
        // What is already rejected need not be kept.
        if self.problem.is_none() && self.draft.content.len() <= MAX_CONTENT_BYTES {
            self.draft.content.push('\n');
            self.draft.content.push_str(text);
        }
    }

    fn finish(mut self, path: &std::path::Path) -> Item {
        if let Some((line, column, reason)) = self.problem {
            return Item::reject(path, line, column, reason);
        }
        self.draft
            .content
            .truncate(self.draft.content.trim_end().len());
        if self.draft.content.starts_with('\n') {
            self.draft.content.remove(0);
        }
        self.draft.finish(Origin {
            file: path.to_path_buf(),
            line: self.line,
        })
    }
}
