//! How a model becomes a relation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::config::{suggest, yaml};

use super::name::StageName;

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word for it in YAML, SQL and on the command line.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<$name, String> {
                let known = || $name::ALL.iter().map(|choice| choice.as_str());
                $name::ALL
                    .iter()
                    .copied()
                    .find(|choice| choice.as_str() == text)
                    .ok_or_else(|| format!(concat!("unknown ", $what, " '{}'; {}"), text, suggest::hint(text, known())))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                yaml::parsed_text(deserializer, str::parse)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

choice! {
    /// What a model's query becomes.
    Materialization, "materialization" {
        /// A view, computed when asked.
        View => "view",
        /// A table, computed anew each time.
        Table => "table",
        /// A table that grows or changes by an [`IncrementalStrategy`].
        Incremental => "incremental",
        /// Nothing of its own: part of the models that refer to it.
        Ephemeral => "ephemeral",
        /// A table of which the epochs in question are computed anew.
        EpochCache => "epoch_cache",
        /// A table that only a cycle changes.
        Transition => "transition",
    }
}

choice! {
    /// How the rows of an incremental model or transition enter the table.
    IncrementalStrategy, "incremental strategy" {
        /// Rows with a known key are updated, others inserted.
        Merge => "merge",
        /// Rows of the same keys, or of the time range of the new rows, are deleted before the insert.
        DeleteInsert => "delete+insert",
        /// Rows are added.
        Append => "append",
        /// Rows whose key is in the query are deleted.
        Delete => "delete",
    }
}

choice! {
    /// A type of consolidation, in the order in which a day and its night run them.
    CycleType, "cycle" {
        /// Windows and attention.
        Working => "working",
        /// Episodes and co-activation.
        ShortTerm => "short_term",
        /// Replay and association, by day.
        Hippocampal => "hippocampal",
        /// Into long-term memory, at night.
        DeepSleep => "deep_sleep",
        /// Creative association, at night.
        RemSleep => "rem_sleep",
        /// Downscaling, on Sundays.
        Homeostasis => "homeostasis",
    }
}

impl CycleType {
    /// Whether it is a step of the night, which changes state; the others compute caches by day.
    pub fn is_nightly(self) -> bool {
        matches!(
            self,
            CycleType::DeepSleep | CycleType::RemSleep | CycleType::Homeostasis
        )
    }
}

/// The part of a model's configuration that a YAML entry or an inline `config(…)` gives.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigPatch {
    /// See [`ModelConfig::materialized`].
    pub materialized: Option<Materialization>,
    /// See [`ModelConfig::schema`].
    pub schema: Option<String>,
    /// See [`ModelConfig::alias`].
    pub alias: Option<String>,
    /// See [`ModelConfig::unique_key`].
    #[serde(default, deserialize_with = "one_or_more")]
    pub unique_key: Option<Vec<String>>,
    /// See [`ModelConfig::incremental_strategy`].
    pub incremental_strategy: Option<IncrementalStrategy>,
    /// See [`ModelConfig::event_time`].
    pub event_time: Option<String>,
    /// See [`ModelConfig::cycle`].
    pub cycle: Option<CycleType>,
    /// See [`ModelConfig::tags`]. Inline tags are added to those of the YAML.
    #[serde(default, deserialize_with = "one_or_more")]
    pub tags: Option<Vec<String>>,
    /// See [`ModelConfig::enabled`].
    pub enabled: Option<bool>,
    /// See [`ModelConfig::order_keys`].
    #[serde(default, deserialize_with = "one_or_more")]
    pub order_keys: Option<Vec<String>>,
    /// See [`ModelConfig::skip_if_empty`].
    pub skip_if_empty: Option<String>,
}

