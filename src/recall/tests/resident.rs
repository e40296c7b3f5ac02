//! What is kept in memory answers as the SQL does, to the last digit, whatever happens to the store.

use super::*;
use crate::recall::recall_with;
use proptest::prelude::*;

/// Something that happens to a store.
#[derive(Debug, Clone)]
enum Event {
    /// Words by number, session, speaker, hours since the one before.
    Say(Vec<usize>, Option<u8>, Option<u8>, u8),
    Edit(usize, Vec<usize>),
    Delete(usize),
    Archive(usize),
    /// A night gives a memory a trace.
    Learn(usize, u8, u32, u32),
    Ask(usize),
}

const WORDS: [&str; 16] = [
    "lake",
    "bread",
    "walnut",
    "cold",
    "train",
    "garden",
    "is",
    "the",
    "roses",
    "ticket",
    "Ana",
    "Porto",
    "piano",
    "yesterday",
    "rain",
    "key",
];
const QUESTIONS: [&str; 12] = [
    "Where is the cold lake?",
    "What did Ana say about bread with walnuts?",
    "garden roses rain",
    "Which trains has Ana missed?",
    "What was the last ticket?",
    "What was the first rain in the garden?",
    "What happened last week with the piano?",
    "What did Bento do on Wednesday?",
    "key key key Porto",
    "helicopter",
    "the is",
    "What has happened since March in the garden of roses?",
];

fn words() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..WORDS.len(), 1..14)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (words(), prop::option::of(0u8..4), prop::option::of(0u8..3), 0u8..40).prop_map(|(w, s, p, h)| Event::Say(w, s, p, h)),
        1 => (any::<usize>(), words()).prop_map(|(id, w)| Event::Edit(id, w)),
        1 => any::<usize>().prop_map(Event::Delete),
        1 => any::<usize>().prop_map(Event::Archive),
        2 => (any::<usize>(), 0u8..3, 0u32..1_000_000, 1u32..400_000_000).prop_map(|(id, t, s, st)| Event::Learn(id, t, s, st)),
        4 => (0..QUESTIONS.len()).prop_map(Event::Ask),
    ]
}

struct World {
    store: Store,
    resident: Resident,
    said: u64,
    at: NaiveDateTime,
}

impl World {
    fn new() -> World {
        World {
            store: Store::new(),
            resident: Resident::default(),
            said: 0,
            at: day(0),
        }
    }

    fn any_id(&self, pick: usize) -> Option<i64> {
        let ids: Vec<i64> = self
            .store
            .warehouse
            .conn()
            .prepare("SELECT memory_id FROM raw.memories ANTI JOIN raw.deletions USING (memory_id) ORDER BY memory_id")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        (!ids.is_empty()).then(|| ids[pick % ids.len()])
    }

    fn text(words: &[usize]) -> String {
        let text: Vec<&str> = words.iter().map(|&w| WORDS[w]).collect();
        let end = if words.len().is_multiple_of(3) {
            "?"
        } else {
            "."
        };
        format!("{}{end}", text.join(" "))
    }

