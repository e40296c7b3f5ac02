//! One form for the inflections of a word.

use super::lexicon::verbs;

/// One label for the inflections of a word: singular nouns, gerunds of activities.
///
/// Verbs whose base is a noun of its own ("program", "shop") keep it: only their other forms are the activity.
pub(super) fn canonical(word: &str) -> String {
    let noun = singular(word);
    if NOUNS_TOO.split_whitespace().any(|other| other == noun) {
        return noun;
    }
    if let Some(gerund) = verbs::lemma(word).and_then(verbs::activity) {
        return gerund;
    }
    noun
}

/// Activities whose base form is a noun with another meaning.
const NOUNS_TOO: &str = "program film parent stream code box fish exercise stretch journal photograph podcast blog garden camp shop \
    bowl bike rap row run sail hunt sketch cook mentor";

fn singular(word: &str) -> String {
    let irregular = match word {
        "children" => "child",
        "men" => "man",
        "women" => "woman",
        "people" => "person",
        "feet" => "foot",
        "teeth" => "tooth",
        "mice" => "mouse",
        "geese" => "goose",
        "lives" => "life",
        "wives" => "wife",
        "knives" => "knife",
        "leaves" => "leaf",
        "shelves" => "shelf",
        "wolves" => "wolf",
        "halves" => "half",
        "thieves" => "thief",
        "loaves" => "loaf",
        "movies" => "movie",
        "cookies" => "cookie",
        "ties" => "tie",
        "shoes" => "shoe",
        "potatoes" => "potato",
        "tomatoes" => "tomato",
        "heroes" => "hero",
        "paintings" => "painting",
        "buses" => "bus",
        "gases" => "gas",
        "quizzes" => "quiz",
        "kids" => "kid",
        "analyses" => "analysis",
        "crises" => "crisis",
        "bases" => "base",
        "houses" => "house",
        "horses" => "horse",
        "courses" => "course",
        "nurses" => "nurse",
        "noises" => "noise",
        "phases" => "phase",
        "purposes" => "purpose",
        "databases" => "database",
        "releases" => "release",
        "exercises" => "exercise",
        "glasses" | "clothes" | "news" | "series" | "species" | "jeans" | "pants" | "shorts"
        | "scissors" | "pyjamas" | "pajamas" | "mathematics" | "physics" | "economics"
        | "politics" | "athletics" | "gymnastics" | "electronics" | "ethics" | "lens"
        | "christmas" | "always" | "texas" | "paris" | "aerobics" | "diabetes" | "kubernetes"
        | "thanks" | "means" | "gas" | "bus" | "plus" | "yes" => {
            return word.to_owned();
        }
        _ => "",
    };
    if !irregular.is_empty() {
        return irregular.to_owned();
    }
    let cut = |by: usize| word[..word.len() - by].to_owned();
    if !word.is_ascii()
        || word.len() < 4
        || ["ss", "us", "is", "os", "'s"]
            .iter()
            .any(|ending| word.ends_with(ending))
    {
        return match word.strip_suffix("os") {
            Some(stem) if word.is_ascii() && stem.len() > 2 => format!("{stem}o"),
            _ => word.to_owned(),
        };
    }
    if word.ends_with("ies") && word.len() > 4 {
        return format!("{}y", cut(3));
    }
    if ["sses", "shes", "ches", "xes", "zzes"]
        .iter()
        .any(|ending| word.ends_with(ending))
        && !word.ends_with("aches")
    {
        return cut(2);
    }
    if word.ends_with('s') {
        cut(1)
    } else {
        word.to_owned()
    }
}
