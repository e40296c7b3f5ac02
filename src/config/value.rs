//! The value of a parameter.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a parameter may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// A text, often one of a few choices.
    Text,
    /// true or false.
    Boolean,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Text => "text",
            Kind::Boolean => "boolean (true or false)",
        })
    }
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// true or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal number, finite.
    Number(f64),
    /// A text.
    Text(String),
}

impl Value {
    /// Reads a YAML value as `kind`; the error is a description of what was found instead.
    pub fn from_yaml(yaml: &serde_yaml::Value, kind: Kind) -> Result<Value, String> {
        use serde_yaml::Value as Yaml;
        let value = match (kind, yaml) {
            (Kind::Boolean, Yaml::Bool(value)) => Some(Value::Boolean(*value)),
            (Kind::Integer, Yaml::Number(number)) => number.as_i64().map(Value::Integer),
            (Kind::Number, Yaml::Number(number)) => number
                .as_f64()
                .filter(|number| number.is_finite())
                .map(Value::Number),
            (Kind::Text, Yaml::String(text)) => Some(Value::Text(text.clone())),
            _ => None,
        };
        value.ok_or_else(|| describe(yaml))
    }

    /// The value whatever its kind, where it is a scalar; the error is a description of what was found instead.
    pub fn of_any_kind(yaml: &serde_yaml::Value) -> Result<Value, String> {
        [Kind::Boolean, Kind::Integer, Kind::Number, Kind::Text]
            .into_iter()
            .find_map(|kind| Value::from_yaml(yaml, kind).ok())
            .ok_or_else(|| describe(yaml))
    }

    /// The kind of this value.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Boolean(_) => Kind::Boolean,
            Value::Integer(_) => Kind::Integer,
            Value::Number(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
        }
    }

    /// The number, of an integer too.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Integer(value) => Some(*value as f64),
            Value::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The value as a literal of SQL. A number keeps its decimal point and has no exponent, so DuckDB reads it as DECIMAL.
    pub fn to_sql(&self) -> String {
        match self {
            Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Number(value) => {
                let text = value.to_string();
                f.write_str(&text)?;
                if text.contains('.') {
                    Ok(())
                } else {
                    f.write_str(".0")
                }
            }
            Value::Text(value) => f.write_str(value),
        }
    }
}

/// A YAML value in a person's words.
pub fn describe(yaml: &serde_yaml::Value) -> String {
    use serde_yaml::Value as Yaml;
    match yaml {
        Yaml::Null => "nothing".to_owned(),
        Yaml::Bool(value) => format!("the boolean {value}"),
        Yaml::Number(value) => format!("the number {value}"),
        Yaml::String(value) => format!("the text '{value}'"),
        Yaml::Sequence(_) => "a list".to_owned(),
        Yaml::Mapping(_) => "a mapping".to_owned(),
        Yaml::Tagged(_) => "a tagged value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_decimal_literals_of_sql() {
        assert_eq!(Value::Number(0.6).to_sql(), "0.6");
        assert_eq!(Value::Number(1.0).to_sql(), "1.0");
        assert_eq!(Value::Number(1e-7).to_sql(), "0.0000001");
        assert_eq!(Value::Integer(7).to_sql(), "7");
    }

    #[test]
    fn quotes_in_texts_are_doubled() {
        assert_eq!(Value::Text("it's".into()).to_sql(), "'it''s'");
    }
}