    fn happens(&mut self, event: &Event) {
        let mind = MindId::of("default");
        let conn = self.store.warehouse.conn();
        match event {
            Event::Say(words, session, speaker, hours) => {
                self.at += TimeDelta::minutes(i64::from(*hours) * 7);
                self.said += 1;
                let memory = Incoming {
                    mind,
                    source: "test".into(),
                    key: format!("m{}", self.said),
                    content: World::text(words),
                    created_at: self.at,
                    speaker: speaker.map(|s| ["Ana", "Bento", "Rui"][usize::from(s)].to_owned()),
                    session: session.map(|s| format!("s{s}")),
                    metadata: "{}".into(),
                };
                append_memories(conn, &[memory], clock::now()).unwrap();
                enrich_pending(&self.store.warehouse, |_| ()).unwrap();
            }
            Event::Edit(pick, words) => {
                let Some(id) = self.any_id(*pick) else { return };
                append_edit(conn, mind, id, self.at, &World::text(words)).unwrap();
                enrich_pending(&self.store.warehouse, |_| ()).unwrap();
            }
            Event::Delete(pick) => {
                let Some(id) = self.any_id(*pick) else { return };
                append_deletion(conn, mind, id, self.at, "test").unwrap();
            }
            Event::Archive(pick) => {
                let Some(id) = self.any_id(*pick) else { return };
                conn.execute(
                    "INSERT INTO raw.filings BY NAME SELECT (SELECT coalesce(max(arrival), 0) + 1 FROM raw.filings) AS arrival, ?::UUID AS mind_id,
                         ?::BIGINT AS memory_id, ?::TIMESTAMP AS happened_at, 'edit' AS action, random_archived AS archived, false AS pinned, [] AS tags
                     FROM (SELECT ?::BIGINT % 2 = 0 AS random_archived)",
                    duckdb::params![mind.to_string(), id, self.at, id],
                )
                .unwrap();
            }
            Event::Learn(pick, tier, strength, stability) => {
                let Some(id) = self.any_id(*pick) else { return };
                let tier = ["short_term", "long_term", "forgotten"][usize::from(*tier)];
                conn.execute_batch(&format!(
                    "DELETE FROM state.memory_traces WHERE memory_id = {id};
                     INSERT INTO state.memory_traces BY NAME SELECT '{mind}'::UUID AS mind_id, {id} AS memory_id, '{tier}' AS tier,
                         TIMESTAMP '{at}' AS settled_at, {strength} / 1000000 AS strength, {stability} / 1000000 AS stability,
                         TIMESTAMP '{at}' AS event_at, TIMESTAMP '{at}' AS learned_at, 1 AS epoch, 1 AS nights, 0.5 AS salience, 0.5 AS surprise,
                         0 AS replays, 0 AS uses, 1 AS seed, {id} AS revision;
                     INSERT INTO codex.ledger SELECT coalesce(max(ledger_id), 0) + 1, 1, 'deep_sleep', true, 1, TIMESTAMP '{at}', [], 0, '', '[]',
                         TIMESTAMP '{at}', 0, 'success' FROM codex.ledger",
                    at = self.at
                ))
                .unwrap();
            }
            Event::Ask(_) => {}
        }
    }

    /// Both answers to a question, asked often enough for the mind to be kept.
    fn asked(&self, question: &Question) -> (Answer, Answer) {
        let conn = self.store.warehouse.conn();
        let ask = || {
            let one = std::slice::from_ref(question);
            recall_with(
                conn,
                &self.store.queries,
                one,
                None,
                Some((&self.resident, None)),
            )
            .unwrap()
            .remove(0)
        };
        let _ = (ask(), ask());
        let fast = ask();
        let kept = self
            .resident
            .current(conn, &self.store.queries, question.mind, None);
        assert!(
            self.said == 0 || kept.unwrap().is_some(),
            "answered from memory"
        );
        (
            fast,
            recall(conn, &self.store.queries, question, None).unwrap(),
        )
    }
}

fn same(events: &[Event]) -> Result<(), TestCaseError> {
    let mut world = World::new();
    for event in events {
        world.happens(event);
        let Event::Ask(number) = event else { continue };
        for (k, cut) in [
            (10, Cut::Off),
            (3, Cut::Usual),
            (50, Cut::At(Score(200_000))),
        ] {
            let question = Question {
                k,
                cut,
                as_of: world.at + TimeDelta::days(3),
                ..question(QUESTIONS[*number])
            };
            let (fast, plain) = world.asked(&question);
            prop_assert_eq!(fast, plain);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_sql_answer_the_same(events in prop::collection::vec(event(), 15..40)) {
        same(&events)?;
    }
}

#[test]
fn a_kept_mind_follows_what_comes_in_and_an_edited_ranking_runs_as_sql() {
    let mut world = World::new();
    for number in 0..30 {
        world.happens(&Event::Say(
            vec![number % 16, 1, 8],
            Some((number % 3) as u8),
            Some(0),
            10,
        ));
    }
    let question = |at: NaiveDateTime| Question {
        as_of: at + TimeDelta::days(1),
        ..question("garden roses and bread")
    };
    let (fast, plain) = world.asked(&question(world.at));
    assert_eq!(fast, plain);
    world.happens(&Event::Say(vec![5, 8, 1], Some(1), None, 3));
    let now = question(world.at);
    let conn = world.store.warehouse.conn();
    let kept = world
        .resident
        .current(conn, &world.store.queries, now.mind, None)
        .unwrap();
    assert!(
        kept.is_some(),
        "what came in is added, the mind is not read anew"
    );
    drop(kept);
    let (fast, plain) = world.asked(&now);
    assert_eq!(fast, plain);
    assert_eq!(fast.results[0].key, "m31");
    // Another weight is another ranking, and the same code.
    let queries = queries(Some("recall_association_weight: 0.5"));
    let resident = Resident::default();
    for _ in 0..4 {
        assert!(
            resident
                .current(conn, &queries, now.mind, None)
                .unwrap()
                .is_none()
        );
    }
}
