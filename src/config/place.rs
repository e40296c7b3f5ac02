//! Where in a text something stands, for messages that a person can act on.

use std::fmt;

/// A line and a column, both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The position of a byte offset in a text; an offset past the end is the end.
    pub fn of_offset(text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// A file (or an environment variable, or `--vars`), and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's path as the person knows it, or the name of another origin.
    pub file: String,
    /// Where in it, if known.
    pub position: Option<Position>,
}

impl Place {
    /// The whole of a file or another origin.
    pub fn whole(file: impl Into<String>) -> Place {
        Place {
            file: file.into(),
            position: None,
        }
    }

    /// A position in a file.
    pub fn at(file: impl Into<String>, line: usize, column: usize) -> Place {
        Place {
            file: file.into(),
            position: Some(Position { line, column }),
        }
    }

    /// The place of a byte offset in the text of a file.
    pub fn of_offset(file: impl Into<String>, text: &str, offset: usize) -> Place {
        Place {
            file: file.into(),
            position: Some(Position::of_offset(text, offset)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(f, "{}:{line}:{column}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let text = "ä b\nçd e";
        assert_eq!(
            Position::of_offset(text, text.find('e').unwrap()),
            Position { line: 2, column: 4 }
        );
        assert_eq!(
            Position::of_offset(text, 999),
            Position { line: 2, column: 5 }
        );
    }
}
