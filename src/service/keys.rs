//! Keys and the users and AIs that were given one: a file beside the store, which can be written before there is a store.
//!
//! A key is `codex_` and 32 random bytes in hexadecimal, shown once. The file keeps its HMAC-SHA-256 under a secret of the file, so
//! that neither the file nor a copy of the store lets anybody in. It is replaced as a whole, under a lock, and read again when it
//! has changed: a key that is revoked is none from the next request on.

use super::access::{Access, Grant, MindPattern, Scope};
use crate::clock;
use crate::engine::lock;
use crate::error::{Error, ErrorCode, Result};
use chrono::NaiveDateTime;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// How every key begins.
pub const PREFIX: &str = "codex_";
/// Random bytes of a key.
const KEY_BYTES: usize = 32;
/// The shortest key that an environment may bring.
const SHORTEST: usize = 16;

/// A key as the file keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// What it allows.
    #[serde(flatten)]
    pub grant: Grant,
    /// HMAC-SHA-256 of the key, in hexadecimal.
    hmac: String,
    /// When it was made, UTC.
    pub created_at: NaiveDateTime,
    /// When it was revoked, UTC.
    #[serde(default)]
    pub revoked_at: Option<NaiveDateTime>,
}

/// Who an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum AccountKind {
    User,
    Ai,
}

/// A user or an AI with a mind of its own. Its id is random: a name may repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// A random UUID.
    pub id: String,
    /// Which.
    pub kind: AccountKind,
    /// What people call it.
    pub name: Option<String>,
    /// Its mind.
    pub mind: String,
    /// Its key's id.
    pub key_id: String,
    /// The key that made it: another application does not see it.
    pub made_by: Option<String>,
    /// When it was made, UTC.
    pub created_at: NaiveDateTime,
}

/// What the file holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Contents {
    version: u32,
    secret: String,
    keys: Vec<StoredKey>,
    #[serde(default)]
    accounts: Vec<Account>,
}

/// What a new key is to allow.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// The minds it is for.
    pub minds: Vec<MindPattern>,
    /// From when on it is none, UTC.
    pub expires_at: Option<NaiveDateTime>,
    /// Requests a second.
    pub rate: Option<u32>,
}

/// A key at the one moment when it can be seen.
#[derive(Debug, Clone, Serialize)]
pub struct FreshKey {
    /// The key itself.
    pub key: String,
    /// What it allows.
    #[serde(flatten)]
    pub grant: Grant,
}

/// The keys of a store.
pub struct KeyRing {
    path: PathBuf,
    read: Mutex<Snapshot>,
    /// A key that the environment brings.
    given: Option<(String, Arc<Grant>)>,
}

/// The file as it was read last.
#[derive(Default)]
struct Snapshot {
    /// Inode, size and change time, which tell whether the file was replaced.
    state: Option<(u64, u64, i64, i64)>,
    secret: String,
    grants: HashMap<String, Arc<Grant>>,
    accounts: HashMap<String, Account>,
}

/// The file `<store>.<what>`.
pub(super) fn beside(database: &Path, what: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}

impl KeyRing {
    /// The keys of the store at `database`, with an administrator's that the environment may bring.
    ///
    /// # Errors
    /// Usage when that is too short.
    pub fn beside(database: &Path, admin: Option<&str>) -> Result<KeyRing> {
        if admin.is_some_and(|key| key.len() < SHORTEST) {
            return Err(Error::usage(format!(
                "the key in CODEX_ADMIN_KEY is shorter than {SHORTEST} characters"
            ))
            .hint("`openssl rand -hex 32` makes one that nobody guesses"));
        }
        let grant = Grant {
            id: "environment".to_owned(),
            name: "CODEX_ADMIN_KEY".to_owned(),
            scopes: BTreeSet::from([Scope::Admin]),
            minds: Vec::new(),
            expires_at: None,
            rate: None,
        };
        Ok(KeyRing {
            path: beside(database, "keys.json"),
            read: Mutex::default(),
            given: admin.map(|key| (digest(GIVEN, key), Arc::new(grant))),
        })
    }

