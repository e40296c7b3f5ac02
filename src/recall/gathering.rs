//! Whether a question gathers several things ("What books has she read?") or looks for one ("When did she read it?").
//!
//! The answer to the first kind lies in many sessions, the answer to the second in one place. The rules read the question's form
//! alone: what it is about does not matter.

use unicode_segmentation::UnicodeSegmentation;

/// How a language asks for several things.
struct Forms {
    /// Openings that ask for several whatever follows.
    several: &'static [&'static str],
    /// Words that ask which ones; several where a plural or a perfect tense follows.
    which: &'static [&'static str],
    /// Openings that ask for one thing, or for yes and no.
    one: &'static [&'static str],
    /// Words of the perfect tense: what has been done, so far and all in all.
    perfect: &'static [&'static str],
    /// Words for several within a question that `which` opens.
    plural: &'static [&'static str],
    /// Endings of plural nouns.
    endings: &'static [&'static str],
}

const FORMS: &[Forms] = &[
    // English
    Forms {
        several: &[
            "how many",
            "how often",
            "what are",
            "what were",
            "who are",
            "who were",
            "which are",
            "what kinds",
            "what types",
            "what sorts",
            "what all",
            "list",
            "name all",
            "what else",
            "who all",
        ],
        which: &["what", "which", "who", "where", "whom"],
        one: &[
            "when", "why", "how long", "how did", "how does", "how do", "how is", "how was", "is",
            "was", "did", "does", "do", "would", "will", "can", "could", "has", "have", "are",
            "were",
        ],
        perfect: &["has", "have"],
        plural: &[
            "are",
            "were",
            "both",
            "all",
            "other",
            "various",
            "several",
            "different",
        ],
        endings: &["s"],
    },
    // German
    Forms {
        several: &[
            "wie viele",
            "wie oft",
            "welche",
            "was alles",
            "wer alles",
            "wo überall",
            "nenne",
            "was sind",
            "wer sind",
        ],
        which: &["was", "wer", "wo"],
        one: &[
            "wann",
            "warum",
            "wieso",
            "weshalb",
            "wie lange",
            "welcher",
            "welches",
            "welchen",
            "ist",
            "war",
            "hat",
            "kann",
        ],
        perfect: &[],
        plural: &["sind", "alle", "verschiedene", "alles"],
        endings: &[],
    },
    // French
    Forms {
        several: &[
            "combien de fois",
            "combien de",
            "quels",
            "quelles",
            "quels sont",
            "quelles sont",
            "lesquels",
            "lesquelles",
        ],
        which: &["qui", "que", "où"],
        one: &[
            "quand",
            "pourquoi",
            "quel",
            "quelle",
            "est-ce",
            "combien de temps",
        ],
        perfect: &[],
        plural: &["sont", "tous", "toutes"],
        endings: &[],
    },
    // Spanish and Portuguese
    Forms {
        several: &[
            "cuántos",
            "cuántas",
            "cuáles",
            "qué cosas",
            "quantos",
            "quantas",
            "quais",
            "que coisas",
            "cuántas veces",
            "quantas vezes",
            "quiénes",
        ],
        which: &["qué", "que", "quién", "quem", "dónde", "onde"],
        one: &[
            "cuándo", "quando", "por", "porque", "cuál", "qual", "cuánto", "quanto",
        ],
        perfect: &[],
        plural: &["son", "são", "todos", "todas", "todo", "tudo"],
        endings: &[],
    },
];

/// Nouns that end like plurals and are none, and verbs that do; after "what" they ask for one thing.
const NO_PLURALS: &[&str] = &[
    "is", "was", "does", "has", "his", "this", "its", "us", "happens", "makes", "means", "gives",
    "class", "business", "process", "address", "news", "bus", "boss", "dress", "focus", "status",
    "campus", "series", "always",
];

/// How far into the question a plural may stand.
const WITHIN: usize = 4;

/// Whether the question asks for several things.
pub(super) fn gathers(question: &str) -> bool {
    let words: Vec<String> = question
        .unicode_words()
        .take(40)
        .map(|word| word.to_lowercase().replace('\u{2019}', "'"))
        .collect();
    FORMS.iter().any(|forms| forms.gather(&words))
}

impl Forms {
    fn gather(&self, words: &[String]) -> bool {
        if opens(words, self.several) {
            return !opens(words, &["combien de temps"]);
        }
        if opens(words, self.one) || !opens(words, self.which) {
            return false;
        }
        let soon = words.iter().skip(1).take(WITHIN);
        let is_plural = |word: &String| {
            self.plural.contains(&word.as_str())
                || self.perfect.contains(&word.as_str())
                || word.len() > 3
                    && self.endings.iter().any(|ending| word.ends_with(ending))
                    && !word.ends_with("'s")
                    && !word.ends_with("ss")
                    && !NO_PLURALS.contains(&word.as_str())
        };
        soon.into_iter().any(is_plural)
    }
}

/// Whether the question begins with one of the phrases.
fn opens(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        let mut said = words.iter();
        phrase
            .split(' ')
            .all(|part| said.next().is_some_and(|word| word == part))
    })
}

#[cfg(test)]
mod tests {
    use super::gathers;

    #[test]
    fn questions_for_several_things_are_told_from_questions_for_one() {
        for several in [
            "What books has Ines read?",
            "Which instruments does Jon play?",
            "How many times did they go to the coast?",
            "Where has he travelled?",
            "What are the names of her cats?",
            "Who has stayed at the cabin?",
            "Welche Instrumente spielt Jonas?",
            "Wie oft war Lena beim Arzt?",
            "Quels livres a-t-elle lus ?",
            "Quais cidades o Rui visitou?",
            "¿Cuántas veces fueron a la playa?",
        ] {
            assert!(gathers(several), "{several}");
        }
        for one in [
            "When did Ines read it?",
            "Why does he play?",
            "How long have they been married?",
            "Did she read books?",
            "What is the name of her cat?",
            "What's Jon's job?",
            "What was his address?",
            "Wann war Lena beim Arzt?",
            "Combien de temps a duré le voyage ?",
            "¿Cuándo fueron a la playa?",
            "",
        ] {
            assert!(!gathers(one), "{one}");
        }
    }
}
