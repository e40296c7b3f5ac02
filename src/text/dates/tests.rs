use super::*;
use chrono::NaiveDate;
use proptest::prelude::*;

fn at(text: &str) -> NaiveDateTime {
    let text = if text.len() == 10 {
        format!("{text}T00:00")
    } else {
        text.to_owned()
    };
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M").unwrap()
}

/// A Wednesday.
fn now() -> NaiveDateTime {
    at("2023-05-10T14:30")
}

/// `text` holds exactly the expression between the bars, of the given range.
#[track_caller]
fn means(text: &str, start: &str, end: &str) {
    let bare = text.replace('|', "");
    let expected = text.split('|').nth(1).unwrap_or(text);
    let found = time_expressions(&bare, now());
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    assert_eq!(found[0].text, expected, "{text}");
    assert_eq!(
        (found[0].start, found[0].end),
        (at(start), at(end)),
        "{text}"
    );
}

#[test]
fn days_are_counted_from_the_day_of_writing() {
    means("I went |yesterday|.", "2023-05-09", "2023-05-10");
    means("|Today|'s the day", "2023-05-10", "2023-05-11");
    means(
        "|Tomorrow morning| we leave",
        "2023-05-11T06:00",
        "2023-05-11T12:00",
    );
    means("see you |tonight|", "2023-05-10T18:00", "2023-05-11T06:00");
    means(
        "|last night| was long",
        "2023-05-09T18:00",
        "2023-05-10T06:00",
    );
    means("|the day before yesterday|", "2023-05-08", "2023-05-09");
    means("|this afternoon|", "2023-05-10T12:00", "2023-05-10T18:00");
    means("we talked |three days ago|", "2023-05-07", "2023-05-08");
    means(
        "in winter we ski, |a few days ago| too",
        "2023-05-07",
        "2023-05-08",
    );
}

#[test]
fn weekdays_and_weeks_follow_last_this_and_next() {
    means("|last Friday|", "2023-05-05", "2023-05-06");
    means("|last Wednesday|", "2023-05-03", "2023-05-04");
    means("|next Monday| at the latest", "2023-05-15", "2023-05-16");
    means("|this Friday|", "2023-05-12", "2023-05-13");
    means("on |Friday night|", "2023-05-12T18:00", "2023-05-13T06:00");
    means("on |Monday|", "2023-05-08", "2023-05-09");
    means("|last week|", "2023-05-01", "2023-05-08");
    means("|next weekend|", "2023-05-20", "2023-05-22");
    means("|two weeks ago|", "2023-04-24", "2023-05-01");
    means("|a couple of weeks ago|", "2023-04-24", "2023-05-01");
    means("|In two weeks| I move", "2023-05-22", "2023-05-29");
    means(
        "|the past two weeks|",
        "2023-04-26T14:30",
        "2023-05-10T14:30",
    );
}

#[test]
fn months_years_and_seasons_are_whole() {
    means("|last month|", "2023-04-01", "2023-05-01");
    means("|next year|", "2024-01-01", "2025-01-01");
    means("we met |3 years ago|", "2020-01-01", "2021-01-01");
    means("a trip |in 2022|", "2022-01-01", "2023-01-01");
    means("lived there |since 2016|", "2016-01-01", "2017-01-01");
    means("|May 2023|", "2023-05-01", "2023-06-01");
    means("in |December|", "2022-12-01", "2023-01-01");
    means("|next March|", "2024-03-01", "2024-04-01");
    means("|last summer|", "2022-06-01", "2022-09-01");
    means("|this summer|", "2023-06-01", "2023-09-01");
    means("the |summer of 2021|", "2021-06-01", "2021-09-01");
    means("music of |the 1990s|", "1990-01-01", "2000-01-01");
    means("music of |the 90s|", "1990-01-01", "2000-01-01");
}

#[test]
fn dates_are_read_in_any_usual_order() {
    for text in [
        "|8 May 2023|",
        "on |the 8th of May, 2023|",
        "|May 8, 2023|",
        "|May 8th 2023|",
        "|2023-05-08|",
        "|8.5.2023|",
        "|5/8/2023|",
        "|08 may 2023|",
        "on |May 8th|",
        "on |8 May|.",
    ] {
        means(text, "2023-05-08", "2023-05-09");
    }
    means("|25/12/2022|", "2022-12-25", "2022-12-26");
    means("|Dec. 3|", "2022-12-03", "2022-12-04");
    means("|Christmas|", "2022-12-25", "2022-12-26");
    means("|New Year's Eve|", "2022-12-31", "2023-01-01");
}

