//! Who: people by kin and role ("my sister", "Ana's boss"), as the memories themselves tie names to them.

use super::queries::{self, Scope};
use crate::error::Result;
use crate::template::Renderer;
use crate::text::{self, Looking, time_expressions_looking};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// Names that stand for one word of kin at most.
const NAMES: usize = 4;

/// A word of a question and another one by which the mind's memories know the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// As it was asked: "sister".
    pub asked: String,
    /// By which memories may know them: "Ana".
    pub name: String,
    /// The memory that says so.
    pub said_by: i64,
}

/// Kin and roles, by the slots of facts. Words of one line mean the same person.
const KIN: &[(&str, &str)] = &[
    (
        "partner",
        "wife husband partner girlfriend boyfriend spouse fiancé fiancée fiance fiancee frau mann ehemann ehefrau esposa marido mujer novia novio femme mari copine copain mulher namorada namorado",
    ),
    ("child", "son sohn hijo fils filho"),
    ("child", "daughter tochter hija fille filha"),
    (
        "child",
        "kid kids child children baby kind kinder hijos enfants filhos",
    ),
    ("sibling", "sister schwester hermana sœur soeur irmã"),
    ("sibling", "brother bruder hermano frère irmão"),
    ("sibling", "sibling siblings twin geschwister"),
    ("parent", "mother mom mum mama mutter madre mère mãe"),
    ("parent", "father dad papa vater padre père pai"),
    (
        "grandparent",
        "grandmother grandma granny oma großmutter abuela avó",
    ),
    (
        "grandparent",
        "grandfather grandpa granddad opa großvater abuelo avô",
    ),
    ("relative", "aunt tante tía tia"),
    ("relative", "uncle onkel oncle tío tio"),
    ("relative", "cousin cousine primo prima"),
    ("relative", "niece nichte"),
    ("relative", "nephew neffe"),
    ("friend", "friend freundin freund amigo amiga ami amie"),
    (
        "colleague",
        "colleague coworker co-worker teammate workmate kollege kollegin collègue compañera compañero colega",
    ),
    (
        "manager",
        "boss manager supervisor chef chefin jefe jefa cheffe chefe",
    ),
    (
        "neighbour",
        "neighbour neighbor nachbar nachbarin vecino vecina voisin voisine vizinho vizinha",
    ),
    (
        "roommate",
        "roommate flatmate housemate mitbewohner mitbewohnerin",
    ),
    ("pet", "dog puppy hund perro perra chien cão cachorro"),
    ("pet", "cat kitten katze kater gato gata chat chatte"),
    (
        "pet",
        "parrot hamster rabbit horse pony tortoise turtle bird ferret lizard snake goldfish",
    ),
];

const BIRTHDAY: &str = "birthday geburtstag anniversaire cumpleaños aniversário";

/// What memories tie to names; asked once, and only where a question has a word of kin.
pub(super) struct Ties<'a> {
    conn: &'a Connection,
    renderer: &'a Renderer,
    scope: Scope<'a>,
    known: Option<Vec<Tie>>,
}

#[derive(Debug)]
struct Tie {
    memory_id: i64,
    whose: Option<String>,
    own: bool,
    slot: String,
    value: String,
    /// Its words in lower case.
    words: Vec<String>,
}

