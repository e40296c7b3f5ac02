//! One question to a model with its repair, and many at once.

use super::client::{Chat, Client};
use super::evidence::{Evidence, one_line_of};
use super::features::merge_parts;
use super::once;
use super::prompts::{Filling, Kind, Prompts};
use super::schema::{Checked, ClusterAnswer, EpisodeAnswer, InsightAnswer, MemoryAnswer};
use super::trouble::Trouble;
use ollama_rs::generation::chat::ChatMessage;
use ollama_rs::generation::parameters::{FormatType, JsonStructure};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Characters of one request's text; a longer memory is asked about in parts.
const PART: usize = 12_000;
/// Parts of a memory that are read.
const MOST_PARTS: usize = 8;
/// Letters of ASCII a token stands for at least; too few only costs memory on the server. Any other character may be a token.
const LETTERS_PER_TOKEN: usize = 3;
/// Tokens of an answer.
const ANSWER: i32 = 1_500;

/// What a model is to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// The caller's number.
    pub number: usize,
    /// The model.
    pub model: String,
    /// What it is about.
    pub text: String,
    /// Who says it, or what it is called.
    pub name: String,
    /// The memories that may be named in the answer, in their order.
    pub ids: Vec<i64>,
    /// A word that stands around the text and cannot stand in it.
    pub fence: String,
}

/// A question with its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What kind of answer is wanted.
    pub kind: Kind,
    /// The question.
    pub question: Question,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A checked answer as JSON.
    Answered {
        /// The answer.
        answer: serde_json::Value,
        /// Values that were set right.
        clamped: u32,
        /// It took a second request.
        repaired: bool,
    },
    /// The model answered twice, and neither could be used.
    Unusable(String),
    /// No answer.
    Troubled(Trouble),
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The question's number.
    pub number: usize,
    /// What became of it.
    pub outcome: Outcome,
}

/// Asks all questions, at most `in_flight` at once; the replies come in the order of their questions. When the server itself is in
/// trouble, no more are asked, and once it is `stopped`, those on their way are given up: such questions have no reply.
pub async fn ask_all(
    client: &Arc<Client>,
    prompts: &Arc<Prompts>,
    questions: Vec<Asked>,
    in_flight: usize,
    stopped: &dyn Fn() -> bool,
) -> Vec<Reply> {
    let mut waiting = questions.into_iter();
    let mut asking = JoinSet::new();
    let mut replies: Vec<Reply> = Vec::new();
    let (mut enough, mut given_up) = (false, false);
    loop {
        while !enough && asking.len() < in_flight.max(1) {
            let Some(asked) = waiting.next() else { break };
            let (client, prompts) = (Arc::clone(client), Arc::clone(prompts));
            asking.spawn(async move {
                let number = asked.question.number;
                let outcome = ask(&client, &prompts, &asked)
                    .await
                    .unwrap_or_else(Outcome::Troubled);
                Reply { number, outcome }
            });
        }
        let next = tokio::select! {
            next = asking.join_next() => next,
            () = once(stopped), if !given_up => {
                (enough, given_up) = (true, true);
                asking.abort_all();
                continue;
            }
        };
        match next {
            None => break,
            Some(Ok(reply)) => {
                if let Outcome::Troubled(trouble) = &reply.outcome {
                    enough |= trouble.is_of_the_service();
                }
                replies.push(reply);
            }
            Some(Err(e)) if e.is_cancelled() => {}
            // A task that panicked answers nothing: its question stays owed.
            Some(Err(e)) => tracing::error!("a question to Ollama broke: {e}"),
        }
    }
    replies.sort_by_key(|reply| reply.number);
    replies
}

async fn ask(client: &Client, prompts: &Prompts, asked: &Asked) -> Result<Outcome, Trouble> {
    let q = &asked.question;
    let evidence = Evidence::of([q.text.as_str(), q.name.as_str()]);
    match asked.kind {
        Kind::Memory => ask_about_memory(client, prompts, q, &evidence).await,
        Kind::Episode => {
            let got = ask_one::<EpisodeAnswer>(client, prompts, asked, &q.text, 1, 1).await?;
            Ok(got.into_outcome(|answer| {
                let checked = answer.checked(&evidence, &q.ids);
                (!checked.answer.gist.is_empty()).then_some(checked)
            }))
        }
        Kind::Cluster => {
            let got = ask_one::<ClusterAnswer>(client, prompts, asked, &q.text, 1, 1).await?;
            Ok(got.into_outcome(|answer| {
                let checked = answer.checked(&evidence, &q.ids);
                (!checked.answer.gist.is_empty()).then_some(checked)
            }))
        }
        Kind::Insight => {
            let got = ask_one::<InsightAnswer>(client, prompts, asked, &q.text, 1, 1).await?;
            Ok(got.into_outcome(|answer| {
                let sentence = one_line_of(&answer.sentence, 240);
                (evidence.bears(&sentence) && evidence.counts(&sentence)).then_some(Checked {
                    answer: InsightAnswer { sentence },
                    clamped: 0,
                })
            }))
        }
    }
}

