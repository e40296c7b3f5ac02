//! A first look at a JSON object around a list: what it says, and which list it has.

use std::io::BufReader;

use serde_json::{Map, Value};

use crate::input::scanner::{Scanner, Stop};
use crate::input::source::Input;

/// The arrays an object may be around.
const LISTS: [&str; 10] = [
    "memories",
    "messages",
    "conversations",
    "results",
    "items",
    "entries",
    "records",
    "data",
    "history",
    "sessions",
];

/// Around an array, fields up to this size are looked at.
const FIELD_BYTES: usize = 64 << 10;

/// A scanner of a source.
pub(crate) type Scan = Scanner<BufReader<Box<dyn Input>>>;

/// The fields of an object without reading its lists.
#[derive(Default)]
pub(crate) struct Survey {
    pub fields: Map<String, Value>,
    /// The known lists it has.
    pub lists: Vec<String>,
    /// Fields too large to be looked at.
    pub large: Vec<String>,
}

impl Survey {
    pub fn read(&mut self, scan: &mut Scan) -> Result<(), Stop> {
        scan.expect(b'{', "at the start")?;
        let mut first = true;
        while let Some(name) = next_member(scan, &mut first)? {
            if scan.peek()? == Some(b'[') && LISTS.contains(&name.as_str()) {
                self.lists.push(name);
                scan.value(0)?;
                continue;
            }
            let cut = scan.value(FIELD_BYTES)?;
            match serde_json::from_slice(&cut.bytes) {
                _ if cut.too_long => self.large.push(name),
                Ok(value) => drop(self.fields.insert(name, value)),
                // A broken value: whoever reads the object as a whole says so.
                Err(_) => self.large.push(name),
            }
        }
        Ok(())
    }
}

/// The name of an object's next member, up to its value; `None` at the object's end.
pub(crate) fn next_member(scan: &mut Scan, first: &mut bool) -> Result<Option<String>, Stop> {
    match scan.peek()? {
        Some(b'}') => {
            scan.advance();
            return Ok(None);
        }
        Some(b',') if !*first => {
            scan.advance();
            scan.peek()?;
        }
        _ if *first => {}
        found => return Err(scan.unexpected(found, "`,` or `}` after a value")),
    }
    *first = false;
    let place = scan.place();
    let cut = scan.value(FIELD_BYTES)?;
    let name = serde_json::from_slice::<String>(&cut.bytes)
        .map_err(|_| Stop::Syntax(place, "expected a field's name in quotes".to_owned()))?;
    scan.expect(b':', "after a field's name")?;
    Ok(Some(name))
}
