use super::*;

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
}

fn rhythm(cron: &str, zone: &str) -> Rhythm {
    let text = format!(
        "version: 1\nrhythms:\n  - {{name: r, cycle: working, cron: {cron}, zone: {zone}}}\n"
    );
    read("s.yaml", &text).unwrap().remove(0)
}

fn looks(rhythm: &Rhythm, from: &str, to: &str, zones: &[Tz]) -> Vec<String> {
    let mut found = Vec::new();
    let mut now = at(from);
    while let Some(next) = rhythm.next(now, zones).filter(|next| *next < at(to)) {
        assert!(next > now);
        now = next;
        found.push(next.to_string());
    }
    found
}

#[test]
fn the_schedule_in_the_binary_is_one() {
    let project = crate::engine::Project::load(crate::engine::ProjectSource::Embedded).unwrap();
    let rhythms = of_project(&project).unwrap();
    let names: Vec<&str> = rhythms.iter().map(|r| r.name.as_str()).collect();
    for cycle in CycleType::ALL {
        assert!(names.contains(&cycle.as_str()), "{cycle} in {names:?}");
    }
}

#[test]
fn a_time_that_is_left_out_comes_when_the_clocks_go_on() {
    // Berlin, 29 March 2026: 02:00 becomes 03:00, which is 01:00 UTC.
    let sleep = rhythm("\"0 */15 2 * * *\"", "Europe/Berlin");
    assert_eq!(
        looks(&sleep, "2026-03-28 12:00:00", "2026-03-30 00:30:00", &[]),
        [
            "2026-03-29 01:00:00",
            "2026-03-30 00:00:00",
            "2026-03-30 00:15:00"
        ]
    );
}

#[test]
fn a_time_that_comes_twice_counts_once() {
    // Berlin, 25 October 2026: 02:00-02:59 is both 00:00-00:59 and 01:00-01:59 UTC.
    let sleep = rhythm("\"0 */30 2 * * *\"", "Europe/Berlin");
    assert_eq!(
        looks(&sleep, "2026-10-24 12:00:00", "2026-10-26 00:00:00", &[]),
        ["2026-10-25 00:00:00", "2026-10-25 00:30:00"]
    );
    // Asked within the second of the two hours, it is the next night's.
    assert_eq!(
        sleep.next(at("2026-10-25 01:10:00"), &[]),
        Some(at("2026-10-26 01:00:00"))
    );
}

#[test]
fn a_pattern_of_every_hour_runs_on_through_the_doubled_hour() {
    for (cron, each_hour) in [
        ("*/30 * * * * *", 120),
        ("0 */5 * * * *", 12),
        ("0 0 * * * *", 1),
    ] {
        let rhythm = rhythm(&format!("\"{cron}\""), "Europe/Berlin");
        // Six hours of time, which are five on the clock's face in October and seven in March.
        for day in ["2026-10-25", "2026-03-29", "2026-06-01"] {
            let (from, to) = (format!("{day} 00:00:00"), format!("{day} 06:00:00"));
            let found = looks(&rhythm, &from, &to, &[]);
            assert_eq!(found.len(), 6 * each_hour - 1, "{cron} on {day}");
        }
    }
    let working = rhythm("\"*/30 * * * * *\"", "Europe/Berlin");
    assert_eq!(
        working.next(at("2026-10-25 00:59:40"), &[]),
        Some(at("2026-10-25 01:00:00"))
    );
}

#[test]
fn seconds_go_on_through_a_change_of_clocks() {
    let working = rhythm("\"*/30 * * * * *\"", "UTC");
    let found = looks(&working, "2026-10-25 00:00:00", "2026-10-25 03:00:00", &[]);
    assert_eq!(found.len(), 3 * 120 - 1);
}

#[test]
fn a_rhythm_of_minds_looks_for_each_of_them() {
    let sleep = rhythm("\"0 0 2 * * *\"", "minds");
    let zones = [
        "Asia/Tokyo".parse().unwrap(),
        "Europe/Lisbon".parse().unwrap(),
    ];
    assert_eq!(
        looks(&sleep, "2026-01-10 00:00:00", "2026-01-11 00:00:00", &zones),
        ["2026-01-10 02:00:00", "2026-01-10 17:00:00"]
    );
}

#[test]
fn several_patterns_make_ninety_minutes() {
    let rem = rhythm("[\"0 0 2,5 * * *\", \"0 30 3,6 * * *\"]", "UTC");
    assert_eq!(
        looks(&rem, "2026-01-10 00:00:00", "2026-01-11 00:00:00", &[]),
        [
            "2026-01-10 02:00:00",
            "2026-01-10 03:30:00",
            "2026-01-10 05:00:00",
            "2026-01-10 06:30:00"
        ]
    );
}

#[test]
fn jitter_puts_looks_off_and_loses_none() {
    let mut jittery = rhythm("\"0 * * * * *\"", "UTC");
    jittery.jitter = 90;
    let found = looks(&jittery, "2026-01-10 00:00:00", "2026-01-10 01:00:00", &[]);
    // A look may be put off behind the next one, and then the two are one.
    assert!(found.len() > 30, "{found:?}");
    assert_eq!(
        found,
        looks(&jittery, "2026-01-10 00:00:00", "2026-01-10 01:00:00", &[])
    );
}

#[test]
fn mistakes_have_a_line_and_a_column() {
    for (entry, place, what) in [
        (
            "{name: a, cycle: working, cron: \"* * *\"}",
            "s.yaml:3:",
            "six",
        ),
        (
            "{name: a, cycle: working, cron: \"0 0 0 30 2 *\"}",
            "s.yaml:3:",
            "never comes",
        ),
        (
            "{name: a, cycle: walking, cron: \"0 * * * * *\"}",
            "s.yaml:3:",
            "working",
        ),
        (
            "{name: a, job: nothing, cron: \"0 * * * * *\"}",
            "s.yaml:3:",
            "no job",
        ),
        ("{name: a, cron: \"0 * * * * *\"}", "s.yaml:3:", "either"),
        (
            "{name: \"a b\", cycle: working, cron: \"0 * * * * *\"}",
            "s.yaml:3:",
            "no name",
        ),
        (
            "{name: a, cycle: working, cron: \"0 * * * * *\", zone: Europe/Berln}",
            "s.yaml:3:",
            "Europe/Berlin",
        ),
        (
            "{name: a, cycle: working, cron: \"0 * * * * *\", deadline: 0}",
            "s.yaml:3:",
            "before it begins",
        ),
        (
            "{name: a, cycle: working, corn: \"0 * * * * *\"}",
            "s.yaml:3:",
            "cron",
        ),
    ] {
        let text = format!("version: 1\nrhythms:\n  - {entry}\n");
        let error = read("s.yaml", &text).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with(place) && said.contains(what), "{said}");
        assert_eq!(error.kind().exit_code(), 2);
    }
    let twice = "{name: a, cycle: working, cron: \"0 * * * * *\"}";
    let text = format!("version: 1\nrhythms:\n  - {twice}\n  - {twice}\n");
    let said = read("s.yaml", &text).unwrap_err().to_string();
    assert!(said.starts_with("s.yaml:4:"), "{said}");
}
