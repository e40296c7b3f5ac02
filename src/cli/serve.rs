//! `codex serve`: the daemon with HTTP, in the foreground.

use super::context::Context;
use super::render::Outcome;
use crate::daemon::run_here;
use clap::Args;
use std::net::SocketAddr;
use std::process::ExitCode;

/// Serve the store over HTTP; stays in this process until it is told to stop
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  codex keys create --name laptop --scope write
  codex serve
  codex serve --listen 127.0.0.1:8090
  codex serve --listen 0.0.0.0:8080 --behind-proxy
  curl -H \"Authorization: Bearer $KEY\" 'http://127.0.0.1:8080/query?q=spare+key'

It is the daemon with one more door: rhythms run, and every other command asks it. In the background: `codex daemon start` with
settings.server.enabled. Routes: /docs and /openapi.json.")]
pub(super) struct Serve {
    /// Where: an address and a port [default: server.listen, 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// A proxy in front speaks TLS: no warning about an address beyond loopback
    #[arg(long)]
    behind_proxy: bool,
}

impl Serve {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let mut settings = vec![("CODEX_SERVER_ENABLED", "true".to_owned())];
        if let Some(address) = self.listen {
            settings.push(("CODEX_SERVER_LISTEN", address.to_string()));
        }
        if self.behind_proxy {
            settings.push(("CODEX_SERVER_BEHIND_PROXY", "true".to_owned()));
        }
        run_here(context.setup_with(settings)?)?;
        Ok(ExitCode::SUCCESS)
    }
}
