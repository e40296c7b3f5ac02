//! One round of questions to a language model: what was said before is used again, the rest asked, all of it recorded.

use crate::clock;
use crate::engine::Engine;
use crate::engine::enrichment::embed::{RetryKey, STOPPED};
use crate::engine::enrichment::enrich::{AnswerReport, Asking, error_with_hint};
use crate::enrich::answers::{
    self, BY_OLLAMA, BY_RULES, ExtractionResult, ExtractionSpec, ExtractionTask, append_answers,
};
use crate::enrich::llm::{Asked, Outcome, Question, Reply, ask_all, on_the_network, requests_for};
use crate::error::Result;
use std::collections::HashSet;

/// Failures beside which others were result, after which a subject keeps what rules say.
const MOST_ATTEMPTS: i64 = 5;

impl Engine {
    /// One round: what was said before is used again, the rest asked, all of it recorded. Returns why nothing more is to be asked.
    pub(in crate::engine) fn extraction_batch(
        &mut self,
        asking: &Asking,
        spec: &ExtractionSpec,
        tasks: Vec<ExtractionTask>,
        room: u64,
        in_flight: usize,
        report: &mut AnswerReport,
    ) -> Result<Option<String>> {
        let requests_before = asking.client.requests();
        let hmacs: Vec<String> = tasks
            .iter()
            .map(|m| answers::content_hmac(&asking.key, &[&m.text, &m.name]))
            .collect::<Result<_>>()?;
        let before = answers::said_before(self.warehouse.conn(), spec, &hmacs)?;
        let mut recorded: Vec<ExtractionResult> = Vec::new();
        let mut questions: Vec<Asked> = Vec::new();
        let mut asked_already: HashSet<(&str, &str)> = HashSet::new();
        let (mut over_budget, mut expected) = (false, 0);
        for (number, (task, hmac)) in tasks.iter().zip(&hmacs).enumerate() {
            if let Some((answer, clamped)) = before.get(&(task.mind.clone(), hmac.clone())) {
                recorded.push(ExtractionResult {
                    task: task.clone(),
                    provider: BY_OLLAMA,
                    hmac: hmac.clone(),
                    asked: false,
                    repaired: false,
                    clamped: *clamped,
                    answer: answer.clone(),
                });
            } else if !asked_already.contains(&(task.mind.as_str(), hmac.as_str())) {
                let requests = requests_for(spec.kind, &task.text);
                if expected >= room || (expected > 0 && expected + requests > room) {
                    over_budget = true;
                    continue;
                }
                expected += requests;
                asked_already.insert((&task.mind, hmac));
                questions.push(Asked {
                    kind: spec.kind,
                    question: Question {
                        number,
                        model: spec.model.clone(),
                        text: task.text.clone(),
                        name: task.name.clone(),
                        ids: task.ids.clone(),
                        fence: format!("memory-{}", &hmac[..16]),
                    },
                });
            }
        }
        report.from_cache += recorded.len() as u64;
        let stopped = self.stopped();
        let replies = on_the_network(ask_all(
            &asking.client,
            &asking.prompts,
            questions,
            in_flight,
            &stopped,
        ))?;
        let mut ended =
            over_budget.then(|| "the day's budget is used up (settings.enrich_per_day)".to_owned());
        let mut failures: Vec<(RetryKey<'_>, String, bool, ExtractionResult)> = Vec::new();
        let requests = asking.client.requests() - requests_before;
        report.requests += requests;
        // Whose fault it is that no answer came shows in what came of the others.
        let works = replies.iter().any(|reply| !is_troubled(&reply.outcome));
        for Reply { number, outcome } in replies {
            let (task, hmac) = (&tasks[number], &hmacs[number]);
            let result = |provider, answer, repaired, clamped| ExtractionResult {
                task: task.clone(),
                provider,
                hmac: hmac.clone(),
                asked: true,
                repaired,
                clamped,
                answer,
            };
            let by_rules = |why: &str, repaired| {
                result(BY_RULES, serde_json::json!({"reason": why}), repaired, 0)
            };
            match outcome {
                Outcome::Answered {
                    answer,
                    clamped,
                    repaired,
                } => {
                    report.repaired += u64::from(repaired);
                    recorded.push(result(BY_OLLAMA, answer, repaired, clamped));
                }
                Outcome::Unusable(why) => recorded.push(by_rules(&why, true)),
                Outcome::Troubled(trouble) if trouble.is_of_the_service() => {
                    ended = Some(error_with_hint(trouble))
                }
                Outcome::Troubled(trouble) => {
                    let about = RetryKey {
                        mind: &task.mind,
                        memory_id: task.memory_id,
                        revision: task.revision,
                        kind: spec.kind.as_str(),
                        subject: &task.subject,
                        model: &spec.model,
                    };
                    // Where all fail the model is slow or broken, and nobody's words are to blame: that ends the round, and none of
                    // them is left to the rules for it. One alone is put off, so that it holds up nobody.
                    let broken = !works && trouble.may_be_of_the_service();
                    let why = trouble.to_string();
                    if broken && asked_already.len() > 1 {
                        ended.get_or_insert_with(|| error_with_hint(trouble));
                    }
                    let given_up = by_rules(&why, false);
                    failures.push((about, why, broken, given_up));
                }
            }
        }
        // What a model has said is kept, also where nobody waits for it any more.
        if requests > 0 || !(recorded.is_empty() && failures.is_empty()) {
            self.recording("enrich", |engine| {
                answers::add_requests(&engine.warehouse, clock::now().date(), requests)?;
                for (about, why, broken, given_up) in failures {
                    let attempts = engine.note_retry(&about, &why, clock::now(), broken)?;
                    match attempts >= MOST_ATTEMPTS && !broken {
                        true => recorded.push(given_up),
                        false => report.failed += 1,
                    }
                }
                append_answers(&engine.warehouse, spec, &recorded, clock::now())
            })?;
        }
        report.answered += recorded.iter().filter(|a| a.provider == BY_OLLAMA).count() as u64;
        report.kept_rules += recorded.iter().filter(|a| a.provider == BY_RULES).count() as u64;
        report.clamped += recorded.iter().map(|a| u64::from(a.clamped)).sum::<u64>();
        if stopped() {
            ended = Some(STOPPED.to_owned());
        }
        Ok(ended)
    }
}

fn is_troubled(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Troubled(_))
}
