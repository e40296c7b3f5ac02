//! The two forms of a PostgreSQL address, read as libpq reads them. Errors never repeat the address: it may hold a password.

use std::collections::BTreeMap;

/// `[user[:password]@][host[:port][,…]][/database][?keyword=value&…]`
pub(super) fn url(rest: &str) -> Result<BTreeMap<String, String>, String> {
    let mut said = BTreeMap::new();
    let mut set = |name: &str, value: String| {
        if !value.is_empty() {
            said.insert(name.to_owned(), value);
        }
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    // Where a password holds what ends the authority, the rest of it would be taken for a database or for keywords.
    if database.contains('@') || (query.contains('@') && !is_place(authority)) {
        return Err(
            "a / or ? in the password must be written %2F or %3F, and an @ after the host %40"
                .to_owned(),
        );
    }
    set("dbname", decoded(database)?);
    // A password may hold an @ that nobody encoded: the last one ends it.
    let (login, places) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    set("user", decoded(user)?);
    set("password", decoded(password)?);
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for place in places.split(',') {
        let (host, port) = match place.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner
                    .split_once(']')
                    .ok_or("an IPv6 address lacks its closing bracket")?;
                (host, after.strip_prefix(':').unwrap_or(""))
            }
            None => place.split_once(':').unwrap_or((place, "")),
        };
        hosts.push(decoded(host)?);
        ports.push(port.to_owned());
    }
    set(
        "host",
        if hosts == [""] {
            String::new()
        } else {
            hosts.join(",")
        },
    );
    if ports.iter().any(|port| !port.is_empty()) {
        set("port", ports.join(","));
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair
            .split_once('=')
            .ok_or("what follows the ? must be keyword=value, separated by &")?;
        set(&decoded(name)?, decoded(value)?);
    }
    Ok(said)
}

/// Whether it is a login and hosts, or hosts whose ports are numbers.
fn is_place(authority: &str) -> bool {
    authority.contains('@')
        || authority.split(',').all(|place| {
            let port = match place.rsplit_once(']') {
                Some((_, after)) => after.strip_prefix(':').unwrap_or(""),
                None => place.split_once(':').map_or("", |(_, port)| port),
            };
            port.chars().all(|c| c.is_ascii_digit())
        })
}

/// `keyword = value …`; values with spaces stand in single quotes, a backslash takes the next character as it is.
pub(super) fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut said = BTreeMap::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        if characters.peek().is_none() {
            return Ok(said);
        }
        let mut name = String::new();
        while let Some(c) = characters.next_if(|c| *c != '=' && !c.is_whitespace()) {
            name.push(c);
        }
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        if characters.next() != Some('=') {
            return Err("a keyword lacks its = and value".to_owned());
        }
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = characters.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match characters.next() {
                Some('\\') => value.extend(characters.next()),
                Some('\'') if quoted => break,
                None if quoted => {
                    return Err("a value lacks its closing quote".to_owned());
                }
                Some(c) if !quoted && c.is_whitespace() => break,
                Some(c) => value.push(c),
                None => break,
            }
        }
        said.insert(name, value);
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(
                "a % is not followed by two hexadecimal digits; write %25 for a % itself"
                    .to_owned(),
            );
        };
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}