impl<'a> Ties<'a> {
    pub(super) fn new(conn: &'a Connection, renderer: &'a Renderer, scope: &Scope<'a>) -> Ties<'a> {
        Ties {
            conn,
            renderer,
            scope: *scope,
            known: None,
        }
    }

    fn known(&mut self) -> Result<&[Tie]> {
        if self.known.is_none() {
            let sql = queries::sql(self.renderer, "ties", &self.scope)?;
            let mut statement = self.conn.prepare(&sql)?;
            let rows = statement.query_map([], |r| {
                Ok(Tie {
                    memory_id: r.get("memory_id")?,
                    whose: r.get("whose")?,
                    own: r.get("own")?,
                    slot: r.get("slot")?,
                    value: r.get("value")?,
                    words: lower_words(&r.get::<_, String>("words")?),
                })
            })?;
            self.known = Some(rows.collect::<Result<_, _>>()?);
        }
        Ok(self.known.as_deref().unwrap_or_default())
    }

    /// The last birthday that is named, or the next where the question looks ahead, and the memory that tells its date.
    pub(super) fn birthday(
        &mut self,
        what: &str,
        now: NaiveDateTime,
        looking: Looking,
    ) -> Result<Option<(NaiveDateTime, NaiveDateTime, i64)>> {
        let words = lower_words(what);
        let Some(at) = words.iter().position(|word| is_in(BIRTHDAY, word)) else {
            return Ok(None);
        };
        let whose = possessor(&words, at);
        let found = self
            .known()?
            .iter()
            .filter(|tie| tie.slot == "birthday" && tie.belongs_to(whose))
            .find_map(|tie| Some((on_this_day(&tie.value, now, looking)?, tie.memory_id)));
        Ok(found.map(|((start, end), memory)| (start, end, memory)))
    }
}

/// The latest day of the year that the date names, or the next one.
fn on_this_day(
    date: &str,
    now: NaiveDateTime,
    looking: Looking,
) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let told = time_expressions_looking(date, now, looking)
        .into_iter()
        .next()?;
    let (month, day) = (told.start.month(), told.start.day());
    let years = [now.year(), now.year() - 1, now.year() + 1];
    let on = |year| NaiveDate::from_ymd_opt(year, month, day);
    let fits = |date: &NaiveDate| match looking {
        Looking::Ahead => *date >= now.date(),
        Looking::Around | Looking::Back => *date <= now.date(),
    };
    let date = years.into_iter().filter_map(on).find(fits)?;
    let next = date.checked_add_days(Days::new(1))?;
    Some((date.into(), next.into()))
}

impl Tie {
    /// Whether it is said of whom the question means: of a named person, or of whoever speaks.
    fn belongs_to(&self, whose: Option<&str>) -> bool {
        match whose {
            None => self.own,
            Some(name) => self.whose.as_deref().is_some_and(|whose| {
                whose
                    .to_lowercase()
                    .split_whitespace()
                    .any(|part| part == name)
            }),
        }
    }
}

/// The names by which memories know the people of a question.
pub(super) fn aliases(question: &str, ties: &mut Ties<'_>) -> Result<Vec<Alias>> {
    let words = lower_words(question);
    let mut found: Vec<Alias> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let bare = word.trim_end_matches("'s");
        for (slot, kin) in KIN.iter().filter(|(_, kin)| is_in(kin, bare)) {
            let whose = possessor(&words, at);
            for tie in ties.known()? {
                let same = tie.slot == *slot
                    && tie.belongs_to(whose)
                    && (*slot == "partner" || tie.words.iter().any(|said| is_in(kin, said)));
                let new = !found.iter().any(|f| f.asked == bare && f.name == tie.value);
                let count = found.iter().filter(|f| f.asked == bare).count();
                if same && new && count < NAMES {
                    found.push(Alias {
                        asked: bare.to_owned(),
                        name: tie.value.clone(),
                        said_by: tie.memory_id,
                    });
                }
            }
        }
    }
    Ok(found)
}

/// Whose it is: the name before it ("Ana's older sister"); none where it is one's own.
fn possessor(words: &[String], at: usize) -> Option<&str> {
    words[at.saturating_sub(3)..at]
        .iter()
        .rev()
        .find_map(|word| word.strip_suffix("'s"))
        .filter(|name| !text::is_stop_word(name))
}

fn lower_words(text: &str) -> Vec<String> {
    text.unicode_words()
        .take(200)
        .map(|word| word.to_lowercase().replace('\u{2019}', "'"))
        .collect()
}

fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}
