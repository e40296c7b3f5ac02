//! Who asks, and what a key allows.

use crate::error::{Error, ErrorCode, Result};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Ask. What came up is logged as `retrieved`, never as `used`.
    Read,
    /// Read, and add, edit and delete memories, and run cycles of its minds.
    Write,
    /// Make users and AIs, with a mind and a key each.
    Register,
    /// Everything that HTTP offers, for every mind.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Write, Scope::Register, Scope::Admin];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Register => "register",
            Scope::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Scope> {
        let known = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
        known.ok_or_else(|| {
            Error::usage(format!("'{text}' is no scope"))
                .hint("there are read, write, register and admin")
        })
    }
}

/// Minds that a key is for: one by its name, or a name space such as `app/*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MindPattern(String);

impl MindPattern {
    /// The minds that `text` names.
    ///
    /// # Errors
    /// Usage when a `*` stands anywhere but alone behind a last slash.
    pub fn new(text: &str) -> Result<MindPattern> {
        let name = text.strip_suffix("/*").unwrap_or(text);
        if name.is_empty() || name.contains('*') || name.chars().any(char::is_control) {
            return Err(Error::usage(format!("'{text}' names no mind"))
                .hint("write a mind's name, or a name space such as 'app/*'"));
        }
        Ok(MindPattern(text.to_owned()))
    }

    /// The name space, where it is one: `app` of `app/*`.
    pub fn name_space(&self) -> Option<&str> {
        self.0.strip_suffix("/*")
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn covers(&self, mind: &str) -> bool {
        match self.name_space() {
            Some(space) => mind
                .strip_prefix(space)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| !rest.is_empty()),
            None => self.0 == mind,
        }
    }
}

/// What a key allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The key's id, which is no secret.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// The minds it is for; an admin's are all.
    pub minds: Vec<MindPattern>,
    /// From when on it is none, UTC.
    #[serde(default)]
    pub expires_at: Option<NaiveDateTime>,
    /// Requests a second it may make; none for as many as it likes.
    #[serde(default)]
    pub rate: Option<u32>,
}

impl Grant {
    /// Whether it may do what needs `scope`.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&Scope::Admin)
            || self.scopes.contains(&scope)
            || (scope == Scope::Read && self.scopes.contains(&Scope::Write))
    }

    /// Whether it is for this mind.
    pub fn covers(&self, mind: &str) -> bool {
        self.scopes.contains(&Scope::Admin) || self.minds.iter().any(|minds| minds.covers(mind))
    }

    /// The one mind it is for, where it is one by name.
    pub fn only_mind(&self) -> Option<&str> {
        match self.minds.as_slice() {
            [one] if one.name_space().is_none() => Some(one.as_str()),
            _ => None,
        }
    }

    /// The name space of an application's key.
    pub fn name_space(&self) -> Option<&str> {
        self.minds.iter().find_map(MindPattern::name_space)
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Access {
    /// The user whose process this is, through the Unix socket.
    Owner,
    /// Whoever has a key.
    Key(Arc<Grant>),
}

impl Access {
    /// What a log calls it.
    pub fn name(&self) -> &str {
        match self {
            Access::Owner => "owner",
            Access::Key(grant) => &grant.name,
        }
    }

    /// The key's id.
    pub fn key_id(&self) -> Option<&str> {
        match self {
            Access::Owner => None,
            Access::Key(grant) => Some(&grant.id),
        }
    }

    /// # Errors
    /// Forbidden without this scope.
    pub fn require(&self, scope: Scope) -> Result<()> {
        match self {
            Access::Owner => Ok(()),
            Access::Key(grant) if grant.has(scope) => Ok(()),
            Access::Key(_) => Err(forbidden(&format!("the key lacks the scope '{scope}'"))),
        }
    }

    /// # Errors
    /// Forbidden where it is not for this mind, whether or not there is one.
    pub fn require_mind(&self, mind: &str) -> Result<()> {
        match self {
            Access::Owner => Ok(()),
            Access::Key(grant) if grant.covers(mind) => Ok(()),
            Access::Key(_) => Err(forbidden("the key is not for this mind")),
        }
    }

    /// # Errors
    /// Forbidden where it is not for every mind.
    pub fn require_all_minds(&self) -> Result<()> {
        match self {
            Access::Owner => Ok(()),
            Access::Key(grant) if grant.scopes.contains(&Scope::Admin) => Ok(()),
            Access::Key(_) => Err(forbidden("this is about every mind, and the key is not")),
        }
    }

    /// # Errors
    /// Forbidden for whoever has a key.
    pub fn require_owner(&self) -> Result<()> {
        match self {
            Access::Owner => Ok(()),
            Access::Key(_) => Err(forbidden(
                "this reads or writes files of the machine, which no key allows",
            )),
        }
    }
}

fn forbidden(what: &str) -> Error {
    Error::usage(what)
        .code(ErrorCode::Forbidden)
        .hint("`codex keys create` on the machine of the service makes a key that may")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_space_covers_what_lies_below_it_and_nothing_else() {
        let app = MindPattern::new("app/*").unwrap();
        assert!(app.covers("app/nora"));
        assert!(app.covers("app/a/b"));
        for other in ["app", "app/", "apple/nora", "other/app/nora", "default"] {
            assert!(!app.covers(other), "{other}");
        }
        for wrong in ["*", "", "a*", "*/b", "a/*/b", "/*"] {
            assert!(MindPattern::new(wrong).is_err(), "{wrong}");
        }
    }
}
