//! Numbers in digits and words.

/// A count: `3`, "three", "a", "a couple of" (the words after it are the caller's), "several".
pub(super) fn count(word: &str) -> Option<i64> {
    Some(match word {
        "a" | "an" | "one" => 1,
        "two" | "couple" => 2,
        "three" | "few" => 3,
        "four" => 4,
        "five" | "several" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "eleven" => 11,
        "twelve" => 12,
        "fifteen" => 15,
        "twenty" => 20,
        "thirty" => 30,
        "forty" => 40,
        "fifty" => 50,
        "hundred" => 100,
        _ => return digits(word, 4),
    })
}

/// A number of at most `most` digits.
pub(super) fn digits(word: &str, most: usize) -> Option<i64> {
    let numeric =
        !word.is_empty() && word.len() <= most && word.bytes().all(|b| b.is_ascii_digit());
    numeric.then(|| word.parse().ok()).flatten()
}

/// A day of the month: `8`, `8th`, "first".
pub(super) fn day_of_month(word: &str) -> Option<u32> {
    let day = match word {
        "first" => 1,
        "second" => 2,
        "third" => 3,
        "fourth" => 4,
        "fifth" => 5,
        _ => digits(word.strip_suffix("th").unwrap_or(word), 2)?,
    };
    u32::try_from(day).ok().filter(|day| (1..=31).contains(day))
}

/// A year in four digits, 1000 to 9999; as a bare number only years people talk about, 1800 to 2199.
pub(super) fn year(word: &str, bare: bool) -> Option<i32> {
    let year = digits(word, 4).filter(|_| word.len() == 4)?;
    let range = if bare { 1800..=2199 } else { 1..=9999 };
    range
        .contains(&year)
        .then_some(i32::try_from(year).ok())
        .flatten()
}