async fn ask_about_memory(
    client: &Client,
    prompts: &Prompts,
    q: &Question,
    evidence: &Evidence,
) -> Result<Outcome, Trouble> {
    let parts = parts_of(&q.text);
    let asked = Asked {
        kind: Kind::Memory,
        question: q.clone(),
    };
    let (mut answers, mut repaired) = (Vec::new(), false);
    for (i, part) in parts.iter().enumerate() {
        match ask_one::<MemoryAnswer>(client, prompts, &asked, part, i + 1, parts.len()).await? {
            Got::Answer(answer, again) => {
                answers.push(answer);
                repaired |= again;
            }
            Got::Nothing(why) => return Ok(Outcome::Unusable(why)),
        }
    }
    // Numbers out of range are set right before the parts are put together.
    let mut clamped = 0;
    let checked: Vec<MemoryAnswer> = answers
        .into_iter()
        .map(|answer| {
            let checked = answer.checked(evidence);
            clamped += checked.clamped;
            checked.answer
        })
        .collect();
    Ok(match merge_parts(checked) {
        Some(answer) => answered(&answer, clamped, repaired),
        None => Outcome::Unusable("there is nothing to read".to_owned()),
    })
}

fn answered<T: serde::Serialize>(answer: &T, clamped: u32, repaired: bool) -> Outcome {
    match serde_json::to_value(answer) {
        Ok(answer) => Outcome::Answered {
            answer,
            clamped,
            repaired,
        },
        Err(e) => Outcome::Unusable(e.to_string()),
    }
}

/// What two requests came to.
enum Got<T> {
    /// An answer, and whether it took the second.
    Answer(T, bool),
    /// Nothing that can be read, and why.
    Nothing(String),
}

impl<T> Got<T> {
    fn into_outcome<C: serde::Serialize>(
        self,
        check: impl FnOnce(T) -> Option<Checked<C>>,
    ) -> Outcome {
        match self {
            Got::Nothing(why) => Outcome::Unusable(why),
            Got::Answer(answer, repaired) => match check(answer) {
                Some(checked) => answered(&checked.answer, checked.clamped, repaired),
                None => Outcome::Unusable(
                    "nothing of the answer is borne out by the memories".to_owned(),
                ),
            },
        }
    }
}

/// Asks once, and where the answer cannot be read once more, saying what was wrong with it.
async fn ask_one<T: DeserializeOwned + JsonSchema>(
    client: &Client,
    prompts: &Prompts,
    asked: &Asked,
    text: &str,
    part: usize,
    parts: usize,
) -> Result<Got<T>, Trouble> {
    let q = &asked.question;
    let name = one_line_of(&q.name, 80);
    let filling = Filling {
        fence: &q.fence,
        text,
        speaker: &name,
        label: &name,
        part,
        parts,
    };
    let (system, question) = prompts
        .fill(asked.kind, &filling)
        .map_err(|e| Trouble::Refused(0, e.to_string()))?;
    let length = tokens_of(&system) + tokens_of(&question);
    let mut chat = Chat {
        model: q.model.clone(),
        format: schema::<T>(),
        context: context(length),
        most: ANSWER,
        messages: vec![ChatMessage::system(system), ChatMessage::user(question)],
    };
    let first = client.chat(&chat).await?;
    let wrong = match read::<T>(&first.text, first.cut_off) {
        Ok(answer) => return Ok(Got::Answer(answer, false)),
        Err(wrong) => wrong,
    };
    let said: String = first.text.chars().take(4_000).collect();
    let said_length = tokens_of(&said);
    chat.messages.push(ChatMessage::assistant(said));
    chat.messages.push(ChatMessage::user(format!(
        "That cannot be used: {wrong}. Answer again, shorter if need be, with one JSON object by the schema and nothing else."
    )));
    // It may have run out of room.
    chat.most = ANSWER * 2;
    chat.context = context(length + said_length + ANSWER as usize);
    let second = client.chat(&chat).await?;
    Ok(match read::<T>(&second.text, second.cut_off) {
        Ok(answer) => Got::Answer(answer, true),
        Err(wrong) => Got::Nothing(wrong),
    })
}

