//! Tells the linker where the prebuilt DuckDB library is, so that the binary runs from any directory.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    // The project is built into the binary; a new file in it must lead to a new binary.
    for folder in ["pipeline", "sql", "schedules", "config", "generations"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    match env::var("DUCKDB_LIB_DIR") {
        Ok(dir) => {
            // A copy beside the binary (`make build` puts it there) wins over the build machine's cache.
            let origin = if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("macos") {
                "@executable_path"
            } else {
                "$ORIGIN"
            };
            println!("cargo:rustc-link-arg=-Wl,-rpath,{origin}");
            println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
        }
        Err(_) => println!(
            "cargo:warning=DUCKDB_LIB_DIR is not set, so codex links whatever DuckDB the system has. Use `make build`, or \
             `export DUCKDB_LIB_DIR=$(scripts/libduckdb.sh)` and build again, or build with `--features bundled`"
        ),
    }
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // Rust binds all symbols at start-up, which costs 10 ms for libduckdb; bind them when first called.
        println!("cargo:rustc-link-arg=-Wl,-z,lazy");
    }
}
