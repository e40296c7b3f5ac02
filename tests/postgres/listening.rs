//! LISTEN/NOTIFY: what changes comes in at once where the trigger is installed.

use crate::room::{Room, take_in};
use codex_dreams::engine::Listener;
use std::time::Duration;

#[test]
fn a_trigger_tells_at_once_and_deletions_ask_for_a_comparison() {
    let room = Room::new();
    room.db
        .run("INSERT INTO memories (content) SELECT 'note ' || i FROM generate_series(1, 30) i");
    room.ok(&["init", "postgres", "--trigger"]);
    let mut engine = room.engine();
    take_in(&mut engine);
    let mut listener = Listener::open(&room.config()).unwrap().unwrap();
    assert_eq!(listener.wait(Duration::from_millis(50)).unwrap(), None);
    room.db.run("INSERT INTO memories (content) VALUES ('now')");
    let request = listener.wait(Duration::from_secs(20)).unwrap().unwrap();
    assert!(!request.reconcile);
    assert_eq!(
        engine.take_in(request).unwrap().unwrap().sources[0].added,
        1
    );
    room.db.run("UPDATE memories SET content = 'then', updated_at = clock_timestamp() WHERE id = 1; DELETE FROM memories WHERE id = 2");
    let request = listener.wait(Duration::from_secs(20)).unwrap().unwrap();
    assert!(request.reconcile);
    let report = engine.take_in(request).unwrap().unwrap();
    assert_eq!(
        (report.sources[0].edited, report.sources[0].deleted),
        (1, 1)
    );
}