    /// Whether nobody could come in.
    ///
    /// # Errors
    /// Failed when the file cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.given.is_none() && self.load()?.keys.iter().all(|key| key.revoked_at.is_some()))
    }

    /// Who has this key.
    ///
    /// # Errors
    /// Unauthorized when nobody has; failed when the file cannot be read.
    pub fn access(&self, key: &str) -> Result<Access> {
        let unknown = || {
            Error::usage("the key is not known, has expired or was revoked")
                .code(ErrorCode::Unauthorized)
                .hint("`codex keys list` shows the keys there are, `codex keys create` makes one")
        };
        // Digests are compared, not keys: how long that takes says nothing about the key.
        if let Some((given, grant)) = &self.given
            && digest(GIVEN, key) == *given
        {
            return Ok(Access::Key(grant.clone()));
        }
        let mut read = lock(&self.read);
        self.refresh(&mut read)?;
        let grant = read
            .grants
            .get(&digest(&read.secret, key))
            .ok_or_else(unknown)?;
        match grant.expires_at.is_some_and(|at| at <= clock::now()) {
            true => Err(unknown()),
            false => Ok(Access::Key(grant.clone())),
        }
    }

    fn refresh(&self, read: &mut Snapshot) -> Result<()> {
        let state = std::fs::metadata(&self.path)
            .ok()
            .map(|file| (file.ino(), file.len(), file.mtime(), file.mtime_nsec()));
        if state == read.state {
            return Ok(());
        }
        let contents = self.load()?;
        let valid = contents
            .keys
            .into_iter()
            .filter(|key| key.revoked_at.is_none());
        *read = Snapshot {
            state,
            secret: contents.secret,
            grants: valid.map(|key| (key.hmac, Arc::new(key.grant))).collect(),
            accounts: contents
                .accounts
                .into_iter()
                .map(|one| (one.id.clone(), one))
                .collect(),
        };
        Ok(())
    }

    /// Makes a key.
    ///
    /// # Errors
    /// Usage without a name or scope; failed when the file cannot be written.
    pub fn create(&self, new: NewKey) -> Result<FreshKey> {
        if new.name.trim().is_empty() || new.name.chars().any(char::is_control) {
            return Err(Error::usage("a key needs a name").hint("say whose it is: --name laptop"));
        }
        if new.scopes.is_empty() {
            return Err(Error::usage("a key needs a scope")
                .hint("add --scope read, write, register or admin"));
        }
        self.change(|contents| add_key(contents, new))
    }

    /// Every key, oldest first, those that are none any more included.
    ///
    /// # Errors
    /// Failed when the file cannot be read.
    pub fn list(&self) -> Result<Vec<StoredKey>> {
        Ok(self.load()?.keys)
    }

    /// Replaces the secret of the key called `name` (or with this id); what it allows stays.
    ///
    /// # Errors
    /// Usage when there is no such key.
    pub fn rotate(&self, name: &str) -> Result<FreshKey> {
        self.change(|contents| {
            let at = position(contents, name)?;
            let key = random_key()?;
            contents.keys[at].hmac = digest(&contents.secret, &key);
            Ok(FreshKey {
                key,
                grant: contents.keys[at].grant.clone(),
            })
        })
    }

    /// Revokes the key called `name` (or with this id).
    ///
    /// # Errors
    /// Usage when there is no such key.
    pub fn revoke(&self, name: &str) -> Result<Grant> {
        self.change(|contents| {
            let at = position(contents, name)?;
            contents.keys[at].revoked_at = Some(clock::now());
            Ok(contents.keys[at].grant.clone())
        })
    }

    /// Makes a user or AI: a random id, a mind of its own in `space`, and a key for that alone.
    ///
    /// # Errors
    /// Failed when the file cannot be written.
    pub fn register(
        &self,
        kind: AccountKind,
        name: Option<String>,
        space: &str,
        made_by: Option<&str>,
    ) -> Result<(Account, FreshKey)> {
        let id = random_uuid()?;
        let mind = format!("{space}/{id}");
        self.change(|contents| {
            let new = NewKey {
                name: name.clone().unwrap_or_else(|| id.clone()),
                scopes: BTreeSet::from([Scope::Write]),
                minds: vec![MindPattern::new(&mind)?],
                ..NewKey::default()
            };
            let fresh = add_key(contents, new)?;
            let account = Account {
                id,
                kind,
                name,
                mind,
                key_id: fresh.grant.id.clone(),
                made_by: made_by.map(str::to_owned),
                created_at: clock::now(),
            };
            contents.accounts.push(account.clone());
            Ok((account, fresh))
        })
    }

    /// The user or AI with this id.
    ///
    /// # Errors
    /// Failed when the file cannot be read.
    pub fn account(&self, id: &str) -> Result<Option<Account>> {
        let mut read = lock(&self.read);
        self.refresh(&mut read)?;
        Ok(read.accounts.get(id).cloned())
    }

    fn load(&self) -> Result<Contents> {
        match std::fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| {
                Error::failed(format!("{} is no file of keys: {e}", self.path.display()))
                    .hint("restore it from a backup, or remove it and make new keys")
            }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Contents::default()),
            Err(e) => Err(Error::failed(format!(
                "cannot read {}: {e}",
                self.path.display()
            ))),
        }
    }

    /// Changes the file: one after another, as a whole or not at all.
    fn change<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T>) -> Result<T> {
        let failed =
            |e: std::io::Error| Error::failed(format!("cannot write {}: {e}", self.path.display()));
        if let Some(dir) = self.path.parent() {
            std::fs::create_dir_all(dir).map_err(failed)?;
        }
        let private = |path: &Path| {
            let mut options = OpenOptions::new();
            options
                .create(true)
                .write(true)
                .truncate(false)
                .mode(0o600)
                .open(path)
        };
        let guard = private(&beside(&self.path, "lock")).map_err(failed)?;
        rustix::fs::flock(&guard, rustix::fs::FlockOperation::LockExclusive)
            .map_err(|e| failed(e.into()))?;
        let mut contents = self.load()?;
        if contents.secret.is_empty() {
            contents.version = 1;
            contents.secret = hexadecimal(&random_bytes::<32>()?);
        }
        let done = change(&mut contents)?;
        let fresh = beside(&self.path, "new");
        let text = serde_json::to_vec_pretty(&contents)
            .map_err(|e| Error::failed(format!("keys cannot be written: {e}")))?;
        let _ = std::fs::remove_file(&fresh);
        let mut file = private(&fresh).map_err(failed)?;
        file.write_all(&text)
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        std::fs::rename(&fresh, &self.path).map_err(failed)?;
        if let Some(dir) = self.path.parent().and_then(|dir| File::open(dir).ok()) {
            dir.sync_all().map_err(failed)?;
        }
        Ok(done)
    }
}

