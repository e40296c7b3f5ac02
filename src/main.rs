//! The `codex` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // With pages of 2 MiB a command takes 10 MiB more, and no night less time.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    codex_dreams::cli::main()
}
