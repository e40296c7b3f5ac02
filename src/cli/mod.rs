//! The command line: arguments in, tables or JSON out. It never touches DuckDB; everything goes through the engine.
//!
//! # Layout
//!
//! One file a command family; beside them `context` (the global options and what they open), `render` (tables, JSON, errors)
//! and `progress` (long work).

mod brief;
mod config;
mod connect;
mod consolidate;
mod context;
mod daemon;
mod doctor;
mod enrich;
mod eval;
mod explain;
mod facts;
mod health;
mod hook;
mod import;
mod init;
mod insights;
mod keys;
mod logs;
mod mcp;
mod memory;
mod metrics;
mod models;
mod pause;
mod postgres;
mod progress;
mod project;
mod query;
mod render;
mod replay;
mod schedule;
mod serve;
mod service;
mod sql;
mod status;
mod transfer;
mod verify;

use crate::engine::restrict_new_files;
use crate::error::Error;
use crate::text::moments as times;
use clap::{Parser, Subcommand};
use context::{Context, Globals};
use render::{Output, Stop};
use std::process::ExitCode;

/// A memory for AI assistants and people, modelled on the stages of human memory.
#[derive(Debug, Parser)]
#[command(
    name = "codex",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "\
Start here:
  codex import diary.jsonl            take memories in
  codex consolidate                   live through the nights that are due
  codex query --text \"what did Nora decide about the speech?\"
  codex status                        what is remembered, and how well

The store is a DuckDB file: --db PATH, else $DUCKDB_PATH, else ~/.local/share/codex/memory.duckdb.
Exit codes: 0 done, 1 a model, test or check failed, 2 usage or configuration, 3 something needed is not available.")]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Import(import::Import),
    Intake(postgres::Intake),
    #[command(subcommand)]
    Memory(memory::Memory),
    Consolidate(consolidate::Consolidate),
    Enrich(enrich::Enrich),
    #[command(subcommand)]
    Models(models::Models),
    WriteBack(postgres::WriteBackCommand),
    Replay(replay::Replay),
    Query(query::Query),
    Eval(eval::Eval),
    Context(brief::Brief),
    #[command(subcommand)]
    Hook(hook::Hook),
    Pause(pause::Pause),
    Resume(pause::Resume),
    Insights(insights::Insights),
    Explain(explain::Explain),
    Facts(facts::Facts),
    Run(project::Run),
    Test(project::Test),
    Compile(project::Compile),
    Ls(project::Ls),
    Sql(sql::Sql),
    Snapshot(sql::Snapshot),
    Export(transfer::Export),
    Status(status::Status),
    Health(health::Health),
    Metrics(metrics::Metrics),
    Verify(verify::Verify),
    Doctor(doctor::Doctor),
    Config(config::Config),
    #[command(subcommand)]
    Daemon(daemon::Daemon),
    Serve(serve::Serve),
    #[command(subcommand)]
    Keys(keys::Keys),
    Mcp(mcp::Mcp),
    Connect(connect::Connect),
    Disconnect(connect::Disconnect),
    #[command(subcommand)]
    Schedule(schedule::Schedule),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no errors: clap prints them on stdout and says 0.
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
        }
    };
    // What is ejected for editing belongs into a repository, with the permissions that files there have.
    if !matches!(cli.command, Command::Init(_)) {
        restrict_new_files(false);
    }
    let context = Context::new(cli.globals);
    // The daemon logs into files of its own.
    let logs_itself = match &cli.command {
        Command::Daemon(daemon) => daemon.logs_itself(),
        Command::Serve(_) | Command::Mcp(_) => true,
        _ => false,
    };
    if !logs_itself {
        context.start_log();
    }
    match run(&context, cli.command) {
        Ok(code) => code,
        Err(stop) => render::report(&stop),
    }
}