/// What the digest of a key is made with that the environment brings, which no file keeps.
const GIVEN: &str = "environment";

fn add_key(contents: &mut Contents, new: NewKey) -> Result<FreshKey> {
    let key = random_key()?;
    let grant = Grant {
        id: random_uuid()?,
        name: new.name,
        scopes: new.scopes,
        minds: new.minds,
        expires_at: new.expires_at,
        rate: new.rate,
    };
    contents.keys.push(StoredKey {
        grant: grant.clone(),
        hmac: digest(&contents.secret, &key),
        created_at: clock::now(),
        revoked_at: None,
    });
    Ok(FreshKey { key, grant })
}

/// Where the valid key of this name or id is.
fn position(contents: &Contents, name: &str) -> Result<usize> {
    let valid = |key: &StoredKey| key.revoked_at.is_none();
    let keys = contents
        .keys
        .iter()
        .enumerate()
        .filter(|(_, key)| valid(key));
    let by_id = keys.clone().find(|(_, key)| key.grant.id == name);
    let mut by_name = keys.filter(|(_, key)| key.grant.name == name);
    match (by_id, by_name.next(), by_name.next()) {
        (Some((at, _)), ..) | (None, Some((at, _)), None) => Ok(at),
        (None, Some(_), Some(_)) => Err(Error::usage(format!("several keys are called '{name}'"))
            .hint("name it by its id; `codex keys list` shows them")),
        (None, None, _) => Err(Error::usage(format!("there is no key called '{name}'"))
            .code(ErrorCode::NotFound)
            .hint("`codex keys list` shows the keys there are")),
    }
}

