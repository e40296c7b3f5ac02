//! YAML with places: every mistake in a file has a line and a column.

use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};

use super::place::{Place, Position};
use super::suggest;

/// Text that is no YAML, or YAML of another shape than expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct YamlError {
    /// Where.
    pub place: Place,
    /// What is wrong, and what would be right where that is known.
    pub message: String,
}

/// One step down into a document.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Into the value of a mapping's key.
    Key(&'a str),
    /// Into an element of a sequence, from 0.
    Index(usize),
}

/// Reads a document. Nothing in it (or only comments) reads as null, so `Option<T>` accepts empty files.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, YamlError> {
    serde_yaml::from_str(text).map_err(|error| explain(file, &error))
}

/// The place of a value, or of its nearest enclosing value that exists.
pub fn place_of_value(file: &str, text: &str, path: &[Step<'_>]) -> Place {
    place(file, text, path, Target::Value)
}

/// The place of the key that the path ends in, or of the nearest enclosing value that exists.
pub fn place_of_key(file: &str, text: &str, path: &[Step<'_>]) -> Place {
    place(file, text, path, Target::Key)
}

/// Turns the parser's error into ours: place apart, and "did you mean" for unknown keys.
pub fn explain(file: &str, error: &serde_yaml::Error) -> YamlError {
    let mut message = error.to_string();
    let place = match error.location() {
        Some(location) => {
            if let Some(at) = message.rfind(" at line ") {
                message.truncate(at);
            }
            Place::at(file, location.line(), location.column())
        }
        None => Place::whole(file),
    };
    if let Some(start) = message.find("unknown field `") {
        let names: Vec<&str> = message[start..].split('`').skip(1).step_by(2).collect();
        if let Some((unknown, known)) = names.split_first() {
            message = format!(
                "{}unknown key '{unknown}'; {}",
                &message[..start],
                suggest::hint(unknown, known.iter().copied())
            );
        }
    }
    YamlError { place, message }
}

/// Reads a text and parses it within the reader, so that the error has the text's place.
pub fn parsed_text<'de, D, T, E>(
    deserializer: D,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: fmt::Display,
{
    struct Parsed<F>(F);
    impl<T, E: fmt::Display, F: Fn(&str) -> Result<T, E>> Visitor<'_> for Parsed<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<Error: de::Error>(self, text: &str) -> Result<T, Error> {
            (self.0)(text).map_err(Error::custom)
        }
    }
    deserializer.deserialize_str(Parsed(parse))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    Key,
    Value,
}

fn place(file: &str, text: &str, path: &[Step<'_>], target: Target) -> Place {
    let mut length = path.len();
    loop {
        // Only the whole path may end in its key; what encloses it is a value.
        let target = if length == path.len() {
            target
        } else {
            Target::Value
        };
        if let Some(position) = locate(text, &path[..length], target) {
            return Place {
                file: file.to_owned(),
                position: Some(position),
            };
        }
        if length == 0 {
            return Place::whole(file);
        }
        length -= 1;
    }
}

/// The parser gives no positions, but its errors do: walk to the target and fail there.
fn locate(text: &str, path: &[Step<'_>], target: Target) -> Option<Position> {
    let deserializer = serde_yaml::Deserializer::from_str(text);
    let error = Walk { path, target }.deserialize(deserializer).err()?;
    let location = error.location()?;
    Some(Position {
        line: location.line(),
        column: location.column(),
    })
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    path: &'a [Step<'a>],
    target: Target,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            return deserializer.deserialize_any(Stop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the way to a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Step::Key(wanted) = self.path[0] else {
            return Err(de::Error::custom("not a sequence"));
        };
        let key = KeySeed {
            wanted,
            stop: self.target == Target::Key && self.path.len() == 1,
        };
        while let Some(found) = map.next_key_seed(key)? {
            if found {
                map.next_value_seed(Walk {
                    path: &self.path[1..],
                    ..self
                })?;
            } else {
                map.next_value::<de::IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let Step::Index(wanted) = self.path[0] else {
            return Err(de::Error::custom("not a mapping"));
        };
        for _ in 0..wanted {
            if sequence.next_element::<de::IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        sequence.next_element_seed(Walk {
            path: &self.path[1..],
            ..self
        })?;
        while sequence.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// A visitor that accepts nothing: its error carries the place.
struct Stop;

impl Visitor<'_> for Stop {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}

#[derive(Clone, Copy)]
struct KeySeed<'a> {
    wanted: &'a str,
    stop: bool,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<bool, E> {
        match key == self.wanted {
            true if self.stop => Err(E::custom("here")),
            found => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "models:\n  - name: a\n  - name: b\n    config: {materialized: view,\n      tags: [x, y]}\n";

    #[test]
    fn values_and_keys_are_found_with_line_and_column() {
        let tag = [
            Step::Key("models"),
            Step::Index(1),
            Step::Key("config"),
            Step::Key("tags"),
            Step::Index(1),
        ];
        assert_eq!(
            place_of_value("m.yaml", TEXT, &tag).to_string(),
            "m.yaml:5:17"
        );
        assert_eq!(
            place_of_key("m.yaml", TEXT, &tag[..4]).to_string(),
            "m.yaml:5:7"
        );
        assert_eq!(
            place_of_value("m.yaml", TEXT, &tag[..2]).to_string(),
            "m.yaml:3:5"
        );
    }

    #[test]
    fn a_missing_value_is_placed_where_it_is_missing() {
        let path = [Step::Key("models"), Step::Index(0), Step::Key("config")];
        assert_eq!(
            place_of_value("m.yaml", TEXT, &path).to_string(),
            "m.yaml:2:5"
        );
    }

    #[test]
    fn an_unknown_key_has_a_place_and_a_suggestion() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Shape {
            #[expect(dead_code, reason = "only its name counts")]
            models: Vec<u8>,
        }
        let error = parse::<Shape>("m.yaml", "\nmodel: []\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "m.yaml:2:1: unknown key 'model'; did you mean 'models'?"
        );
    }
}
