//! An old daemon and a new command line.

use crate::house::House;
use crate::test_store::{TestStore, ran};
use codex_dreams::daemon::protocol::{Hello, PROTOCOL, receive, send};
use codex_dreams::warehouse::FileLock;
use std::io::BufReader;
use std::os::unix::net::UnixListener;
use std::time::Duration;

#[test]
fn a_daemon_of_another_version_is_named_and_not_talked_to() {
    for (protocol, version) in [
        (PROTOCOL - 1, "0.0.9"),
        (PROTOCOL, "0.0.9"),
        (PROTOCOL + 1, "7.0.0"),
    ] {
        let store = TestStore::with_diary();
        let file = store.store().canonicalize().unwrap();
        let lock = FileLock::acquire(&file, Duration::ZERO).unwrap();
        let socket = store.path("old.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        lock.announce(&socket);
        let old = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut from = BufReader::new(stream.try_clone().unwrap());
            let hello = Hello {
                protocol,
                version: version.to_owned(),
                pid: 4242,
                settings: Default::default(),
            };
            send(&mut stream, &hello).unwrap();
            let theirs: Hello = receive(&mut from).unwrap().unwrap();
            assert_eq!(
                theirs,
                Hello {
                    pid: theirs.pid,
                    ..Hello::mine()
                }
            );
            // Nothing else is said.
            receive::<Hello>(&mut from).unwrap()
        });
        let ran = ran(store.codex().args(["status"]));
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        for what in [
            "pid 4242",
            version,
            env!("CARGO_PKG_VERSION"),
            "codex daemon restart",
        ] {
            assert!(ran.stderr.contains(what), "no {what:?} in {}", ran.stderr);
        }
        assert_eq!(old.join().unwrap(), None);
        drop(lock);
    }
}

#[test]
fn who_is_not_understood_is_told_so() {
    let house = House::running(TestStore::new());
    let socket = house.holder().socket.unwrap();
    let mut stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    let mut from = BufReader::new(stream.try_clone().unwrap());
    let mine: Hello = receive(&mut from).unwrap().unwrap();
    assert_eq!(mine.pid, house.pid());
    send(&mut stream, &Hello::mine()).unwrap();
    send(
        &mut stream,
        &serde_json::json!({"Operation": {"request": {"Dance": {}}}}),
    )
    .unwrap();
    let answer: serde_json::Value = receive(&mut from).unwrap().unwrap();
    assert!(
        answer["Failed"]["what"]
            .as_str()
            .unwrap()
            .contains("not understood"),
        "{answer}"
    );
    // It still talks to others.
    assert_eq!(house.status()["running"], true);
}