fn run(context: &Context, command: Command) -> Result<ExitCode, Stop> {
    if context.minds().len() > 1 && !matches!(command, Command::Keys(_)) {
        let error =
            Error::usage("this command is about one mind").hint("name it once with --mind NAME");
        return Err(error.into());
    }
    let mut out = Output::new(context.json());
    let code = match command {
        Command::Init(init) => init.run(context, &mut out),
        Command::Import(import) => import.run(context, &mut out),
        Command::Intake(intake) => intake.run(context, &mut out),
        Command::Memory(memory) => memory.run(context, &mut out),
        Command::Consolidate(consolidate) => consolidate.run(context, &mut out),
        Command::Enrich(enrich) => enrich.run(context, &mut out),
        Command::Models(models) => models.run(context, &mut out),
        Command::WriteBack(write_back) => write_back.run(context, &mut out),
        Command::Replay(replay) => replay.run(context, &mut out),
        Command::Query(query) => query.run(context, &mut out),
        Command::Eval(eval) => eval.run(context, &mut out),
        Command::Context(brief) => brief.run(context, &mut out),
        Command::Hook(hook) => hook.run(context, &mut out),
        Command::Pause(pause) => pause.run(context, &mut out),
        Command::Resume(resume) => resume.run(context, &mut out),
        Command::Insights(insights) => insights.run(context, &mut out),
        Command::Explain(explain) => explain.run(context, &mut out),
        Command::Facts(facts) => facts.run(context, &mut out),
        Command::Run(run) => run.run(context, &mut out),
        Command::Test(test) => test.run(context, &mut out),
        Command::Compile(compile) => compile.run(context, &mut out),
        Command::Ls(ls) => ls.run(context, &mut out),
        Command::Sql(sql) => sql.run(context, &mut out),
        Command::Snapshot(snapshot) => snapshot.run(context, &mut out),
        Command::Export(export) => export.run(context, &mut out),
        Command::Status(status) => status.run(context, &mut out),
        Command::Health(health) => health.run(context, &mut out),
        Command::Metrics(metrics) => metrics.run(context, &mut out),
        Command::Verify(verify) => verify.run(context, &mut out),
        Command::Doctor(doctor) => doctor.run(context, &mut out),
        Command::Config(config) => config.run(context, &mut out),
        Command::Daemon(daemon) => daemon.run(context, &mut out),
        Command::Serve(serve) => serve.run(context),
        Command::Keys(keys) => keys.run(context, &mut out),
        Command::Mcp(mcp) => mcp.run(context),
        Command::Connect(connect) => connect.run(context, &mut out),
        Command::Disconnect(disconnect) => disconnect.run(&mut out),
        Command::Schedule(schedule) => schedule.run(context, &mut out),
    }?;
    out.finish()?;
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// The commands below one, with the words that call each.
    fn below(command: &clap::Command, words: &str) -> Vec<(String, clap::Command)> {
        let each = command.get_subcommands().flat_map(|command| {
            let words = format!("{words} {}", command.get_name());
            let deeper = below(command, &words);
            std::iter::once((words, command.clone())).chain(deeper)
        });
        each.collect()
    }

    #[test]
    fn every_command_says_what_it_does_with_examples_and_its_arguments_what_they_are() {
        let mut codex = Cli::command();
        codex.build();
        let commands = below(&codex, "codex");
        assert!(commands.len() > 40, "{}", commands.len());
        for (words, mut command) in commands {
            // What clap adds itself.
            if words.contains(" help") {
                continue;
            }
            assert!(command.get_about().is_some(), "{words}");
            let help = command.render_long_help().to_string();
            let examples = help.split_once("Examples:").map(|(_, after)| after);
            assert!(
                examples.is_some_and(|examples| examples.contains("codex ")),
                "{words} has no examples"
            );
            for global in ["--db", "--json", "--mind"] {
                assert!(help.contains(global), "{words} without {global}");
            }
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{words}: {}",
                    argument.get_id()
                );
            }
        }
    }
}
