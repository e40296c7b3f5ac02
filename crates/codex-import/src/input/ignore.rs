//! `.codexignore`: paths that are never read, a pattern a line, as in `.gitignore`.

use std::path::Path;

/// The file's name.
pub(crate) const FILE: &str = ".codexignore";

/// The patterns of one folder.
#[derive(Debug, Default)]
pub(crate) struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Vec<char>,
    /// `!`: taken in all the same.
    negated: bool,
    /// `name/`: folders only.
    folders: bool,
    /// It names a path from the folder on, not a name anywhere.
    anchored: bool,
}

impl Ignore {
    pub fn of(folder: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(folder.join(FILE)).unwrap_or_default())
    }

    pub fn parse(text: &str) -> Self {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rules = lines.map(|line| {
            let (negated, line) = line
                .strip_prefix('!')
                .map_or((false, line), |rest| (true, rest));
            let (folders, line) = line
                .strip_suffix('/')
                .map_or((false, line), |rest| (true, rest));
            Rule {
                anchored: line.contains('/'),
                pattern: line.trim_start_matches('/').chars().collect(),
                negated,
                folders,
            }
        });
        Self {
            rules: rules.collect(),
        }
    }

    /// Whether a path below the folder, or a folder above it, is to be left alone. The last rule that fits decides.
    pub fn covers(&self, name: &str, is_folder: bool) -> bool {
        if self.rules.is_empty() {
            return false;
        }
        let parts: Vec<_> = name.split('/').collect();
        (1..=parts.len()).any(|count| {
            let path: Vec<char> = parts[..count].join("/").chars().collect();
            let last: Vec<char> = parts[count - 1].chars().collect();
            let folder = is_folder || count < parts.len();
            let fits = |rule: &&Rule| {
                (folder || !rule.folders)
                    && matches(&rule.pattern, if rule.anchored { &path } else { &last })
            };
            self.rules
                .iter()
                .rev()
                .find(fits)
                .is_some_and(|rule| !rule.negated)
        })
    }
}

/// `*` within a name, `**` across names, `?` for one character.
fn matches(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', '*', rest @ ..] => {
            let rest = rest.strip_prefix(&['/']).unwrap_or(rest);
            (0..=text.len()).any(|at| matches(rest, &text[at..]))
        }
        ['*', rest @ ..] => {
            let end = text.iter().position(|c| *c == '/').unwrap_or(text.len());
            (0..=end).any(|at| matches(rest, &text[at..]))
        }
        ['?', rest @ ..] => text.first().is_some_and(|c| *c != '/') && matches(rest, &text[1..]),
        [c, rest @ ..] => text.first() == Some(c) && matches(rest, &text[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_keep_paths_out_as_gits_do() {
        let ignore = Ignore::parse("# private\nsecret*\nwork/drafts/\n*.log\n!keep.log\n");
        for (name, covered) in [
            ("secrets.md", true),
            ("a/secret.md", true),
            ("work/drafts/x.md", true),
            ("drafts/x.md", false),
            ("a/b.log", true),
            ("keep.log", false),
            ("notes.md", false),
        ] {
            assert_eq!(ignore.covers(name, false), covered, "{name}");
        }
    }
}
