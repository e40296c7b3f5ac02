//! Four weeks of rhythms in seconds, by a clock of the test's own, through both changes of clocks.

use chrono::{Datelike, Duration, NaiveDateTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::daemon::rhythms::{self, Rhythm, Work};
use codex_dreams::daemon::scheduler::{Outcome, Scheduler};
use codex_dreams::engine::{
    Engine, Interrupt, NewMemory, Project, ProjectSource, SharedStore, Warehouse,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const SPRING: (&str, &str) = ("2026-03-15 00:00:00", "2026-04-12 00:00:00");
const AUTUMN: (&str, &str) = ("2026-10-11 00:00:00", "2026-11-08 00:00:00");

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
}

fn project() -> Project {
    Project::load(ProjectSource::Embedded).unwrap()
}

fn schedule() -> Vec<Rhythm> {
    rhythms::of_project(&project()).unwrap()
}

/// What the schedule promises, counted from the walls' clocks minute by minute: not by cron, and not by codex.
fn promised(zones: &[Tz], from: NaiveDateTime, to: NaiveDateTime) -> BTreeMap<&'static str, u64> {
    let minutes = (to - from).num_minutes();
    let mut looks: BTreeMap<&'static str, u64> = BTreeMap::new();
    looks.insert("working", minutes as u64 * 2);
    looks.insert("short_term", minutes as u64 / 5);
    looks.insert("hippocampal", minutes as u64 / 60);
    looks.insert("intake", minutes as u64 * 2);
    looks.insert("enrich", minutes as u64 / 5);
    looks.insert("write_back", minutes as u64);
    for minute in 0..minutes {
        let now = from + Duration::minutes(minute);
        let mut seen = [false; 3];
        for zone in zones {
            let here = zone.from_utc_datetime(&now);
            let offset =
                |at: NaiveDateTime| zone.offset_from_utc_datetime(&at).fix().local_minus_utc();
            // Where the clocks have just gone on, every time of day they left out is now.
            let gained = offset(now) - offset(now - Duration::minutes(1));
            let mut faces = vec![here.naive_local()];
            if gained > 0 {
                faces.extend(
                    (1..=i64::from(gained) / 60).map(|m| here.naive_local() - Duration::minutes(m)),
                );
            }
            // Where they have gone back, a time of day that comes again does not count.
            let again = offset(now) < offset(now - Duration::minutes(180))
                && (1..=180).any(|m| {
                    let before = now - Duration::minutes(m);
                    zone.from_utc_datetime(&before).naive_local() == here.naive_local()
                });
            if again {
                continue;
            }
            for face in faces {
                let (hour, minute) = (face.hour(), face.minute());
                seen[0] |= (2..4).contains(&hour) && minute % 15 == 0 || (hour, minute) == (4, 0);
                seen[1] |= [(2, 0), (3, 30), (5, 0), (6, 30)].contains(&(hour, minute));
                seen[2] |= (hour, minute) == (4, 15) && face.weekday() == chrono::Weekday::Sun;
            }
        }
        for (name, seen) in ["deep_sleep", "rem_sleep", "homeostasis"]
            .into_iter()
            .zip(seen)
        {
            *looks.entry(name).or_default() += u64::from(seen);
        }
    }
    looks
}

#[test]
fn four_weeks_of_rhythms_look_exactly_as_often_as_they_promise() {
    let zones: Vec<Tz> = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ]
    .iter()
    .map(|name| name.parse().unwrap())
    .collect();
    for (from, to) in [SPRING, AUTUMN] {
        for zones in [&zones[..1], &zones[..]] {
            // It looks once as it starts; count what comes after.
            let (from, to) = (
                at(from) - Duration::seconds(1),
                at(to) - Duration::seconds(1),
            );
            let mut scheduler = Scheduler::new(schedule(), zones.to_vec(), from);
            for name in scheduler.due(from) {
                scheduler.finished(&name, from, Outcome::Nothing);
            }
            let mut looks: BTreeMap<String, u64> = BTreeMap::new();
            while let Some(now) = scheduler.next().filter(|now| *now <= to) {
                for name in scheduler.due(now) {
                    *looks.entry(name.clone()).or_default() += 1;
                    scheduler.finished(&name, now, Outcome::Nothing);
                }
            }
            let promised = promised(
                zones,
                from + Duration::seconds(1),
                to + Duration::seconds(1),
            );
            for (name, promised) in &promised {
                assert_eq!(looks[*name], *promised, "{name} from {from} in {zones:?}");
            }
            assert_eq!(looks.len(), promised.len());
        }
    }
}

struct Store {
    shared: SharedStore,
    nothing: Arc<Interrupt>,
    _dir: tempfile::TempDir,
}

impl Store {
    fn new() -> Store {
        let dir = tempfile::tempdir().unwrap();
        let sources = ConfigSources {
            database: Some(dir.path().join("memory.duckdb")),
            vars: Some("{replay_hours: 2}".to_owned()),
            ..ConfigSources::default()
        };
        let config = Config::load(&sources).unwrap();
        let engine = Engine::open(&config, Arc::new(project()), false).unwrap();
        Store {
            shared: SharedStore::new(engine),
            nothing: Arc::default(),
            _dir: dir,
        }
    }