/// The schema of an answer with every property required: what a model may leave out, it leaves out.
fn schema<T: JsonSchema>() -> FormatType {
    fn require_all(schema: &mut Value) {
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        for name in ["$schema", "title", "default", "format"] {
            // A property may have such a name; then it is an object.
            if object.get(name).is_some_and(|value| !value.is_object()) {
                object.remove(name);
            }
        }
        if let Some(properties) = object.get("properties").and_then(Value::as_object) {
            let names: Vec<Value> = properties.keys().cloned().map(Value::from).collect();
            object.insert("required".to_owned(), Value::from(names));
        }
        for value in object.values_mut() {
            require_all(value);
        }
    }
    let structure = JsonStructure::new::<T>();
    let whole = serde_json::to_value(&structure)
        .ok()
        .and_then(|mut schema| {
            require_all(&mut schema);
            serde_json::from_value(schema).ok()
        });
    FormatType::StructuredJson(Box::new(whole.unwrap_or(structure)))
}

/// The JSON of an answer, also where a model puts words or a fence of ``` around it.
fn read<T: DeserializeOwned>(text: &str, cut_off: bool) -> Result<T, String> {
    let object = match (text.find('{'), text.rfind('}')) {
        (Some(from), Some(to)) if from < to => &text[from..=to],
        _ if cut_off => return Err("the answer was cut off".to_owned()),
        _ => return Err("the answer holds no JSON object".to_owned()),
    };
    serde_json::from_str(object).map_err(|e| match cut_off {
        true => format!("the answer was cut off ({e})"),
        false => format!("the answer is not by the schema ({e})"),
    })
}

/// Tokens that question and answer need, in steps so that the server need not load the model anew for each length.
fn context(tokens: usize) -> u64 {
    let needed = tokens as u64 + u64::from(ANSWER.unsigned_abs()) + 256;
    needed.next_power_of_two().clamp(4_096, 32_768)
}

/// Tokens of a text, at most.
fn tokens_of(text: &str) -> usize {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    ascii.div_ceil(LETTERS_PER_TOKEN) + text.chars().filter(|c| !c.is_ascii()).count()
}

/// Requests a question takes where nothing has to be asked again: one, or one a part of a long memory.
pub fn requests_for(kind: Kind, text: &str) -> u64 {
    match kind {
        Kind::Memory => parts_of(text).len().max(1) as u64,
        _ => 1,
    }
}

/// A long text in parts that end at a blank line, else at a line's or word's end.
fn parts_of(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && parts.len() < MOST_PARTS {
        let end = rest
            .char_indices()
            .nth(PART)
            .map_or(rest.len(), |(end, _)| end);
        let cut = match end == rest.len() {
            true => end,
            false => ["\n\n", "\n", ". ", " "]
                .iter()
                .find_map(|mark| {
                    rest[..end]
                        .rfind(mark)
                        .map(|at| at + mark.len())
                        .filter(|at| *at > end / 2)
                })
                .unwrap_or(end),
        };
        parts.push(&rest[..cut]);
        rest = &rest[cut..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_split_where_they_pause() {
        assert_eq!(parts_of("short"), ["short"]);
        assert!(parts_of("").is_empty());
        let paragraph = format!("{}.\n\n", "word ".repeat(1_000));
        let long = paragraph.repeat(5);
        let parts = parts_of(&long);
        assert_eq!(parts.concat(), long);
        assert!(
            parts.len() > 1
                && parts
                    .iter()
                    .all(|p| p.ends_with("\n\n") && p.chars().count() <= PART)
        );
        let blob = "ä".repeat(PART * (MOST_PARTS + 2));
        assert_eq!(parts_of(&blob).len(), MOST_PARTS);
    }

    #[test]
    fn json_is_found_in_prose_and_a_cut_answer_is_called_so() {
        let read = |text: &str, cut| read::<InsightAnswer>(text, cut).map(|a| a.sentence);
        assert_eq!(
            read("Sure! ```json\n{\"sentence\": \"x\"}\n```", false).unwrap(),
            "x"
        );
        assert!(
            read("I would say so.", false)
                .unwrap_err()
                .contains("no JSON")
        );
        assert!(
            read("{\"sentence\": \"so {", true)
                .unwrap_err()
                .contains("cut off")
        );
        assert!(
            read("{\"sentence\": 3}", false)
                .unwrap_err()
                .contains("schema")
        );
    }

    #[test]
    fn a_text_without_blanks_between_words_has_room_for_each_character() {
        assert_eq!(tokens_of("ninety letters "), 5);
        assert_eq!(tokens_of("猫が朝ご飯を食べない"), 10);
        // A full part of such a text needs more than the same count of letters.
        assert_eq!(context(tokens_of(&"猫".repeat(PART))), 16_384);
        assert_eq!(context(tokens_of(&"c".repeat(PART))), 8_192);
    }

    #[test]
    fn the_context_grows_in_steps_with_the_text() {
        assert_eq!(context(100), 4_096);
        assert_eq!(context(3_000), 8_192);
        assert_eq!(context(1_000_000), 32_768);
    }
}
