//! Secrets by the shapes that their issuers document: they are warned about, and can be taken out before anything is stored.

/// A secret in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    /// What it is.
    pub kind: &'static str,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// A prefix that a kind of key begins with, the least number of characters after it, and which ones.
const PREFIXES: [(&str, &str, usize, Alphabet); 24] = [
    ("AWS access key", "AKIA", 16, Alphabet::Upper),
    ("AWS access key", "ASIA", 16, Alphabet::Upper),
    ("GitHub token", "ghp_", 36, Alphabet::Token),
    ("GitHub token", "gho_", 36, Alphabet::Token),
    ("GitHub token", "ghu_", 36, Alphabet::Token),
    ("GitHub token", "ghs_", 36, Alphabet::Token),
    ("GitHub token", "github_pat_", 40, Alphabet::Token),
    ("GitLab token", "glpat-", 20, Alphabet::Token),
    ("Anthropic key", "sk-ant-", 24, Alphabet::Token),
    ("OpenAI key", "sk-proj-", 24, Alphabet::Token),
    ("OpenAI key", "sk-", 32, Alphabet::Token),
    ("OpenRouter key", "sk-or-", 24, Alphabet::Token),
    ("Slack token", "xoxb-", 20, Alphabet::Token),
    ("Slack token", "xoxp-", 20, Alphabet::Token),
    ("Slack token", "xoxa-", 20, Alphabet::Token),
    ("Slack token", "xapp-", 20, Alphabet::Token),
    ("Google API key", "AIza", 35, Alphabet::Token),
    ("Stripe key", "sk_live_", 20, Alphabet::Token),
    ("Stripe key", "rk_live_", 20, Alphabet::Token),
    ("npm token", "npm_", 36, Alphabet::Token),
    ("PyPI token", "pypi-", 40, Alphabet::Token),
    ("Hugging Face token", "hf_", 30, Alphabet::Token),
    ("SendGrid key", "SG.", 40, Alphabet::Dotted),
    ("JSON web token", "eyJ", 40, Alphabet::Dotted),
];

#[derive(Clone, Copy)]
enum Alphabet {
    Upper,
    Token,
    Dotted,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Token => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
        }
    }
}

/// The secrets in a text, in order.
pub fn secrets(text: &str) -> Vec<Secret> {
    let mut found: Vec<Secret> = Vec::new();
    for (start, _) in text.match_indices("-----BEGIN ") {
        let rest = &text[start..];
        if rest
            .lines()
            .next()
            .is_some_and(|line| line.contains("PRIVATE KEY"))
        {
            let end = rest.find("-----END ").map_or(rest.len(), |end| {
                rest[end..].find('\n').map_or(rest.len(), |line| end + line)
            });
            found.push(Secret {
                kind: "private key",
                start,
                end: start + end,
            });
        }
    }
    for (kind, prefix, least, alphabet) in PREFIXES {
        for (start, _) in text.match_indices(prefix) {
            let before = text[..start].bytes().next_back();
            if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                continue;
            }
            let tail = text.as_bytes()[start + prefix.len()..]
                .iter()
                .take_while(|byte| alphabet.has(**byte))
                .count();
            let dotted = matches!(alphabet, Alphabet::Dotted)
                && !text[start..start + prefix.len() + tail].contains('.');
            let end = start + prefix.len() + tail;
            let known = found
                .iter()
                .any(|other| start < other.end && other.start < end);
            let varied = text[start..end].bytes().any(|byte| byte.is_ascii_digit());
            if tail >= least && !dotted && !known && varied {
                found.push(Secret { kind, start, end });
            }
        }
    }
    found.sort_by_key(|secret| secret.start);
    found
}

/// The text with each secret replaced by what it was; `None` where there is none.
pub fn redact(text: &str) -> Option<String> {
    let found = secrets(text);
    if found.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for secret in found {
        if secret.start < at {
            continue;
        }
        out.push_str(&text[at..secret.start]);
        out.push_str(&format!("[{} removed]", secret.kind));
        at = secret.end;
    }
    out.push_str(&text[at..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_known_shapes_are_found_and_words_are_not() {
        let key = format!("sk-ant-api03-{}", "a1B2".repeat(10));
        let text =
            format!("Use {key} for the task-force-of-the-century-and-everything-else, please.");
        assert_eq!(secrets(&text).len(), 1);
        assert_eq!(
            redact(&text).unwrap(),
            "Use [Anthropic key removed] for the task-force-of-the-century-and-everything-else, please."
        );
        let block = "before\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nafter";
        assert_eq!(
            redact(block).unwrap(),
            "before\n[private key removed]\nafter"
        );
        assert_eq!(redact("The sky is blue, sk-1"), None);
    }
}
