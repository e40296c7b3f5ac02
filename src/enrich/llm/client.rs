//! The one file that speaks Ollama's protocol. Request bodies are ollama-rs's; the transport is ours, since ollama-rs drops the HTTP
//! status and knows no time limits.

use super::trouble::{FAILURES, Trouble, refusal};
use crate::config::OllamaSettings;
use crate::error::{Error, Result};
use ollama_rs::generation::chat::ChatMessage;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::embeddings::request::{EmbeddingsInput, GenerateEmbeddingsRequest};
use ollama_rs::generation::parameters::FormatType;
use ollama_rs::models::ModelOptions;
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a server that failed too often is left alone.
const COOL_DOWN: Duration = Duration::from_secs(30);
/// Waits between tries of a server whose queue is full.
const BUSY_WAITS: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// Bytes of an answer that are read; what is longer is none of a model asked for a few lines.
const MOST_BYTES: usize = 64 << 20;

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Where it listens.
    pub url: String,
    /// Its version.
    pub version: String,
    /// The models it has.
    pub models: Vec<String>,
}

/// What a chat came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub text: String,
    /// It stopped for want of room, not because it was done.
    pub cut_off: bool,
}

/// What to say to a model.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    pub model: String,
    pub messages: Vec<ChatMessage>,
    pub format: FormatType,
    /// Tokens of question and answer together.
    pub context: u64,
    /// Tokens of the answer at most.
    pub most: i32,
}

/// A connection to a server; cheap to share, not bound to a runtime.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    timeout: Duration,
    question_timeout: Duration,
    keep_alive: Value,
    breaker: Mutex<Breaker>,
    requests: AtomicU64,
}

