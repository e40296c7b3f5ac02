//! `codex mcp`: MCP over stdio, for assistants that start their servers themselves.

use super::context::Context;
use super::render::Outcome;
use crate::clock;
use crate::config::Config;
use crate::daemon::{Probe, Session, start};
use crate::engine::request::{Reply, Request};
use crate::engine::{Project, ProjectSource, canonical, is_paused};
use crate::error::{Error, Result};
use crate::mcp::{Host, MemoryServer};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use clap::Args;
use rmcp::ServiceExt;
use rmcp::model::Extensions;
use rmcp::transport::stdio;
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

/// Serve MCP over stdin and stdout: the tools recall, remember, context, explain, correct and delete
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex mcp
  codex mcp --mind nora
  claude mcp add codex -- codex mcp --mind nora

An assistant's configuration names this command; it is about one mind. It asks the daemon and starts one where none runs; any number may
run at once. Over HTTP, the service has the same at /mcp.")]
pub(super) struct Mcp {
    /// Open the store in this process where no daemon runs, and start none
    #[arg(long)]
    no_daemon: bool,
}

impl Mcp {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        if !self.no_daemon {
            ensure_daemon(context, &config);
        }
        // Only now: a daemon that is started here logs into files of its own.
        context.start_log();
        let host = StdioHost::new(config, context.project()?, context.source(), context.mind())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(8)
            .enable_all()
            .build()
            .map_err(|e| Error::failed(format!("MCP cannot be served: {e}")))?;
        let served = runtime.block_on(async {
            match MemoryServer::new(Arc::new(host)).serve(stdio()).await {
                Ok(running) => running
                    .waiting()
                    .await
                    .map(|_| ())
                    .map_err(|e| e.to_string()),
                // A client that hangs up before it says anything.
                Err(e) => Err(e.to_string()),
            }
        });
        runtime.shutdown_background();
        if let Err(e) = served {
            tracing::info!(error = e, "the connection ended");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Starts a daemon where none runs. Without one, the store is opened here.
fn ensure_daemon(context: &Context, config: &Config) {
    let is_running = canonical(&config.settings.database)
        .and_then(|database| Probe::of(&database).client())
        .is_ok_and(|client| client.is_some());
    if is_running {
        return;
    }
    if let Err(e) = context.setup().and_then(start) {
        context.note(&format!(
            "note: no daemon could be started ({e}); this process opens the store itself"
        ));
    }
}

/// A question, and where its answer goes.
type Job = (Request, Sender<Result<Reply>>);

/// Asks the daemon, or the store, for one mind.
struct StdioHost {
    jobs: Mutex<Sender<Job>>,
    config: Config,
    mind: String,
}

impl StdioHost {
    fn new(
        config: Config,
        project: Project,
        source: ProjectSource,
        mind: String,
    ) -> Result<StdioHost> {
        let (jobs, queue) = channel::<Job>();
        let own = config.clone();
        std::thread::Builder::new()
            .name("codex-store".to_owned())
            .spawn(move || {
                // The session stays in its thread: a question blocks.
                let mut session = Session::new(own, project, source);
                while let Ok((request, answer)) = queue.recv() {
                    // Nobody waits any more where this fails.
                    let _ = answer.send(session.ask(request, &mut |_| ()));
                }
            })
            .map_err(|e| Error::failed(format!("cannot start a thread for the store: {e}")))?;
        Ok(StdioHost {
            jobs: Mutex::new(jobs),
            config,
            mind,
        })
    }
}

impl Host for StdioHost {
    fn mind(&self, _: &Extensions) -> Result<String> {
        Ok(self.mind.clone())
    }

    fn answer(&self, request: Request, _: &Extensions) -> Result<Reply> {
        let gone = || Error::failed("the store's thread has ended");
        let (answer, answered) = channel();
        let jobs = self.jobs.lock().map_err(|_| gone())?.clone();
        jobs.send((request, answer)).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }

    fn is_paused(&self) -> Result<bool> {
        is_paused(&self.config.settings.database, self.now())
    }

    fn time_zone(&self) -> Tz {
        self.config.settings.time_zone.0
    }

    fn now(&self) -> NaiveDateTime {
        clock::now()
    }
}
