//! The JSON document of an export, read as it streams by.

use super::restore::Loader;
use crate::error::{Error, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The document `{header…, "tables": {"raw.memories": [row, …], …}}`, read row by row.
pub(super) struct Document<'l, 'a, 'p> {
    pub loader: &'l mut Loader<'a, 'p>,
    /// What the loader had to refuse.
    pub wrong: &'l mut Option<Error>,
}

/// The object of tables, or one table's rows.
struct Tables<'d, 'l, 'a, 'p>(&'d mut Document<'l, 'a, 'p>);
struct Rows<'d, 'l, 'a, 'p>(&'d mut Document<'l, 'a, 'p>, String);

impl Document<'_, '_, '_> {
    fn keep<E: serde::de::Error>(&mut self, result: Result<()>) -> Result<(), E> {
        result.map_err(|e| {
            *self.wrong = Some(e);
            E::custom("refused")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export")
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut header = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if key != "tables" {
                header.insert(key, map.next_value()?);
                continue;
            }
            let file = self.loader.export.path.clone();
            let begun = self
                .loader
                .begin(Value::Object(std::mem::take(&mut header)), &file);
            self.keep(begun)?;
            map.next_value_seed(Tables(&mut self))?;
        }
        if !self.loader.has_begun() {
            Err(A::Error::custom("it has no tables"))
        } else {
            Ok(())
        }
    }
}

impl<'de> DeserializeSeed<'de> for Tables<'_, '_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Tables<'_, '_, '_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tables")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(table) = map.next_key::<String>()? {
            map.next_value_seed(Rows(self.0, table))?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Rows<'_, '_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_, '_, '_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(row) = seq.next_element::<Value>()? {
            let taken = self.0.loader.row(&self.1, row);
            self.0.keep(taken)?;
        }
        Ok(())
    }
}