/// Counts failures in a row; after enough of them the server is left alone for a while, then tried with one request.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Client {
    /// A client of the server in `settings`; contacts nobody yet.
    ///
    /// # Errors
    /// Usage when the URL is none.
    pub fn new(settings: &OllamaSettings) -> Result<Client> {
        let text = settings.url.trim();
        // OLLAMA_HOST-like values come without a scheme.
        let text = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let mut base = Url::parse(&text)
            .ok()
            .filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
                Error::usage(format!(
                    "'{}' is no address of an Ollama server",
                    settings.url
                ))
                .hint(
                    "write for example http://localhost:11434 in settings.ollama.url or OLLAMA_URL",
                )
            })?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let timeout = Duration::from_secs(u64::from(settings.timeout.get()));
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(u64::from(
                settings.connect_timeout.get(),
            )))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|e| Error::failed(format!("the network cannot be used: {e}")))?;
        let keep_alive = settings.keep_alive.as_str();
        Ok(Client {
            http,
            base,
            timeout,
            question_timeout: Duration::from_secs(u64::from(settings.question_timeout.get())),
            keep_alive: keep_alive
                .parse::<i64>()
                .map_or_else(|_| Value::from(keep_alive), Value::from),
            breaker: Mutex::default(),
            requests: AtomicU64::new(0),
        })
    }

    /// Requests to language models made so far, whatever came of them.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Where the server listens, without a password.
    pub fn url(&self) -> String {
        let mut shown = self.base.clone();
        let _ = shown.set_password(None);
        shown.as_str().trim_end_matches('/').to_owned()
    }

    /// Version and models; a server that takes longer than a few seconds to say so is not there.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn service(&self) -> Result<Service, Trouble> {
        #[derive(Deserialize)]
        struct Version {
            version: String,
        }
        #[derive(Deserialize)]
        struct Tags {
            models: Vec<Tag>,
        }
        #[derive(Deserialize)]
        struct Tag {
            name: String,
        }
        let limit = Duration::from_secs(10).min(self.timeout);
        let version: Version = self.get("api/version", limit).await?;
        let tags: Tags = self.get("api/tags", limit).await?;
        Ok(Service {
            url: self.url(),
            version: version.version,
            models: tags.models.into_iter().map(|tag| tag.name).collect(),
        })
    }

    /// Numbers of an embedding model's vectors, where the server knows.
    ///
    /// # Errors
    /// See [`Trouble`]; a model that is not there is [`Trouble::NoModel`].
    pub async fn dimension(&self, model: &str) -> Result<Option<usize>, Trouble> {
        #[derive(Deserialize)]
        struct Shown {
            #[serde(default)]
            model_info: serde_json::Map<String, Value>,
        }
        let shown: Shown = self
            .post("api/show", &json!({"model": model}), model, self.timeout)
            .await?;
        Ok(shown
            .model_info
            .iter()
            .find(|(name, _)| name.ends_with(".embedding_length"))
            .and_then(|(_, value)| value.as_u64())
            .and_then(|n| usize::try_from(n).ok()))
    }

    /// Vectors of texts, in their order; `in_a_hurry` where somebody waits for them, who would rather go on without.
    ///
    /// # Errors
    /// See [`Trouble`]; fewer vectors than texts are [`Trouble::Unreadable`].
    pub async fn embed(
        &self,
        model: &str,
        texts: &[String],
        in_a_hurry: bool,
    ) -> Result<Vec<Vec<f32>>, Trouble> {
        #[derive(Deserialize)]
        struct Embedded {
            embeddings: Vec<Vec<Option<f32>>>,
        }
        let request = GenerateEmbeddingsRequest::new(
            model.to_owned(),
            EmbeddingsInput::Multiple(texts.to_vec()),
        )
        .truncate(true);
        let limit = match in_a_hurry {
            true => self.timeout.min(self.question_timeout),
            false => self.timeout,
        };
        let embedded: Embedded = self
            .post("api/embed", &self.kept(&request)?, model, limit)
            .await?;
        if embedded.embeddings.len() != texts.len() {
            return Err(Trouble::Unreadable(format!(
                "{} vectors of {} texts",
                embedded.embeddings.len(),
                texts.len()
            )));
        }
        // JSON has no NaN: servers write null.
        let number = |n: Option<f32>| n.unwrap_or(f32::NAN);
        Ok(embedded
            .embeddings
            .into_iter()
            .map(|vector| vector.into_iter().map(number).collect())
            .collect())
    }

    /// A model's answer to a conversation.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub(super) async fn chat(&self, chat: &Chat) -> Result<Said, Trouble> {
        #[derive(Deserialize)]
        struct Answer {
            message: Message,
            #[serde(default)]
            done: bool,
            done_reason: Option<String>,
        }
        #[derive(Deserialize)]
        struct Message {
            content: String,
        }
        let options = ModelOptions::default()
            .num_ctx(chat.context)
            .num_predict(chat.most)
            .temperature(0.0)
            .seed(7);
        // Thinking models think unless told not to, and put none of it into the answer.
        let request = ChatMessageRequest::new(chat.model.clone(), chat.messages.clone())
            .format(chat.format.clone())
            .options(options)
            .think(false);
        let body = self.kept(&request)?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answered: Result<Answer, Trouble> = self
            .post("api/chat", &body, &chat.model, self.timeout)
            .await;
        // A server that is left alone was not asked.
        if matches!(answered, Err(Trouble::Resting(_))) {
            self.requests.fetch_sub(1, Ordering::Relaxed);
        }
        let answer = answered?;
        Ok(Said {
            text: answer.message.content,
            cut_off: !answer.done || answer.done_reason.as_deref() == Some("length"),
        })
    }

    /// Fetches a model onto the server; `progress` hears what it does, bytes done and bytes in all.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn pull(
        &self,
        model: &str,
        mut progress: impl FnMut(&str, u64, u64),
    ) -> Result<(), Trouble> {
        #[derive(Deserialize)]
        struct Step {
            status: Option<String>,
            error: Option<String>,
            #[serde(default)]
            completed: u64,
            #[serde(default)]
            total: u64,
        }
        let url = self.endpoint("api/pull")?;
        let request = self
            .http
            .post(url)
            .json(&json!({"model": model, "stream": true}));
        // Gigabytes may take hours; only silence has a limit.
        let silence = |_| Trouble::Timeout(self.timeout);
        let mut response = tokio::time::timeout(self.timeout, request.send())
            .await
            .map_err(silence)?
            .map_err(|e| self.network(&e))?;
        let status = response.status();
        if !status.is_success() {
            let words = response.text().await.unwrap_or_default();
            return Err(refusal(status, &words, model));
        }
        let (mut rest, mut done) = (Vec::new(), false);
        while let Some(chunk) = tokio::time::timeout(self.timeout, response.chunk())
            .await
            .map_err(silence)?
            .map_err(|e| self.network(&e))?
        {
            rest.extend_from_slice(&chunk);
            while let Some(end) = rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                if line.trim_ascii().is_empty() {
                    continue;
                }
                let step: Step = serde_json::from_slice(&line)
                    .map_err(|e| Trouble::Unreadable(e.to_string()))?;
                if let Some(error) = step.error {
                    return Err(Trouble::Refused(status.as_u16(), error));
                }
                let what = step.status.unwrap_or_default();
                done |= what == "success";
                progress(&what, step.completed, step.total);
            }
        }
        if done {
            Ok(())
        } else {
            Err(Trouble::Unreachable(
                "it hung up before the model was there".to_owned(),
            ))
        }
    }

    /// The request with how long the model stays loaded.
    fn kept(&self, request: &impl Serialize) -> Result<Value, Trouble> {
        let mut body =
            serde_json::to_value(request).map_err(|e| Trouble::Unreadable(e.to_string()))?;
        body["keep_alive"] = self.keep_alive.clone();
        Ok(body)
    }

    async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        limit: Duration,
    ) -> Result<T, Trouble> {
        let request = self.http.get(self.endpoint(path)?);
        let (status, bytes) = self.within(limit, request).await?;
        read(status, &bytes, "")
    }

    /// A request, tried again while the server's queue is full and there is time left of `limit`.
    async fn post<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        body: &Value,
        model: &str,
        limit: Duration,
    ) -> Result<T, Trouble> {
        let started = Instant::now();
        let mut waits = BUSY_WAITS
            .iter()
            .take_while(|wait| started.elapsed() + **wait < limit);
        loop {
            self.may_try()?;
            let request = self.http.post(self.endpoint(path)?).json(body);
            let answered = self.within(limit, request).await;
            let result = answered.and_then(|(status, bytes)| read(status, &bytes, model));
            self.note(result.as_ref().err());
            match (result, waits.next()) {
                (Err(Trouble::Busy), Some(wait)) => tokio::time::sleep(*wait).await,
                (result, _) => return result,
            }
        }
    }

    async fn within(
        &self,
        limit: Duration,
        request: reqwest::RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), Trouble> {
        let whole = async {
            let mut response = request.send().await.map_err(|e| self.network(&e))?;
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|e| self.network(&e))? {
                if bytes.len() + chunk.len() > MOST_BYTES {
                    return Err(Trouble::Unreadable("it does not end".to_owned()));
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok((response.status(), bytes))
        };
        match tokio::time::timeout(limit, whole).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::Timeout(limit)),
        }
    }

    fn endpoint(&self, path: &str) -> Result<Url, Trouble> {
        self.base
            .join(path)
            .map_err(|e| Trouble::Unreachable(e.to_string()))
    }

    /// The cause at the bottom: "connection refused", not "error sending request".
    fn network(&self, error: &reqwest::Error) -> Trouble {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Trouble::Unreachable(format!("{} ({cause})", self.url()))
    }

    fn may_try(&self) -> Result<(), Trouble> {
        let mut breaker = self.breaker.lock().unwrap_or_else(|e| e.into_inner());
        match breaker.open_until {
            Some(until) if until > Instant::now() => Err(Trouble::Resting(until - Instant::now())),
            Some(_) => {
                // Half open: this one tries, and the others go on waiting for what comes of it.
                breaker.open_until = Some(Instant::now() + COOL_DOWN);
                breaker.failures = FAILURES - 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn note(&self, trouble: Option<&Trouble>) {
        let mut breaker = self.breaker.lock().unwrap_or_else(|e| e.into_inner());
        match trouble {
            Some(Trouble::Unreachable(_) | Trouble::Timeout(_) | Trouble::Refused(500.., _)) => {
                breaker.failures += 1;
                if breaker.failures >= FAILURES {
                    breaker.open_until = Some(Instant::now() + COOL_DOWN);
                }
            }
            // A full queue says nothing about health but that somebody is there; any answer does.
            Some(Trouble::Busy) => breaker.open_until = None,
            _ => *breaker = Breaker::default(),
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(
    status: StatusCode,
    bytes: &[u8],
    model: &str,
) -> Result<T, Trouble> {
    if !status.is_success() {
        return Err(refusal(status, &String::from_utf8_lossy(bytes), model));
    }
    serde_json::from_slice(bytes).map_err(|e| Trouble::Unreadable(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigSources};

    #[test]
    fn a_server_that_rested_is_tried_with_one_request() {
        let sources = ConfigSources {
            database: Some(":memory:".into()),
            ..ConfigSources::default()
        };
        let client = Client::new(&Config::load(&sources).unwrap().settings.ollama).unwrap();
        for _ in 0..FAILURES {
            assert_eq!(client.may_try(), Ok(()));
            client.note(Some(&Trouble::Timeout(Duration::from_secs(1))));
        }
        assert!(matches!(client.may_try(), Err(Trouble::Resting(_))));
        client.breaker.lock().unwrap().open_until = Some(Instant::now());
        assert_eq!(client.may_try(), Ok(()));
        assert!(matches!(client.may_try(), Err(Trouble::Resting(_))));
        // It is well again, and all may ask.
        client.note(None);
        assert!((0..3).all(|_| client.may_try().is_ok()));
    }
}
