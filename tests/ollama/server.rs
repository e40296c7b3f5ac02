//! A server that speaks Ollama's protocol as the real one does (v0.33), with the failures it can have.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with a request instead of answering it well.
#[derive(Clone)]
pub enum Fault {
    /// This status with this `error`.
    Status(u16, &'static str),
    /// This text as the answer of a chat, with its `done_reason`.
    Says(String, &'static str),
    /// These vectors.
    Vectors(Value),
    /// A body that is cut off in the middle.
    Truncated,
    /// Nothing for so long, then an answer.
    Late(Duration),
}

#[derive(Default)]
struct Inner {
    models: Vec<String>,
    dimension: usize,
    faults: VecDeque<Fault>,
    /// Texts that no embedding model takes.
    poison: Option<&'static str>,
    requests: Vec<(String, Value)>,
    in_flight: usize,
    most_in_flight: usize,
    answer: Option<fn(&str) -> Value>,
    latency: Duration,
}

/// A server on a port of its own; it ends with the value.
pub struct Server {
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Has `models`, of which those that embed give vectors of 8 numbers.
    pub fn with(models: &[&str]) -> Server {
        let inner = Arc::new(Mutex::new(Inner {
            models: models.iter().map(|m| (*m).to_owned()).collect(),
            dimension: 8,
            ..Inner::default()
        }));
        let app = Router::new()
            .route("/", get(|| async { "Ollama is running" }))
            .route(
                "/api/version",
                get(|| async { Json(json!({"version": "0.33.1"})) }),
            )
            .route("/api/tags", get(tags))
            .route("/api/show", post(show))
            .route("/api/embed", post(embed))
            .route("/api/chat", post(chat))
            .route("/api/generate", post(generate))
            .route("/api/pull", post(pull))
            .with_state(Arc::clone(&inner));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (ready, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                let serve = async { axum::serve(listener, app).await };
                tokio::select! { _ = serve => (), _ = stopped => () }
            });
            runtime.shutdown_background();
        });
        Server {
            address: address.recv().unwrap(),
            inner,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next requests fail, one each, in this order.
    pub fn fails(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner.lock().unwrap().faults.extend(faults);
    }

    /// A batch that holds this text fails as a whole.
    pub fn refuses_text(&self, poison: &'static str) {
        self.inner.lock().unwrap().poison = Some(poison);
    }

    pub fn dimension(&self, dimension: usize) {
        self.inner.lock().unwrap().dimension = dimension;
    }

    /// Removes or adds models.
    pub fn models(&self, models: &[&str]) {
        self.inner.lock().unwrap().models = models.iter().map(|m| (*m).to_owned()).collect();
    }

    /// What it says about a memory's question.
    pub fn answers(&self, answer: fn(&str) -> Value) {
        self.inner.lock().unwrap().answer = Some(answer);
    }

    /// How long each answer takes.
    pub fn latency(&self, latency: Duration) {
        self.inner.lock().unwrap().latency = latency;
    }

    /// Bodies of the requests to a path so far.
    pub fn asked(&self, path: &str) -> Vec<Value> {
        let inner = self.inner.lock().unwrap();
        inner
            .requests
            .iter()
            .filter(|(p, _)| p == path)
            .map(|(_, b)| b.clone())
            .collect()
    }

    pub fn most_in_flight(&self) -> usize {
        self.inner.lock().unwrap().most_in_flight
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

type Shared = State<Arc<Mutex<Inner>>>;

fn error(status: u16, words: &str) -> Response {
    (
        StatusCode::from_u16(status).unwrap(),
        Json(json!({"error": words})),
    )
        .into_response()
}

/// JSON that ends in the middle, as behind a proxy that gives up.
fn truncated() -> Response {
    let half = "{\"model\":\"m\",\"message\":{\"role\":\"assi";
    ([("content-type", "application/json")], half).into_response()
}

fn has(inner: &Inner, model: &str) -> bool {
    let plain = |name: &str| name.trim_end_matches(":latest").to_owned();
    inner.models.iter().any(|m| plain(m) == plain(model))
}

async fn tags(State(inner): Shared) -> Json<Value> {
    let models: Vec<Value> = inner
        .lock()
        .unwrap()
        .models
        .iter()
        .map(|name| {
            let name = if name.contains(':') { name.clone() } else { format!("{name}:latest") };
            json!({
                "name": name, "model": name, "modified_at": "2026-01-02T03:04:05.678901234Z", "size": 274302450,
                "digest": "0a109f422b47e3a30ba2b10eca18548e944e8a23073ee3f3e947efcf3c45e59f",
                "details": {"parent_model": "", "format": "gguf", "family": "bert", "families": ["bert"],
                            "parameter_size": "137M", "quantization_level": "F16"}
            })
        })
        .collect();
    Json(json!({"models": models}))
}

async fn show(State(inner): Shared, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let inner = inner.lock().unwrap();
    let model = body["model"].as_str().unwrap_or_default();
    if !has(&inner, model) {
        return error(404, &format!("model '{model}' not found"));
    }
    Json(json!({
        "modelfile": "FROM x", "template": "{{ .Prompt }}",
        "details": {"parent_model": "", "format": "gguf", "family": "bert", "families": ["bert"],
                    "parameter_size": "137M", "quantization_level": "F16"},
        "model_info": {"general.architecture": "bert", "bert.embedding_length": inner.dimension, "bert.context_length": 2048},
        "capabilities": ["embedding"], "modified_at": "2026-01-02T03:04:05.678901234Z"
    }))
    .into_response()
}

/// Notes a request and says what goes wrong with it, if anything.
fn note(inner: &Mutex<Inner>, path: &str, body: &Value) -> (Option<Fault>, Duration) {
    let mut inner = inner.lock().unwrap();
    inner.requests.push((path.to_owned(), body.clone()));
    inner.in_flight += 1;
    inner.most_in_flight = inner.most_in_flight.max(inner.in_flight);
    (inner.faults.pop_front(), inner.latency)
}

async fn faulty(fault: &Option<Fault>, latency: Duration) -> Option<Response> {
    tokio::time::sleep(latency).await;
    match fault {
        Some(Fault::Status(status, words)) => Some(error(*status, words)),
        Some(Fault::Truncated) => Some(truncated()),
        Some(Fault::Late(time)) => {
            tokio::time::sleep(*time).await;
            None
        }
        _ => None,
    }
}

/// Takes a request's body in, with what is to go wrong with its answer; the answer itself where that is all there is to say.
#[allow(clippy::result_large_err, reason = "one of a test's requests")]
async fn taken(
    inner: &Mutex<Inner>,
    path: &str,
    body: &Bytes,
) -> Result<(Value, Option<Fault>), Response> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        let words = "invalid character 'x' looking for beginning of value";
        return Err(error(400, words));
    };
    let (fault, latency) = note(inner, path, &body);
    let broken = faulty(&fault, latency).await;
    inner.lock().unwrap().in_flight -= 1;
    match broken {
        Some(response) => Err(response),
        None => Ok((body, fault)),
    }
}

async fn embed(State(shared): Shared, body: Bytes) -> Response {
    let (body, fault) = match taken(&shared, "embed", &body).await {
        Ok(taken) => taken,
        Err(response) => return response,
    };
    let inner = shared.lock().unwrap();
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    if !has(&inner, &model) {
        return error(
            404,
            &format!("model \"{model}\" not found, try pulling it first"),
        );
    }
    let texts: Vec<String> = match &body["input"] {
        Value::String(text) if text.is_empty() => vec![],
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts
            .iter()
            .map(|t| t.as_str().unwrap_or_default().to_owned())
            .collect(),
        _ => return error(400, "invalid input type"),
    };
    if inner
        .poison
        .is_some_and(|poison| texts.iter().any(|t| t.contains(poison)))
    {
        return error(400, "the input length exceeds the context length");
    }
    let embeddings = match fault {
        Some(Fault::Vectors(vectors)) => vectors,
        _ => Value::Array(
            texts
                .iter()
                .map(|t| json!(vector(t, inner.dimension)))
                .collect(),
        ),
    };
    Json(json!({"model": model, "embeddings": embeddings, "total_duration": 14143917, "load_duration": 1019500, "prompt_eval_count": 8}))
        .into_response()
}

/// A direction that depends on the letters of a text alone, of length 1.
pub fn vector(text: &str, dimension: usize) -> Vec<f32> {
    let mut sums = vec![0.1_f32; dimension];
    for (i, byte) in text.bytes().enumerate() {
        sums[(usize::from(byte) * 31 + i) % dimension] += 1.0;
    }
    let length = sums.iter().map(|v| v * v).sum::<f32>().sqrt();
    sums.into_iter().map(|v| v / length).collect()
}

async fn chat(State(shared): Shared, body: Bytes) -> Response {
    let (body, fault) = match taken(&shared, "chat", &body).await {
        Ok(taken) => taken,
        Err(response) => return response,
    };
    let inner = shared.lock().unwrap();
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    if !has(&inner, &model) {
        return error(404, &format!("model '{model}' not found"));
    }
    let question = body["messages"][1]["content"].as_str().unwrap_or_default();
    let (content, reason) = match fault {
        Some(Fault::Says(text, reason)) => (text, reason),
        _ => {
            let answer = inner.answer.unwrap_or(answer_by_schema_of);
            (
                answered(&body["format"], question, answer).to_string(),
                "stop",
            )
        }
    };
    let mut message = json!({"role": "assistant", "content": content});
    // A thinking model thinks unless it is told not to.
    if body["think"] != json!(false) {
        message["thinking"] = json!("Let me see.");
    }
    let metrics = json!({"done": true, "done_reason": reason, "total_duration": 4883583458_u64, "load_duration": 1334875,
        "prompt_eval_count": 26, "prompt_eval_duration": 342546000, "eval_count": 282, "eval_duration": 4535599000_u64});
    let head = json!({"model": model, "created_at": "2026-01-02T03:04:05.678901234Z"});
    let whole = |message: Value| {
        let mut object = head.clone();
        object["message"] = message;
        object
    };
    if body["stream"] == json!(false) {
        let mut object = whole(message);
        merge(&mut object, metrics);
        return Json(object).into_response();
    }
    let mut first = whole(message);
    first["done"] = json!(false);
    let mut last = whole(json!({"role": "assistant", "content": ""}));
    merge(&mut last, metrics);
    lines(&[first, last])
}

async fn generate(State(shared): Shared, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let inner = shared.lock().unwrap();
    let model = body["model"].as_str().unwrap_or_default();
    if !has(&inner, model) {
        return error(404, &format!("model '{model}' not found"));
    }
    let whole = json!({"model": model, "created_at": "2026-01-02T03:04:05.678901234Z", "response": "Hello.", "done": true,
        "done_reason": "stop", "total_duration": 1, "eval_count": 2, "eval_duration": 3});
    lines(&[whole])
}

async fn pull(State(shared): Shared, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    if model.contains("nowhere") {
        return lines(&[
            json!({"status": "pulling manifest"}),
            json!({"error": "pull model manifest: file does not exist"}),
        ]);
    }
    shared.lock().unwrap().models.push(model);
    let digest = "sha256:970aa74c0a90ef7482477cf803618e776e173c007bf957f635f1015bfcfef0e6";
    lines(&[
        json!({"status": "pulling manifest"}),
        json!({"status": "pulling 970aa74c0a90", "digest": digest, "total": 274290656}),
        json!({"status": "pulling 970aa74c0a90", "digest": digest, "total": 274290656, "completed": 274290656}),
        json!({"status": "verifying sha256 digest"}),
        json!({"status": "writing manifest"}),
        json!({"status": "success"}),
    ])
}

fn merge(object: &mut Value, more: Value) {
    for (key, value) in more.as_object().unwrap() {
        object[key] = value.clone();
    }
}

fn lines(objects: &[Value]) -> Response {
    let text: String = objects.iter().map(|o| format!("{o}\n")).collect();
    ([("content-type", "application/x-ndjson")], text).into_response()
}

/// What stands between the fences of a question.
pub fn fenced(question: &str) -> &str {
    question
        .split_once("<memory-")
        .and_then(|(_, rest)| rest.split_once(">\n"))
        .and_then(|(_, rest)| rest.rsplit_once("\n<memory-"))
        .map_or("", |(text, _)| text)
}

/// An answer by the schema that was asked for, which `memory` gives where it is about a memory.
fn answered(format: &Value, question: &str, memory: fn(&str) -> Value) -> Value {
    let properties = &format["properties"];
    let text = fenced(question);
    let ids: Vec<i64> = text
        .lines()
        .filter_map(|l| l.strip_prefix('[')?.split_once(']')?.0.parse().ok())
        .collect();
    let words: String = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(100)
        .collect();
    if properties.get("sentence").is_some() {
        json!({"sentence": words})
    } else if properties.get("title").is_some() {
        json!({"title": "A day with Bolota", "gist": words, "goal": null, "steps": [], "place": null, "spatial": [],
               "causes": [{"from": ids.first(), "to": ids.get(1), "why": "so it went"}]})
    } else if properties.get("principle").is_some() {
        json!({"gist": words, "principle": null,
               "contradictions": [{"from": ids.first(), "to": ids.get(1), "why": "so it seems"}]})
    } else {
        memory(text)
    }
}

/// A plain answer about a memory.
pub fn answer_by_schema_of(text: &str) -> Value {
    json!({
        "gist": text.chars().take(120).collect::<String>(), "people": ["Bolota"], "places": [], "entities": [],
        "topics": [{"label": "cat health", "weight": 1.0}], "importance": 0.8, "urgency": 0.5, "sentiment": -0.4,
        "emotional_weight": 0.6, "emotion": "sadness", "task_type": "caring", "goal": null, "task": null, "actions": [], "egocentric": []
    })
}
