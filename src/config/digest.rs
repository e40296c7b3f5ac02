//! What of the settings an answer may depend on, as hashes: two processes compare theirs, and neither tells a password.

use super::{Config, Embeddings};
use md5::{Digest, Md5};
use std::collections::BTreeMap;

/// By the name of a group of settings, the md5 of what they say.
pub type Digests = BTreeMap<String, String>;

impl Config {
    /// The groups of settings that answers may depend on.
    pub fn digests(&self) -> Digests {
        let settings = &self.settings;
        let address = self.postgres.as_ref().map(|address| {
            let unshown = (
                &address.password,
                &address.options,
                &address.root_certificate,
                &address.client_certificate,
            );
            format!("{address} {unshown:?}")
        });
        let local = matches!(settings.embeddings, Embeddings::Auto | Embeddings::Local)
            .then(|| (&settings.models, &settings.local_model));
        [
            ("postgres", format!("{address:?} {:?}", settings.postgres)),
            ("ollama", format!("{:?}", settings.ollama)),
            ("enrichment", format!("{:?}", settings.enrichment)),
            ("embeddings", format!("{:?}", settings.embeddings)),
            ("local_model", format!("{local:?}")),
            ("time_zone", settings.time_zone.to_string()),
        ]
        .map(|(name, says)| (name.to_owned(), format!("{:x}", Md5::digest(says))))
        .into()
    }
}

/// The groups that differ, by name.
pub fn differing<'a>(one: &'a Digests, other: &Digests) -> Vec<&'a str> {
    one.iter()
        .filter(|(name, hash)| other.get(*name) != Some(*hash))
        .map(|(name, _)| name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigSources;

    fn digests(environment: &[(&str, &str)]) -> Digests {
        let environment = [("HOME", "/nowhere")].iter().chain(environment);
        let sources = ConfigSources {
            environment: environment
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..ConfigSources::default()
        };
        Config::load(&sources).unwrap().digests()
    }

    #[test]
    fn each_group_differs_by_its_own_settings_passwords_among_them() {
        let plain = digests(&[]);
        let server = ("POSTGRES_DB_URL", "postgresql://nora:one@db/diary");
        for (set, group) in [
            (server, "postgres"),
            (("OLLAMA_MODEL", "llama3.2"), "ollama"),
            (("CODEX_ENRICHMENT", "rules"), "enrichment"),
            (("CODEX_TIME_ZONE", "Europe/Lisbon"), "time_zone"),
            (("CODEX_LOCAL_MODEL", "another"), "local_model"),
        ] {
            assert_eq!(differing(&plain, &digests(&[set])), [group]);
        }
        let other = ("POSTGRES_DB_URL", "postgresql://nora:two@db/diary");
        assert_eq!(
            differing(&digests(&[server]), &digests(&[other])),
            ["postgres"]
        );
        // What only says how long to wait, or how the daemon runs, is nobody's business.
        let patient = digests(&[("CODEX_LOCK_TIMEOUT", "1"), ("CODEX_DAEMON_GRACE", "1")]);
        assert_eq!(differing(&plain, &patient), [""; 0]);
    }
}
