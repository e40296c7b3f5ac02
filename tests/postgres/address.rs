//! Where PostgreSQL is, as whom, and how far the connection is protected.

use crate::room::Room;
use crate::server::{OWNER, PASSWORD, Server};
use crate::unchecked::unchecked;
use std::process::{Command, Stdio};

#[test]
fn passwords_come_from_everywhere_and_are_printed_nowhere() {
    let mut room = Room::new();
    let encoded = "it%27s%20%5C%20a%20%24ecret";
    let mut ways = vec![
        (
            "URL",
            format!(
                "postgresql://{OWNER}:{encoded}@localhost:{}/{}",
                room.db.port(),
                room.db.name
            ),
            vec![],
        ),
        (
            "PGPASSWORD",
            room.db.tcp("127.0.0.1"),
            vec![("PGPASSWORD", PASSWORD)],
        ),
    ];
    let pgpass = room.path(".pgpass");
    std::fs::write(
        &pgpass,
        format!("*:*:*:{OWNER}:{}\n", PASSWORD.replace('\\', "\\\\")),
    )
    .unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&pgpass, std::fs::Permissions::from_mode(0o600)).unwrap();
    ways.push((".pgpass", room.db.tcp("localhost"), vec![]));
    let authority = room.db.server.authority();
    if authority.is_none() {
        unchecked(
            "openssl is missing, or PostgreSQL has no TLS: a password by verify-full was not tried",
        );
    }
    if let Some(authority) = authority {
        let checked = format!(
            "{}?sslmode=verify-full&sslrootcert={}",
            room.db.tcp("localhost"),
            authority.display()
        );
        ways.push(("verify-full", checked, vec![]));
    }
    for (way, url, environment) in ways {
        room.set("POSTGRES_DB_URL", &url);
        for (name, value) in &environment {
            room.set(name, *value);
        }
        let mut said = room.ok(&["intake", "-vvv"]);
        for args in [
            &["config", "show"][..],
            &["config", "show", "--json"],
            &["doctor"],
            &["-vvv", "status"],
        ] {
            let (_, stdout, stderr) = room.ran(args);
            said += &stdout;
            said += &stderr;
        }
        assert!(!said.contains("ecret"), "{way}: {said}");
        for (name, _) in &environment {
            room.environment.remove(*name);
        }
    }
    // Wrong ones are refused without being repeated; DuckDB's own messages included.
    std::fs::remove_file(&pgpass).unwrap();
    room.set(
        "POSTGRES_DB_URL",
        format!(
            "postgresql://{OWNER}:geheimnis@127.0.0.1:{}/{}",
            room.db.port(),
            room.db.name
        ),
    );
    let (code, stdout, stderr) = room.ran(&["intake", "-vvv"]);
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(
        stderr.contains("password authentication failed") && !stderr.contains("geheimnis"),
        "{stderr}"
    );
}

#[test]
fn a_dotenv_file_is_read_and_the_environment_wins_over_it() {
    let mut room = Room::new();
    let url = room.environment.remove("POSTGRES_DB_URL").unwrap();
    let (code, _, stderr) = room.ran(&["intake"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("no PostgreSQL is configured") && stderr.contains("POSTGRES_DB_URL"),
        "{stderr}"
    );
    std::fs::write(
        room.path(".env"),
        format!("# mine\nPOSTGRES_DB_URL='{url}'\nMAX_DB_CONNECTIONS=160\n"),
    )
    .unwrap();
    room.ok(&["intake"]);
    let shown: serde_json::Value =
        serde_json::from_str(&room.ok(&["config", "show", "--json"])).unwrap();
    assert_eq!(shown["settings"]["postgres"]["max_connections"], 160);
    room.set("MAX_DB_CONNECTIONS", "2");
    let shown: serde_json::Value =
        serde_json::from_str(&room.ok(&["config", "show", "--json"])).unwrap();
    assert_eq!(shown["settings"]["postgres"]["max_connections"], 2);
    std::fs::write(room.path(".env"), "A=1\nPOSTGRES_DB_URL geheimnis\n").unwrap();
    let (code, _, stderr) = room.ran(&["status"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains(".env:2") && !stderr.contains("geheimnis"),
        "{stderr}"
    );
}

#[test]
fn certificates_are_checked_as_far_as_asked() {
    let mut room = Room::new();
    let Some(authority) = room.db.server.authority() else {
        unchecked("openssl is missing, or PostgreSQL has no TLS: certificates were not tried");
        return;
    };
    room.set("PGPASSWORD", PASSWORD);
    let other = room.path("other.crt");
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
        room.set("POSTGRES_DB_URL", format!("{}?{query}", room.db.tcp(host)));
        room.db
            .run("INSERT INTO memories (content) VALUES ('one more')");
        let (code, stdout, stderr) = room.ran(&["intake"]);
        let expected = if refused.is_none() { 0 } else { 3 };
        assert_eq!(code, expected, "{host} {query}: {stdout}{stderr}");
        assert!(
            refused.is_none_or(|why| stderr.contains(why)),
            "{host} {query}: {stderr}"
        );
    }
    room.set(
        "POSTGRES_DB_URL",
        format!("{}?sslmode=require", room.db.tcp("localhost")),
    );
    assert!(
        room.ok(&["doctor"]).contains("TLSv1."),
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
    let mut room = Room::beside(&server);
    room.set("PGPASSWORD", PASSWORD);
    for (host, mode, works) in [
        ("localhost", "verify-full", true),
        ("127.0.0.1", "verify-ca", true),
        ("127.0.0.1", "verify-full", false),
    ] {
        let url = format!(
            "{}?sslmode={mode}&sslrootcert={}",
            room.db.tcp(host),
            own.display()
        );
        room.set("POSTGRES_DB_URL", url);
        room.db
            .run("INSERT INTO memories (content) VALUES ('one more')");
        let (code, stdout, stderr) = room.ran(&["intake"]);
        assert_eq!(code == 0, works, "{host} {mode}: {stdout}{stderr}");
        assert!(works || stderr.contains("not valid for"), "{stderr}");
    }
}
