//! Forms of English verbs: what a phrase of the registry says once, memories say in every tense.

/// Which form of a verb a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Base,
    Third,
    Past,
    Participle,
    Ing,
}

/// Base, past, participle of irregular verbs.
const IRREGULAR: &[(&str, &str, &str)] = &[
    ("become", "became", "become"),
    ("belong", "belonged", "belonged"),
    ("break", "broke", "broken"),
    ("buy", "bought", "bought"),
    ("come", "came", "come"),
    ("do", "did", "done"),
    ("drink", "drank", "drunk"),
    ("drive", "drove", "driven"),
    ("eat", "ate", "eaten"),
    ("get", "got", "gotten"),
    ("give", "gave", "given"),
    ("go", "went", "gone"),
    ("grow", "grew", "grown"),
    ("have", "had", "had"),
    ("hold", "held", "held"),
    ("know", "knew", "known"),
    ("leave", "left", "left"),
    ("quit", "quit", "quit"),
    ("run", "ran", "run"),
    ("speak", "spoke", "spoken"),
    ("split", "split", "split"),
    ("take", "took", "taken"),
    ("wake", "woke", "woken"),
];

fn doubles(base: &str) -> bool {
    ["get", "run", "quit", "split", "stop", "enrol"].contains(&base)
}

/// Whether `word` is a form of `base`, and which. A word can be two forms ("moved"): the past one counts, context decides.
pub(super) fn forms(base: &str, word: &str) -> Vec<Form> {
    if base == "am" || base == "are" || base == "is" || base == "be" {
        return match word {
            "am" | "are" | "is" => vec![Form::Third],
            "was" | "were" => vec![Form::Past],
            "been" => vec![Form::Participle],
            "be" => vec![Form::Base],
            _ => Vec::new(),
        };
    }
    let mut found = Vec::new();
    if word == base {
        found.push(Form::Base);
    }
    if word == third(base) {
        found.push(Form::Third);
    }
    if word == ing(base) {
        found.push(Form::Ing);
    }
    match IRREGULAR.iter().find(|(b, _, _)| *b == base) {
        Some((_, past, participle)) => {
            if word == *past {
                found.push(Form::Past);
            }
            if word == *participle || base == "get" && word == "got" {
                found.push(Form::Participle);
            }
        }
        None => {
            if word == past(base) {
                found.extend([Form::Past, Form::Participle]);
            }
        }
    }
    found
}

fn third(base: &str) -> String {
    match base {
        "have" => "has".to_owned(),
        "do" | "go" => format!("{base}es"),
        _ if base.ends_with(['s', 'x', 'z']) || base.ends_with("ch") || base.ends_with("sh") => {
            format!("{base}es")
        }
        _ => match base.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{base}s"),
        },
    }
}

fn past(base: &str) -> String {
    if base.ends_with('e') {
        return format!("{base}d");
    }
    if doubles(base) {
        let last = base.chars().last().unwrap_or_default();
        return format!("{base}{last}ed");
    }
    match base.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ied"),
        _ => format!("{base}ed"),
    }
}

fn ing(base: &str) -> String {
    if doubles(base) {
        let last = base.chars().last().unwrap_or_default();
        return format!("{base}{last}ing");
    }
    match base.strip_suffix('e') {
        Some(stem) if !stem.ends_with('e') => format!("{stem}ing"),
        _ => format!("{base}ing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_known_in_every_form() {
        for (base, word, form) in [
            ("live", "lives", Form::Third),
            ("live", "living", Form::Ing),
            ("move", "moved", Form::Past),
            ("study", "studied", Form::Participle),
            ("study", "studies", Form::Third),
            ("leave", "left", Form::Past),
            ("get", "getting", Form::Ing),
            ("am", "was", Form::Past),
            ("play", "plays", Form::Third),
        ] {
            assert!(forms(base, word).contains(&form), "{base} {word}");
        }
        assert!(forms("live", "liver").is_empty());
    }
}