    fn remember(&self, mind: &str, zone: Tz, now: NaiveDateTime, words: &str) {
        let new = NewMemory {
            mind: mind.to_owned(),
            time_zone: zone,
            content: words.to_owned(),
            created_at: now,
            speaker: None,
            session: None,
            metadata: Default::default(),
            key: None,
            filing: Default::default(),
            author: None,
        };
        self.shared
            .work("memory add", &self.nothing, |engine| {
                engine.add_memory(&new, now)
            })
            .unwrap();
    }

    fn count(&self, sql: &str) -> i64 {
        self.shared
            .work_beside(&self.nothing, |engine| {
                let conn = Warehouse::conn(engine.warehouse());
                Ok(conn.query_row(sql, [], |r| r.get(0))?)
            })
            .unwrap()
    }
}

/// Lives through `from..to` by the schedule, remembering something in the morning and in the evening of every day.
fn live(from: NaiveDateTime, to: NaiveDateTime) {
    let zone: Tz = "Europe/Berlin".parse().unwrap();
    let store = Store::new();
    let mut cycles = schedule();
    cycles.retain(|rhythm| matches!(rhythm.work, Work::Cycle(_)));
    let mut scheduler = Scheduler::new(cycles, vec![zone], from);
    let mut events: Vec<NaiveDateTime> = (0..(to - from).num_days())
        .flat_map(|day| {
            [8, 20].map(|hour| {
                from + Duration::days(day) + Duration::hours(hour) + Duration::seconds(17)
            })
        })
        .rev()
        .collect();
    let all = events.len() as i64;
    let mut written = 0;
    while let Some(now) = scheduler.next().filter(|now| *now < to) {
        while let Some(event) = events.pop_if(|event| *event <= now) {
            store.remember(
                "default",
                zone,
                event,
                &format!("the cello again, and the cat, at {event}"),
            );
        }
        for name in scheduler.due(now) {
            // Jobs have nothing to do here: no model is there.
            let Ok(cycle) = name.parse() else {
                scheduler.finished(&name, now, Outcome::Nothing);
                continue;
            };
            let outcome = match store.shared.look(cycle, now, &store.nothing).unwrap() {
                Some(_) => Outcome::Did("something".to_owned()),
                None => Outcome::Nothing,
            };
            let something = outcome != Outcome::Nothing;
            if something || now.time() == chrono::NaiveTime::MIN {
                let rows = store.count("SELECT count(*) FROM codex.ledger");
                assert_eq!(rows > written, something, "{name} at {now}");
                written = rows;
            }
            scheduler.finished(&name, now, outcome);
        }
    }
    assert_eq!(store.count("SELECT count(*) FROM raw.memories"), all);
    let days = (to - from).num_days();
    // The evening's last memory is slept over after the end.
    assert_eq!(
        store.count("SELECT count(*) FROM codex.ledger WHERE cycle = 'deep_sleep'"),
        days - 1
    );
    let distinct = "SELECT count(DISTINCT as_of) FROM codex.ledger WHERE cycle = 'deep_sleep'";
    assert_eq!(store.count(distinct), days - 1);
    let dreams = store.count("SELECT count(*) FROM codex.ledger WHERE cycle = 'rem_sleep'");
    assert_eq!(dreams % (days - 1), 0, "{dreams} dreams");
    assert!(dreams > 0);
    let sundays = (1..days)
        .filter(|day| (from + Duration::days(*day)).weekday() == chrono::Weekday::Sun)
        .count();
    assert_eq!(
        store.count("SELECT count(*) FROM codex.ledger WHERE cycle = 'homeostasis'"),
        sundays as i64
    );
    // Every memory was seen by a tick of its own day, and no tick came twice for one sight.
    let ticks = |cycle: &str| {
        store.count(&format!(
            "SELECT count(*) FROM codex.ledger WHERE cycle = '{cycle}' AND NOT transition"
        ))
    };
    assert_eq!(ticks("working"), all);
    assert_eq!(ticks("short_term"), all);
    assert!(ticks("hippocampal") >= all);
    let verified = store
        .shared
        .work("verify", &store.nothing, |engine| engine.verify())
        .unwrap();
    assert!(verified.ok, "{:?}", verified.checks);
}

/// The four weeks, or the nine days around the change of clocks where time is short.
fn lived(weeks: (&str, &str)) -> (NaiveDateTime, NaiveDateTime) {
    let (from, to) = (at(weeks.0), at(weeks.1));
    match std::env::var_os("CODEX_SOAK").is_some_and(|soak| !soak.is_empty()) {
        true => (from, to),
        false => (from + Duration::days(10), from + Duration::days(19)),
    }
}

#[test]
fn cycles_run_exactly_as_they_are_due_in_spring() {
    let (from, to) = lived(SPRING);
    live(from, to);
}

#[test]
fn cycles_run_exactly_as_they_are_due_in_autumn() {
    let (from, to) = lived(AUTUMN);
    live(from, to);
}
