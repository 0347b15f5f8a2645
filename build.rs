//! Compiles `proto/` in pure Rust, so that no installed `protoc` is needed, and notes what is built from what.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use prost::Message as _;

/// What is not known of a build.
const UNKNOWN: &str = "unknown";

fn main() -> Result<(), Box<dyn Error>> {
    note_build();
    println!("cargo::rerun-if-changed=proto");
    let protos = ["tidegate/v1/extraction.proto", "tidegate/v1/jobs.proto"];
    let descriptors = protox::compile(protos, ["proto"])?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("tidegate.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .extern_path(".google.rpc", "::tonic_types::pb")
        .compile_fds(descriptors)?;
    Ok(())
}

/// Tells the code its commit and its compiler, for `tidegate_build_info`.
fn note_build() {
    println!("cargo::rustc-env=TIDEGATE_COMMIT={}", commit().unwrap_or_else(|| UNKNOWN.to_owned()));
    let compiler = variable("RUSTC").and_then(|rustc| answer(Command::new(rustc).arg("--version")));
    // `rustc 1.95.0 (…)`
    let version = compiler.as_deref().and_then(|line| line.split_whitespace().nth(1)).unwrap_or(UNKNOWN);
    println!("cargo::rustc-env=TIDEGATE_RUSTC={version}");
}

/// The commit that is checked out; packagers who build without git set `TIDEGATE_COMMIT`.
///
/// Builds that are not optimised don't ask: each commit would make everything be compiled again.
fn commit() -> Option<String> {
    println!("cargo::rerun-if-env-changed=TIDEGATE_COMMIT");
    if let Some(commit) = variable("TIDEGATE_COMMIT") {
        return Some(commit);
    }
    // Without `.git` of its own this may stand inside of somebody else's repository.
    if variable("PROFILE").as_deref() != Some("release") || !Path::new(".git").exists() {
        return None;
    }
    for path in ["HEAD", "refs/heads", "packed-refs"] {
        let path = answer(Command::new("git").args(["rev-parse", "--git-path", path]))?;
        // A path that does not exist would make this run each time.
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    answer(Command::new("git").args(["rev-parse", "--short=12", "HEAD"]))
}

fn variable(name: &str) -> Option<String> {
    env::var_os(name)?.into_string().ok().filter(|value| !value.is_empty())
}

/// The line that a command prints, if it can be run and succeeds.
fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let line = String::from_utf8(output.stdout).ok()?;
    Some(line.trim().to_owned()).filter(|line| !line.is_empty() && !line.contains('\n'))
}
