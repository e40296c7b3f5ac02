//! The `codex` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    codex_dreams::cli::main()
}
