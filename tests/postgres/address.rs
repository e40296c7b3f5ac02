//! Where PostgreSQL is, as whom, and how far the connection is protected.

use crate::server::{OWNER, PASSWORD, Server};
use crate::test_store::TestStore;
use crate::unchecked::unchecked;
use std::process::{Command, Stdio};

#[test]
fn passwords_come_from_everywhere_and_are_printed_nowhere() {
    let mut store = TestStore::new();
    let encoded = "it%27s%20%5C%20a%20%24ecret";
    let mut ways = vec![
        (
            "URL",
            format!(
                "postgresql://{OWNER}:{encoded}@localhost:{}/{}",
                store.db.port(),
                store.db.name
            ),
            vec![],
        ),
        (
            "PGPASSWORD",
            store.db.tcp("127.0.0.1"),
            vec![("PGPASSWORD", PASSWORD)],
        ),
    ];
    let pgpass = store.path(".pgpass");
    std::fs::write(
        &pgpass,
        format!("*:*:*:{OWNER}:{}\n", PASSWORD.replace('\\', "\\\\")),
    )
    .unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&pgpass, std::fs::Permissions::from_mode(0o600)).unwrap();
    ways.push((".pgpass", store.db.tcp("localhost"), vec![]));
    let authority = store.db.server.authority();
    if authority.is_none() {
        unchecked(
            "openssl is missing, or PostgreSQL has no TLS: a password by verify-full was not tried",
        );
    }
    if let Some(authority) = authority {
        let checked = format!(
            "{}?sslmode=verify-full&sslrootcert={}",
            store.db.tcp("localhost"),
            authority.display()
        );
        ways.push(("verify-full", checked, vec![]));
    }
    for (way, url, environment) in ways {
        store.set("POSTGRES_DB_URL", &url);
        for (name, value) in &environment {
            store.set(name, *value);
        }
        let mut said = store.ok(&["intake", "-vvv"]);
        for args in [
            &["config", "show"][..],
            &["config", "show", "--json"],
            &["doctor"],
            &["-vvv", "status"],
        ] {
            let (_, stdout, stderr) = store.ran(args);
            said += &stdout;
            said += &stderr;
        }
        assert!(!said.contains("ecret"), "{way}: {said}");
        for (name, _) in &environment {
            store.environment.remove(*name);
        }
    }
    // Wrong ones are refused without being repeated; DuckDB's own messages included.
    std::fs::remove_file(&pgpass).unwrap();
    store.set(
        "POSTGRES_DB_URL",
        format!(
            "postgresql://{OWNER}:geheimnis@127.0.0.1:{}/{}",
            store.db.port(),
            store.db.name
        ),
    );
    let (code, stdout, stderr) = store.ran(&["intake", "-vvv"]);
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(
        stderr.contains("password authentication failed") && !stderr.contains("geheimnis"),
        "{stderr}"
    );
}

#[test]
fn a_dotenv_file_is_read_and_the_environment_wins_over_it() {
    let mut store = TestStore::new();
    let url = store.environment.remove("POSTGRES_DB_URL").unwrap();
    let (code, _, stderr) = store.ran(&["intake"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("no PostgreSQL is configured") && stderr.contains("POSTGRES_DB_URL"),
        "{stderr}"
    );
    std::fs::write(
        store.path(".env"),
        format!("# mine\nPOSTGRES_DB_URL='{url}'\nMAX_DB_CONNECTIONS=160\n"),
    )
    .unwrap();
    store.ok(&["intake"]);
    let shown: serde_json::Value =
        serde_json::from_str(&store.ok(&["config", "show", "--json"])).unwrap();
    assert_eq!(shown["settings"]["postgres"]["max_connections"], 160);
    store.set("MAX_DB_CONNECTIONS", "2");
    let shown: serde_json::Value =
        serde_json::from_str(&store.ok(&["config", "show", "--json"])).unwrap();
    assert_eq!(shown["settings"]["postgres"]["max_connections"], 2);
    std::fs::write(store.path(".env"), "A=1\nPOSTGRES_DB_URL geheimnis\n").unwrap();
    let (code, _, stderr) = store.ran(&["status"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains(".env:2") && !stderr.contains("geheimnis"),
        "{stderr}"
    );
}

#[test]
fn certificates_are_checked_as_far_as_asked() {
    let mut store = TestStore::new();
    let Some(authority) = store.db.server.authority() else {
        unchecked("openssl is missing, or PostgreSQL has no TLS: certificates were not tried");
        return;
    };
    store.set("PGPASSWORD", PASSWORD);
    let other = store.path("other.crt");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=somebody else",
            "-keyout",
            "/dev/null",
            "-out",
        ])
        .arg(&other)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let (authority, other) = (authority.display().to_string(), other.display().to_string());
    for (host, query, refused) in [
        ("localhost", "sslmode=disable".to_owned(), None),
        ("localhost", "sslmode=require".to_owned(), None),
        (
            "localhost",
            "sslmode=require&channel_binding=require&target_session_attrs=read-write".to_owned(),
            None,
        ),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={authority}"),
            None,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={authority}"),
            Some("not valid for"),
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&sslrootcert={authority}"),
            None,
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={other}"),
            Some("UnknownIssuer"),
        ),
    ] {
        store.set("POSTGRES_DB_URL", format!("{}?{query}", store.db.tcp(host)));
        store
            .db
            .run("INSERT INTO memories (content) VALUES ('one more')");
        let (code, stdout, stderr) = store.ran(&["intake"]);
        let expected = if refused.is_none() { 0 } else { 3 };
        assert_eq!(code, expected, "{host} {query}: {stdout}{stderr}");
        assert!(
            refused.is_none_or(|why| stderr.contains(why)),
            "{host} {query}: {stderr}"
        );
    }
    store.set(
        "POSTGRES_DB_URL",
        format!("{}?sslmode=require", store.db.tcp("localhost")),
    );
    assert!(
        store.ok(&["doctor"]).contains("TLSv1."),
        "the connection is not said to be encrypted"
    );
}

#[test]
fn a_certificate_that_is_its_own_authority_is_accepted_where_it_is_the_one_known() {
    let server = Server::start();
    let Some(own) = server.sign_itself() else {
        unchecked(
            "openssl is missing, or PostgreSQL has no TLS: a certificate of its own was not tried",
        );
        return;
    };
    let mut store = TestStore::beside(&server);
    store.set("PGPASSWORD", PASSWORD);
    for (host, mode, works) in [
        ("localhost", "verify-full", true),
        ("127.0.0.1", "verify-ca", true),
        ("127.0.0.1", "verify-full", false),
    ] {
        let url = format!(
            "{}?sslmode={mode}&sslrootcert={}",
            store.db.tcp(host),
            own.display()
        );
        store.set("POSTGRES_DB_URL", url);
        store
            .db
            .run("INSERT INTO memories (content) VALUES ('one more')");
        let (code, stdout, stderr) = store.ran(&["intake"]);
        assert_eq!(code == 0, works, "{host} {mode}: {stdout}{stderr}");
        assert!(works || stderr.contains("not valid for"), "{stderr}");
    }
}
