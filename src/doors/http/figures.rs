//! What the door counts, in the text format of Prometheus.

use crate::engine::lock;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::time::Duration;

/// Upper bounds of the histogram's buckets, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Requests answered, by method, route and status.
#[derive(Default)]
pub(super) struct Figures {
    routes: Mutex<BTreeMap<(String, String), Route>>,
}

#[derive(Default)]
struct Route {
    by_status: BTreeMap<u16, u64>,
    buckets: [u64; BUCKETS.len()],
    seconds: f64,
    count: u64,
}

impl Figures {
    /// Counts an answer. `route` is the pattern, never the address: its number is bounded.
    pub(super) fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut routes = lock(&self.routes);
        let route = routes
            .entry((method.to_owned(), route.to_owned()))
            .or_default();
        *route.by_status.entry(status).or_default() += 1;
        let seconds = took.as_secs_f64();
        for (bucket, bound) in route.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(seconds <= bound);
        }
        route.seconds += seconds;
        route.count += 1;
    }

    /// All of it, as Prometheus reads it.
    pub(super) fn text(&self) -> String {
        let routes = lock(&self.routes);
        let mut text = String::from(
            "# HELP codex_http_requests_total Requests answered.\n# TYPE codex_http_requests_total counter\n",
        );
        for ((method, path), route) in &*routes {
            for (status, count) in &route.by_status {
                let _ = writeln!(
                    text,
                    "codex_http_requests_total{{method=\"{method}\",route=\"{path}\",status=\"{status}\"}} {count}"
                );
            }
        }
        text.push_str("# HELP codex_http_request_seconds Time until the answer began.\n# TYPE codex_http_request_seconds histogram\n");
        for ((method, path), route) in &*routes {
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            for (count, bound) in route.buckets.iter().zip(BUCKETS) {
                let _ = writeln!(
                    text,
                    "codex_http_request_seconds_bucket{{{labels},le=\"{bound}\"}} {count}"
                );
            }
            let _ = writeln!(
                text,
                "codex_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {}",
                route.count
            );
            let _ = writeln!(
                text,
                "codex_http_request_seconds_sum{{{labels}}} {}",
                route.seconds
            );
            let _ = writeln!(
                text,
                "codex_http_request_seconds_count{{{labels}}} {}",
                route.count
            );
        }
        text
    }
}

/// One figure without labels.
pub(super) fn gauge(text: &mut String, name: &str, help: &str, value: f64) {
    let _ = writeln!(
        text,
        "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
    );
}
