//! The image: built from files that exist, and it starts what was built.

use std::path::Path;

use crate::{
    none, parse, read,
    safety::is_pinned,
    stack::{COMPOSE, Stack},
};

const DOCKERFILE: &str = "deploy/Dockerfile";

/// Instructions with their arguments, continued lines joined, comments left out.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let split = joined.lines().filter_map(|line| line.trim().split_once(' '));
    split
        .map(|(word, rest)| (word.to_owned(), rest.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect()
}

/// What is wrong with a Dockerfile whose context has the files that `exists` knows.
fn problems(text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let all = instructions(text);
    let of = |word: &str| {
        all.iter().filter(|(name, _)| name == word).map(|(_, rest)| rest.clone()).collect::<Vec<_>>()
    };
    let mut problems = Vec::new();
    for image in of("FROM") {
        if !is_pinned(image.split(' ').next().unwrap()) {
            problems.push(format!("FROM {image} is another image tomorrow"));
        }
    }
    let mut installed = Vec::new();
    for copy in of("COPY") {
        let words: Vec<_> = copy.split(' ').collect();
        let (target, sources) = words.split_last().unwrap();
        if words[0] == "--from=build" {
            installed.push((*target).to_owned());
            continue;
        }
        let missing = sources.iter().filter(|source| !exists(source));
        problems.extend(missing.map(|source| format!("COPY {source}: it does not exist")));
    }
    let entrypoint: Vec<String> = of("ENTRYPOINT").iter().flat_map(|json| words(json)).collect();
    let binary = entrypoint.first().cloned().unwrap_or_default();
    if !installed.contains(&binary) || !of("RUN").iter().any(|run| run.ends_with(&format!(" {binary}"))) {
        problems.push(format!("ENTRYPOINT {binary} is not what was built"));
    }
    let check = of("HEALTHCHECK");
    if !check.iter().any(|check| check.contains(&format!("CMD [\"{binary}\", \"healthcheck\""))) {
        problems.push("HEALTHCHECK does not ask the gateway".to_owned());
    }
    if of("USER").iter().all(|user| user.starts_with('0') || user.starts_with("root")) {
        problems.push("USER is root".to_owned());
    }
    if !of("RUN").iter().any(|run| run.contains("cargo build --locked --profile dist")) {
        problems.push("RUN does not build what is shipped".to_owned());
    }
    problems
}

fn words(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_image_is_made_of_what_exists_and_starts_what_was_built() {
    none(&problems(&read(DOCKERFILE), |path| Path::new(path).exists()));
}

#[test]
fn each_breach_is_found() {
    let text = read(DOCKERFILE);
    for (from, to) in [
        ("COPY proto proto", "COPY protos proto"),
        ("rust:1.95-bookworm", "rust"),
        ("debian:bookworm-slim", "debian:latest"),
        ("ENTRYPOINT [\"/usr/local/bin/tidegate\"]", "ENTRYPOINT [\"/bin/tidegate\"]"),
        ("dist/tidegate /usr/local/bin/tidegate", "dist/tidegate /tidegate"),
        ("\"healthcheck\"", "\"check\""),
        ("USER 10001:10001", "USER 0:0"),
        ("USER 10001:10001\n", ""),
        ("--locked ", ""),
    ] {
        assert!(text.contains(from), "{from}");
        let problems = problems(&text.replace(from, to), |path| Path::new(path).exists());
        assert!(!problems.is_empty(), "{from} -> {to}");
    }
}

/// What is embedded at build time comes from directories that are copied; tests may read further ones.
#[test]
fn what_the_build_reads_is_copied_and_not_ignored() {
    let ignored = read(".dockerignore");
    let copied = instructions(&read(DOCKERFILE));
    let copied: Vec<_> =
        copied.iter().filter(|(word, _)| word == "COPY").map(|(_, rest)| rest.as_str()).collect();
    let manifest = parse("Cargo.toml", &read("Cargo.toml"));
    // Cargo wants to see what it is not asked to build, if the manifest names it.
    let named = [("bench", "benches"), ("example", "examples"), ("test", "tests")];
    let named = named.into_iter().filter(|(table, _)| manifest.get(table).is_some()).map(|(_, path)| path);
    for path in ["Cargo.toml", "Cargo.lock", "build.rs", "proto", "src"].into_iter().chain(named) {
        assert!(copied.iter().any(|rest| rest.split(' ').any(|word| word == path)), "{path}");
        assert!(!ignored.lines().any(|line| line == path), "{path} is ignored");
    }
    for path in ["target", ".git"] {
        assert!(ignored.lines().any(|line| line == path), "{path} goes along");
    }
}

#[test]
fn the_commit_comes_the_same_way_from_compose_to_the_build() {
    let stack = Stack::real();
    let build = &stack.service("tidegate").body["build"];
    assert_eq!(build["dockerfile"], DOCKERFILE, "{COMPOSE}");
    assert_eq!(build["context"], "..");
    assert!(build["args"]["TIDEGATE_COMMIT"].is_string());
    let dockerfile = instructions(&read(DOCKERFILE));
    let at =
        |found: &dyn Fn(&str, &str) -> bool| dockerfile.iter().position(|(word, rest)| found(word, rest));
    let declared = at(&|word, rest| word == "ARG" && rest.starts_with("TIDEGATE_COMMIT"));
    assert!(declared.is_some() && declared < at(&|_, rest| rest.contains("cargo build")));
    assert!(read("build.rs").contains("variable(\"TIDEGATE_COMMIT\")"));
}
