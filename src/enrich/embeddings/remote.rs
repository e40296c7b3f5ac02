//! Ollama's embedding models: which words go before a text, and batches that are halved when they fail.

use super::unit_vector;
use crate::enrich::llm::{Client, Trouble};
use std::sync::Arc;

/// What a text is embedded for; many models want to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be found.
    Memory,
    /// To find.
    Question,
}

/// The words that models expect before a text of each purpose, by the beginning of their name.
const PREFIXES: [(&str, &str, &str); 6] = [
    ("nomic-embed-text", "search_document: ", "search_query: "),
    (
        "embeddinggemma",
        "title: none | text: ",
        "task: search result | query: ",
    ),
    (
        "mxbai-embed-large",
        "",
        "Represent this sentence for searching relevant passages: ",
    ),
    ("snowflake-arctic-embed2", "", "query: "),
    (
        "snowflake-arctic-embed",
        "",
        "Represent this sentence for searching relevant passages: ",
    ),
    (
        "qwen3-embedding",
        "",
        "Instruct: Given a question, retrieve memories that answer it\nQuery: ",
    ),
];

/// The words a model expects before a text; none for models that want none.
pub(super) fn prefix(model: &str, purpose: Purpose) -> &'static str {
    let name = model.rsplit('/').next().unwrap_or(model);
    PREFIXES
        .iter()
        .find(|(known, ..)| name.starts_with(known))
        .map_or("", |(_, memory, question)| match purpose {
            Purpose::Memory => memory,
            Purpose::Question => question,
        })
}

/// Characters of a text that are sent; the server cuts to what its model reads.
const MOST_CHARACTERS: usize = 20_000;

/// An embedding model of a server.
pub struct RemoteModel {
    pub(super) client: Arc<Client>,
    pub(super) model: String,
    pub(super) dimension: Option<usize>,
    pub(super) batch: usize,
}

impl RemoteModel {
    /// One result a text, in their order. A batch that fails is halved until only the text that cannot be embedded fails.
    ///
    /// # Errors
    /// Only when the server itself is in trouble; what it had done before is lost with this call alone.
    pub async fn embed(
        &self,
        texts: &[String],
        purpose: Purpose,
    ) -> Result<Vec<Result<Vec<f32>, String>>, Trouble> {
        let before = prefix(&self.model, purpose);
        let hurry = purpose == Purpose::Question;
        let inputs: Vec<String> = texts
            .iter()
            .map(|text| {
                format!(
                    "{before}{}",
                    text.chars().take(MOST_CHARACTERS).collect::<String>()
                )
            })
            .collect();
        let mut results: Vec<Result<Vec<f32>, String>> =
            vec![Err("not asked".to_owned()); texts.len()];
        // Ranges still to do, the first on top.
        let mut rest: Vec<(usize, usize)> = (0..inputs.len())
            .step_by(self.batch)
            .map(|from| (from, inputs.len().min(from + self.batch)))
            .rev()
            .collect();
        while let Some((from, to)) = rest.pop() {
            let asked = &inputs[from..to];
            match self.client.embed(&self.model, asked, hurry).await {
                Ok(vectors) => {
                    for (i, vector) in vectors.into_iter().enumerate() {
                        results[from + i] = unit_vector(vector, self.dimension);
                    }
                }
                Err(trouble) if trouble.is_of_the_service() => return Err(trouble),
                // Who waits for an answer does not wait for the halves as well.
                Err(trouble @ Trouble::Timeout(_)) if hurry => return Err(trouble),
                Err(trouble) if to - from == 1 => results[from] = Err(trouble.to_string()),
                Err(_) => {
                    let middle = from + (to - from) / 2;
                    rest.push((middle, to));
                    rest.push((from, middle));
                }
            }
        }
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_gets_the_words_it_was_trained_with() {
        for (model, memory, question) in [
            (
                "nomic-embed-text:latest",
                "search_document: ",
                "search_query: ",
            ),
            (
                "someone/embeddinggemma:300m",
                "title: none | text: ",
                "task: search result | query: ",
            ),
            (
                "mxbai-embed-large",
                "",
                "Represent this sentence for searching relevant passages: ",
            ),
            ("all-minilm", "", ""),
            ("bge-m3", "", ""),
        ] {
            assert_eq!(prefix(model, Purpose::Memory), memory, "{model}");
            assert_eq!(prefix(model, Purpose::Question), question, "{model}");
        }
    }
}