#[test]
fn clock_times_narrow_the_day_beside_them() {
    means("call me |at 5pm|", "2023-05-10T17:00", "2023-05-10T18:00");
    means(
        "|at 5:30 p.m. tomorrow|",
        "2023-05-11T17:30",
        "2023-05-11T17:31",
    );
    means(
        "|tomorrow at 17:05|",
        "2023-05-11T17:05",
        "2023-05-11T17:06",
    );
    means(
        "|8 May 2023 at 9 am|",
        "2023-05-08T09:00",
        "2023-05-08T10:00",
    );
    means(
        "|at noon on Friday|",
        "2023-05-12T12:00",
        "2023-05-12T13:00",
    );
    means("|12am|", "2023-05-10", "2023-05-10T01:00");
    means("|two hours ago|", "2023-05-10T12:00", "2023-05-10T13:00");
    means("|ten minutes ago|", "2023-05-10T14:20", "2023-05-10T14:21");
}

#[test]
fn words_that_only_look_like_times_are_left_alone() {
    for text in [
        "",
        "May I come in?",
        "it may rain, we march on",
        "he sat in the sun",
        "I have 3 cats and 2023 reasons",
        "the second day of school",
        "version 1.2.3 of the app",
        "at 25:00 or 13pm",
        "for three years",
        "the other day",
        "99999999999999 days ago",
        "9999 centuries ago",
        "a few times",
        "a minute",
        "everyday",
        "0000-01-01",
        "she is one in a million",
    ] {
        assert_eq!(time_expressions(text, now()), [], "{text}");
    }
}

#[test]
fn several_expressions_come_in_order_without_overlap() {
    let found = time_expressions(
        "Yesterday we met, next Friday we fly, in 2024 we marry.",
        now(),
    );
    let texts: Vec<_> = found.iter().map(|time| time.text.as_str()).collect();
    assert_eq!(texts, ["Yesterday", "next Friday", "in 2024"]);
}

#[test]
fn the_header_of_a_memory_has_the_terms_people_search_a_day_by() {
    assert_eq!(header_terms(at("2023-05-08T23:59")), ["8", "may", "2023"]);
    assert_eq!(
        header_terms(at("2023-07-01")),
        super::super::terms("1 July 2023")
    );
}

proptest! {
    #[test]
    fn no_text_and_no_year_panics(
        words in prop::collection::vec(prop::sample::select(vec![
            "last", "next", "this", "the", "in", "at", "9999", "0001", "1", "31", "Friday", "May", "week", "years", "ago",
            "decades", "centuries", "century", "tomorrow", "tonight", "summer", "Christmas", "5pm", "12:59", "s", "of", "90",
            "2023-12-31", "yesterday", "night", "hundred", "é", ",", ".", "from", "now", "past",
        ]), 0..12),
        noise in "\\PC{0,30}",
        year in 1i32..=9999, ordinal in 1u32..=365, minute in 0u32..1440,
    ) {
        let now = NaiveDate::from_yo_opt(year, ordinal).unwrap().and_hms_opt(minute / 60, minute % 60, 0).unwrap();
        let text = format!("{} {noise}", words.join(" "));
        let mut last = 0;
        for time in time_expressions(&text, now) {
            prop_assert!(time.start < time.end && time.start.year() >= 1 && time.end.year() <= 10_000);
            let at = text[last..].find(&time.text);
            prop_assert!(at.is_some());
            last += at.unwrap_or(0);
        }
        header_terms(now);
    }

    #[test]
    fn absurd_clocks_do_not_panic(seconds in proptest::num::i64::ANY) {
        if let Some(moment) = chrono::DateTime::from_timestamp(seconds >> 10, 0) {
            time_expressions("yesterday, last week, next summer, 3 years ago, the past 9999 decades, at 5pm, on Friday", moment.naive_utc());
            header_terms(moment.naive_utc());
        }
    }
}

#[test]
fn the_ends_of_chronos_calendar_do_not_panic() {
    for now in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
        for text in [
            "yesterday",
            "tomorrow",
            "last week",
            "this month",
            "Friday",
            "in 5 years",
            "last summer",
            "5pm",
            "tonight",
        ] {
            assert_eq!(time_expressions(text, now), [], "{text}");
        }
    }
}
