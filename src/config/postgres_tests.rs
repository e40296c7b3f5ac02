//! Addresses as people write them.

use super::*;

fn parse(text: &str) -> PostgresAddress {
    PostgresAddress::parse(text, &PgEnvironment::default()).unwrap()
}

fn refused(text: &str) -> String {
    PostgresAddress::parse(text, &PgEnvironment::default()).unwrap_err()
}

#[test]
fn urls_and_pairs_say_the_same() {
    let url = parse("postgresql://nora:p%40ss@db.example:5433/codex_db?sslmode=require");
    let pairs = parse(
        "host=db.example port=5433 dbname = codex_db user=nora password='p@ss' sslmode=require",
    );
    assert_eq!(url, pairs);
    assert_eq!(url.password.as_deref(), Some("p@ss"));
    assert_eq!(url.ssl_mode, SslMode::Require);
}

#[test]
fn sockets_ipv6_and_several_hosts_are_read() {
    let socket = parse("postgresql://nora@%2Frun%2Fpg:5499/db");
    assert_eq!(socket.hosts, ["/run/pg"]);
    assert!(socket.is_socket());
    assert_eq!(parse("postgres:///db?host=/run/pg").hosts, ["/run/pg"]);
    let several = parse("postgres://u@[::1]:1,b/db");
    assert_eq!(
        (several.hosts, several.ports),
        (vec!["::1".into(), "b".into()], vec![1, 5432])
    );
}

#[test]
fn the_password_is_never_printed() {
    let address = parse("postgresql://nora:geheim@h/db");
    assert_eq!(address.to_string(), "postgresql://nora:***@h:5432/db");
    assert!(!format!("{address:?}").contains("geheim"));
    assert_eq!(
        address.mask("FATAL: geheim is wrong"),
        "FATAL: *** is wrong"
    );
}

#[test]
fn passwords_come_from_the_environment_too() {
    let surroundings = PgEnvironment {
        environment: [("PGPASSWORD".to_owned(), "x y".to_owned())].into(),
        ..PgEnvironment::default()
    };
    let address = PostgresAddress::parse("postgres://u@h/db", &surroundings).unwrap();
    assert_eq!(address.password.as_deref(), Some("x y"));
}

#[test]
fn mistakes_are_named_without_the_address() {
    for (text, what) in [
        ("localhost", "not an address"),
        (
            "postgres://u:secret@h/db?sslmod=require",
            "did you mean 'sslmode'?",
        ),
        ("postgres://u:secret@h/db?sslmode=maybe", "sslmode 'maybe'"),
        ("postgres://u:secret@h:x/db", "the port is no number"),
        // A password that nobody encoded.
        ("postgres://nora:se/cret@h/db", "written %2F or %3F"),
        ("postgres://nora:12/secret@h/db", "written %2F or %3F"),
        ("postgres://nora:p@secret/x@h/db", "written %2F or %3F"),
        ("postgres://nora:se?cret=1@h/db", "written %2F or %3F"),
        (
            "postgres://nora:12?secret=1@h/db",
            "a keyword of the address is not known",
        ),
        (
            "host=h password=my secret=x",
            "a keyword of the address is not known",
        ),
        ("host=h password=my secret='x", "closing quote"),
        (
            "postgres://u:secret@h/db?channel_binding=secret",
            "disable, prefer, require",
        ),
        ("postgres://u:secret%zz@h/db", "two hexadecimal digits"),
        ("host=h password='secret", "closing quote"),
        (
            "postgres://u:secret@h/db?sslmode=verify-full",
            "sslrootcert=FILE",
        ),
    ] {
        let said = refused(text);
        assert!(said.contains(what), "{said}");
        for part in ["secret", "cret", "nora", "12/"] {
            assert!(!said.contains(part), "{said}");
        }
    }
}

#[test]
fn the_system_authorities_check_the_name_too() {
    let file = SYSTEM_AUTHORITIES
        .iter()
        .any(|path| std::path::Path::new(path).exists());
    if file {
        let address = parse("postgres://u@h/db?sslrootcert=system");
        assert_eq!(address.ssl_mode, SslMode::VerifyFull);
        for weak in ["disable", "prefer", "require", "verify-ca"] {
            let said = refused(&format!(
                "postgres://u@h/db?sslrootcert=system&sslmode={weak}"
            ));
            assert!(said.contains("use verify-full"), "{said}");
        }
    }
}

#[test]
fn what_hosted_servers_put_into_their_addresses_is_understood() {
    let address = parse(
        "postgres://u@h/db?sslmode=require&channel_binding=require&target_session_attrs=read-write",
    );
    assert_eq!(address.channel_binding.as_deref(), Some("require"));
    assert_eq!(address.target_session_attrs.as_deref(), Some("read-write"));
    // An @ may stand in a value, as in the names of some servers' users.
    let address = parse("postgres://h:5432/db?user=nora@server");
    assert_eq!(address.user, "nora@server");
}
