//! How a verb was put: when, whether, whether it happened.

use super::inflect::{Form, forms};
use super::read::Reader;
use super::words::Gap;
use std::collections::HashSet;
use std::sync::LazyLock;

/// How a verb was put.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mood {
    pub(super) past: bool,
    pub(super) future: bool,
    pub(super) used_to: bool,
    pub(super) negative: bool,
    pub(super) no_longer: bool,
    pub(super) event: bool,
    pub(super) past_phrase: bool,
}

static AUXILIARY: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "am are is was were be been have has had do does did will not never no longer used to going just now recently \
     currently also still actually finally really already always plan planning about both absolutely only mostly usually \
     often even officially originally once previously formerly then ended up"
    .split_whitespace()
    .collect()
});

impl Reader<'_> {
    /// Where a form of the verb may end, and how it was put.
    pub(super) fn verb(&self, start: usize, base: &str, event: bool) -> Vec<(usize, Mood)> {
        let mut ends = Vec::new();
        let mut before: Vec<&str> = Vec::new();
        for at in start..self.words.len().min(start + 8) {
            let word = &self.words[at];
            if word.gap == Gap::Break || word.gap == Gap::Comma && at > start {
                break;
            }
            for form in forms(base, &word.word) {
                if let Some(mood) = mood(&before, form, event, base) {
                    ends.push((at + 1, mood));
                    break;
                }
            }
            if !AUXILIARY.contains(&word.word.as_str()) {
                break;
            }
            before.push(&word.word);
        }
        // The last one is the verb, those before it auxiliaries.
        ends.reverse();
        // Adverbs may stand between the verb and what follows.
        let skipped: Vec<_> = ends
            .iter()
            .filter_map(|(end, mood)| {
                let adverb = self.words.get(*end)?;
                let skip = [
                    "now",
                    "currently",
                    "also",
                    "actually",
                    "just",
                    "still",
                    "really",
                    "both",
                    "again",
                    "here",
                    "originally",
                    "back",
                ];
                (adverb.gap == Gap::Blank && skip.contains(&adverb.word.as_str()))
                    .then_some((end + 1, *mood))
            })
            .collect();
        ends.extend(skipped);
        // "I am not allergic", "I do not": a negation right after the verb.
        for (end, mood) in &mut ends {
            if base_is_be(base)
                && let Some(word) = self.words.get(*end)
            {
                if word.word == "not" {
                    mood.negative = true;
                    *end += 1;
                } else if word.word == "no"
                    && self.words.get(*end + 1).is_some_and(|w| w.word == "longer")
                {
                    mood.no_longer = true;
                    *end += 2;
                }
            }
        }
        ends
    }
}

fn base_is_be(base: &str) -> bool {
    matches!(base, "am" | "is" | "are")
}

/// How a form is meant after these words; none where it states nothing.
fn mood(before: &[&str], form: Form, event: bool, base: &str) -> Option<Mood> {
    let has = |word: &str| before.contains(&word);
    let mut mood = Mood {
        negative: has("not") || has("never"),
        no_longer: has("no") && has("longer"),
        used_to: has("used") && has("to"),
        ..Mood::default()
    };
    if has("no") && !has("longer") {
        return None;
    }
    let future =
        has("will") || has("going") && has("to") || has("plan") || has("planning") || has("about");
    let perfect = has("have") || has("has");
    let being = has("am") || has("are") || has("is");
    match form {
        Form::Base if mood.used_to => {}
        Form::Base if future => mood.future = true,
        Form::Base if has("did") => return None,
        Form::Base if has("to") => return None,
        Form::Base | Form::Third if event && !mood.negative => return None,
        Form::Base | Form::Third if being && !base_is_be(base) => return None,
        Form::Base | Form::Third => {}
        Form::Past if has("once") || has("previously") || has("formerly") => mood.past = true,
        Form::Past => mood.past = true,
        Form::Participle if perfect => {
            // "I have lived here for years" is so; "I have moved" happened.
            mood.past = event;
        }
        Form::Participle if has("had") => mood.past = true,
        Form::Participle => return None,
        Form::Ing if being && event => mood.future = true,
        Form::Ing if being => {}
        Form::Ing if perfect && has("been") => {}
        Form::Ing if has("was") || has("were") => mood.past = true,
        Form::Ing => return None,
    }
    if mood.negative && event {
        return None;
    }
    Some(mood)
}
