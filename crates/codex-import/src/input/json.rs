//! JSON as programs really write it: lone surrogates and numbers out of range do not cost the record, and the beginning of a
//! document is enough to see what it is.

use serde_json::{Map, Value};

/// Parses a value. What no JSON reader accepts within it is mended, which the flag says: lone surrogates become U+FFFD,
/// numbers out of range become texts.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Value, bool), serde_json::Error> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok((value, false)),
        Err(error) => {
            let text = error.to_string();
            if !(text.contains("surrogate")
                || text.contains("hex escape")
                || text.contains("out of range"))
            {
                return Err(error);
            }
            match serde_json::from_slice(&mend(bytes)) {
                Ok(value) => Ok((value, true)),
                Err(_) => Err(error),
            }
        }
    }
}

fn mend(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut at = 0;
    let mut in_string = false;
    while at < bytes.len() {
        let byte = bytes[at];
        if in_string && byte == b'\\' {
            at = escape(bytes, at, &mut out);
            continue;
        }
        if byte == b'"' {
            in_string = !in_string;
        } else if !in_string && (byte == b'-' || byte.is_ascii_digit()) {
            let end = bytes[at..]
                .iter()
                .position(|b| !(b.is_ascii_alphanumeric() || b"+-.".contains(b)))
                .map_or(bytes.len(), |n| at + n);
            let number = &bytes[at..end];
            let fits = serde_json::from_slice::<Value>(number).is_ok();
            if !fits {
                out.push(b'"');
            }
            out.extend_from_slice(number);
            if !fits {
                out.push(b'"');
            }
            at = end;
            continue;
        }
        out.push(byte);
        at += 1;
    }
    out
}

/// Copies an escape, or U+FFFD for half a surrogate pair; returns what comes after it.
fn escape(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let unit = |at: usize| -> Option<u32> {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match unit(at) {
        Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => {
            out.extend_from_slice(&bytes[at..at + 12]);
            at + 12
        }
        Some(0xd800..=0xdfff) => {
            out.extend_from_slice(b"\\ufffd");
            at + 6
        }
        _ => {
            let end = (at + 2).min(bytes.len());
            out.extend_from_slice(&bytes[at..end]);
            end
        }
    }
}

/// What can be read of a document whose end is missing: lists and objects as far as they go.
pub(crate) fn beginning(text: &str) -> Option<Value> {
    let mut reader = Beginning {
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
    };
    let value = reader.value()?;
    matches!(value, Value::Array(_) | Value::Object(_)).then_some(value)
}

struct Beginning<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl Beginning<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    /// `None` where nothing whole is left.
    fn value(&mut self) -> Option<Value> {
        if self.depth > 64 {
            return None;
        }
        match self.peek()? {
            b'{' => {
                self.at += 1;
                self.depth += 1;
                let mut object = Map::new();
                loop {
                    match self.peek() {
                        Some(b',') => self.at += 1,
                        Some(b'"') => {
                            let Some(Value::String(name)) = self.string() else {
                                break;
                            };
                            if self.peek() != Some(b':') {
                                break;
                            }
                            self.at += 1;
                            match self.value() {
                                Some(value) => drop(object.insert(name, value)),
                                None => {
                                    object.insert(name, Value::Null);
                                    break;
                                }
                            }
                        }
                        Some(b'}') => {
                            self.at += 1;
                            break;
                        }
                        _ => break,
                    }
                }
                self.depth -= 1;
                Some(Value::Object(object))
            }
            b'[' => {
                self.at += 1;
                self.depth += 1;
                let mut list = Vec::new();
                loop {
                    match self.peek() {
                        Some(b',') => self.at += 1,
                        Some(b']') => {
                            self.at += 1;
                            break;
                        }
                        Some(_) => match self.value() {
                            Some(value) => list.push(value),
                            None => break,
                        },
                        None => break,
                    }
                }
                self.depth -= 1;
                Some(Value::Array(list))
            }
            b'"' => self.string(),
            _ => {
                let start = self.at;
                while self
                    .bytes
                    .get(self.at)
                    .is_some_and(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
                {
                    self.at += 1;
                }
                serde_json::from_slice(&self.bytes[start..self.at]).ok()
            }
        }
    }

    fn string(&mut self) -> Option<Value> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    return parse(&self.bytes[start..self.at])
                        .ok()
                        .map(|(value, _)| value);
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_a_character_or_a_huge_number_costs_only_itself() {
        let (value, mended) =
            parse(br#"{"a":"x\ud83d","b":"\ud83d\ude00","c":1e999,"d":"\\ud83d"}"#).unwrap();
        assert!(mended);
        assert_eq!(
            value,
            json!({"a": "x\u{fffd}", "b": "😀", "c": "1e999", "d": "\\ud83d"})
        );
    }

    #[test]
    fn a_document_without_its_end_shows_what_it_is() {
        assert_eq!(
            beginning(r#"[{"uuid": "a", "chat_messages": [{"text": "hel"#),
            Some(json!([{"uuid": "a", "chat_messages": [{"text": null}]}]))
        );
        assert_eq!(beginning("plain"), None);
    }
}