fn digest(secret: &str, key: &str) -> String {
    // HMAC takes a key of any length, so this is never an error.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(key.as_bytes());
    hexadecimal(&mac.finalize().into_bytes())
}

fn random_key() -> Result<String> {
    Ok(format!(
        "{PREFIX}{}",
        hexadecimal(&random_bytes::<KEY_BYTES>()?)
    ))
}

/// A random UUID.
pub fn random_uuid() -> Result<String> {
    Ok(uuid::Builder::from_random_bytes(random_bytes::<16>()?)
        .into_uuid()
        .to_string())
}

fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(|e| Error::failed(format!("the system gives no random bytes: {e}")))?;
    Ok(bytes)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> (tempfile::TempDir, KeyRing) {
        let dir = tempfile::tempdir().unwrap();
        let ring = KeyRing::beside(&dir.path().join("m.duckdb"), None).unwrap();
        (dir, ring)
    }

    fn reader() -> NewKey {
        NewKey {
            name: "laptop".to_owned(),
            scopes: BTreeSet::from([Scope::Read]),
            minds: vec![MindPattern::new("nora").unwrap()],
            ..NewKey::default()
        }
    }

    #[test]
    fn a_key_lets_in_until_it_is_rotated_or_revoked_and_is_kept_nowhere() {
        let (dir, ring) = ring();
        assert!(ring.is_empty().unwrap());
        let first = ring.create(reader()).unwrap();
        assert!(ring.access(&first.key).is_ok());
        let text = std::fs::read_to_string(dir.path().join("m.duckdb.keys.json")).unwrap();
        assert!(!text.contains(&first.key) && !text.contains(&first.key[PREFIX.len()..]));
        let second = ring.rotate("laptop").unwrap();
        assert!(ring.access(&first.key).is_err());
        assert!(ring.access(&second.key).is_ok());
        ring.revoke(&second.grant.id).unwrap();
        assert!(ring.access(&second.key).is_err());
        assert!(ring.is_empty().unwrap());
        assert_eq!(ring.list().unwrap().len(), 1);
    }

    #[test]
    fn an_expired_key_lets_nobody_in() {
        let (_dir, ring) = ring();
        let expired = NewKey {
            expires_at: Some(clock::now()),
            ..reader()
        };
        let key = ring.create(expired).unwrap().key;
        let refused = ring.access(&key).unwrap_err();
        assert_eq!(refused.error_code(), ErrorCode::Unauthorized);
    }

    #[test]
    fn two_ais_of_one_name_have_two_ids_and_two_minds() {
        let (_dir, ring) = ring();
        let register = || {
            let name = Some("Assistant".to_owned());
            ring.register(AccountKind::Ai, name, "ai", None).unwrap()
        };
        let ((one, key), (other, _)) = (register(), register());
        assert_ne!(one.id, other.id);
        let Access::Key(grant) = ring.access(&key.key).unwrap() else {
            panic!("a key is no owner");
        };
        assert!(grant.covers(&one.mind) && !grant.covers(&other.mind));
    }
}