/// A model's configuration, complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelConfig {
    /// What the query becomes; a view unless it says otherwise.
    pub materialized: Materialization,
    /// The schema of the relation; the stage unless it says otherwise.
    pub schema: String,
    /// The name of the relation; the model's unless it says otherwise.
    pub alias: String,
    /// The columns that identify a row; may be empty.
    pub unique_key: Vec<String>,
    /// How rows enter; chosen from the keys unless it says otherwise.
    pub incremental_strategy: IncrementalStrategy,
    /// The column with the time of what a row is about, for delete+insert by time range.
    pub event_time: Option<String>,
    /// The cycle that runs the model.
    pub cycle: Option<CycleType>,
    /// Words to select models by.
    pub tags: Vec<String>,
    /// Whether the model exists at all.
    pub enabled: bool,
    /// Columns that are unique within the partitions of the model's windows, and so order them fully (for the lint).
    pub order_keys: Vec<String>,
    /// A relation without whose rows the query has none: while it is empty, the query is not even planned.
    pub skip_if_empty: Option<String>,
}

impl ModelConfig {
    /// The configuration of a model from its YAML and its inline `config(…)`; the later wins.
    pub fn resolve(
        name: &str,
        stage: &StageName,
        yaml: &ConfigPatch,
        inline: Option<&ConfigPatch>,
    ) -> Result<ModelConfig, String> {
        let empty = ConfigPatch::default();
        let inline = inline.unwrap_or(&empty);
        macro_rules! pick {
            ($field:ident) => {
                inline.$field.clone().or_else(|| yaml.$field.clone())
            };
        }
        let unique_key = pick!(unique_key).unwrap_or_default();
        let event_time = pick!(event_time);
        let strategy = pick!(incremental_strategy);
        let mut tags = yaml.tags.clone().unwrap_or_default();
        for tag in inline.tags.iter().flatten() {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        let config = ModelConfig {
            materialized: pick!(materialized).unwrap_or(Materialization::View),
            schema: pick!(schema).unwrap_or_else(|| stage.to_string()),
            alias: pick!(alias).unwrap_or_else(|| name.to_owned()),
            incremental_strategy: strategy.unwrap_or(match (unique_key.is_empty(), &event_time) {
                (false, _) => IncrementalStrategy::Merge,
                (true, Some(_)) => IncrementalStrategy::DeleteInsert,
                (true, None) => IncrementalStrategy::Append,
            }),
            unique_key,
            event_time,
            cycle: pick!(cycle),
            tags,
            enabled: pick!(enabled).unwrap_or(true),
            order_keys: pick!(order_keys).unwrap_or_default(),
            skip_if_empty: pick!(skip_if_empty),
        };
        config.check(strategy)?;
        Ok(config)
    }

    fn check(&self, given: Option<IncrementalStrategy>) -> Result<(), String> {
        use IncrementalStrategy::{Delete, DeleteInsert, Merge};
        use Materialization::{Incremental, Transition};
        let by_strategy = matches!(self.materialized, Incremental | Transition);
        match (self.materialized, given) {
            (other, Some(strategy)) if !by_strategy => Err(format!(
                "incremental_strategy '{strategy}' has no meaning for a model that is materialized as {other}: remove it, or use incremental or transition"
            )),
            (Transition, _) if self.cycle.is_none() => Err(
                "a transition needs a cycle, for example `cycle: deep_sleep`: only cycles run transitions".to_owned(),
            ),
            (other, _) if self.skip_if_empty.is_some() && !by_strategy => Err(format!(
                "skip_if_empty has no meaning for a model that is materialized as {other}, whose earlier rows would stay: remove it, or use incremental or transition"
            )),
            (_, Some(strategy @ (Merge | Delete))) if self.unique_key.is_empty() => Err(format!(
                "the strategy '{strategy}' needs unique_key: the columns that identify a row"
            )),
            (_, Some(DeleteInsert)) if self.unique_key.is_empty() && self.event_time.is_none() => Err(
                "the strategy 'delete+insert' needs unique_key or event_time: which rows the new ones replace".to_owned(),
            ),
            _ => Ok(()),
        }
    }
}

/// Reads `a` or `[a, b]`.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    struct OneOrMore;
    impl<'de> de::Visitor<'de> for OneOrMore {
        type Value = Option<Vec<String>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a name or a list of names")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(vec![text.to_owned()]))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: de::SeqAccess<'de>>(
            self,
            mut sequence: A,
        ) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = sequence.next_element()? {
                names.push(name);
            }
            Ok(Some(names))
        }
    }
    deserializer.deserialize_any(OneOrMore)
}
