//! What a configuration may hold, and what is said of one that may not stand.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests may panic")]

#[path = "config/body.rs"]
mod body;
#[path = "config/standard.rs"]
mod standard;

use std::{fs, path::Path, sync::Arc, time::Duration};

use proptest::prelude::*;
use tempfile::TempDir;
use tidegate::{
    cli::{
        Exit,
        check_config::{self, CheckConfigArgs},
    },
    config::{self, Config, ConfigProblems, Environment, Problem},
    extraction::{CacheScope, Profile},
    telemetry::LogLevel,
    upstream::settings::{HttpVersion, Prices},
};
use url::Url;

/// The least that is sound.
const MINIMAL: &str = r#"
    [upstreams.primary]
    dialect = "openai"
    base_url = "https://api.example.com/v1"
    model = "small-model"
"#;

fn load_with(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigProblems> {
    let directory = tempfile::tempdir().unwrap();
    load_in(&directory, text, variables)
}

fn load_in(directory: &TempDir, text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigProblems> {
    let path = directory.path().join("tidegate.toml");
    fs::write(&path, text).unwrap();
    Config::load(Some(&path), &variables.iter().copied().collect())
}

fn minimal_and(text: &str) -> Result<Config, ConfigProblems> {
    load_with(&format!("{MINIMAL}{text}"), &[])
}

fn paths(outcome: &Result<Config, ConfigProblems>) -> Vec<&str> {
    let problems = outcome.as_ref().err().map(ConfigProblems::as_slice).unwrap_or_default();
    problems.iter().map(|problem| problem.path.as_str()).collect()
}

fn only_problem(outcome: Result<Config, ConfigProblems>) -> Problem {
    let problems = outcome.expect_err("a problem");
    assert_eq!(problems.as_slice().len(), 1, "{problems}");
    problems.as_slice()[0].clone()
}

fn profile<'a>(config: &'a Config, name: &str) -> &'a Arc<Profile> {
    config.profiles.iter().find(|profile| *profile.name == *name).unwrap()
}

#[test]
fn the_live_page_is_for_local_names_on_loopback_or_where_that_is_wanted() {
    for (admin, expected) in [
        ("", true),
        ("listen = \"[::1]:9464\"", true),
        ("listen = \"0.0.0.0:9464\"", false),
        ("listen = \"0.0.0.0:9464\"\nlocal_names_only = true", true),
        ("local_names_only = false", false),
    ] {
        let config = minimal_and(&format!("[admin]\n{admin}")).unwrap();
        assert_eq!(config.admin_local_names_only, expected, "{admin}");
    }
}

#[test]
fn the_least_that_is_sound_has_all_defaults() {
    let config = minimal_and("").unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:50051");
    assert_eq!(config.admin_listen.to_string(), "127.0.0.1:9464");
    assert_eq!(config.admission.text_bytes_max, 256 * 1024);
    assert_eq!(config.retry, tidegate::resilience::Policy::default());
    assert_eq!(config.cache.bytes_max, 64 << 20);
    assert_eq!(config.telemetry.service_name, "tidegate");
    let upstream = &config.upstreams[0];
    assert_eq!(upstream.clocks.first_byte, Duration::from_secs(30));
    assert!(upstream.api_key.is_none());
    let names: Vec<&str> = config.profiles.iter().map(|profile| &*profile.name).collect();
    assert_eq!(names, ["entities", "inline"]);
    for profile in &config.profiles {
        assert_eq!(&*profile.route[0], "primary");
        assert_eq!(profile.timeout, Duration::from_mins(1));
        assert_eq!(profile.cache.ttl, Duration::from_mins(5));
    }
}

/// What stands beside the least that is sound, and where that is wrong.
const WRONG: &[(&str, &str)] = &[
    // Wrong kinds.
    ("[server]\nlisten = 1", "server.listen"),
    ("[server]\nlisten = \"localhost\"", "server.listen"),
    ("[server]\nallow_unauthenticated = \"yes\"", "server.allow_unauthenticated"),
    ("[server]\ndrain_timeout = 30", "server.drain_timeout"),
    ("[server]\ndrain_timeout = \"30\"", "server.drain_timeout"),
    ("[server]\ntext_bytes_max = \"many\"", "server.text_bytes_max"),
    ("[server]\ntext_bytes_max = \"12 XiB\"", "server.text_bytes_max"),
    ("[server]\ntext_bytes_max = -1", "server.text_bytes_max"),
    ("[server]\nmax_in_flight = 1.5", "server.max_in_flight"),
    ("[cache]\nbytes_max = true", "cache.bytes_max"),
    ("[telemetry]\nlog_level = \"loud\"", "telemetry.log_level"),
    ("[telemetry]\nlog_level = true", "telemetry.log_level"),
    ("[telemetry]\nresource = { a = 1 }", "telemetry.resource.a"),
    ("[telemetry]\nresource = { a.b = \"c\" }", "telemetry.resource.a"),
    ("[telemetry]\nresource = { \"service.name\" = \"c\" }", "telemetry.resource.\"service.name\""),
    ("[profiles]\nentities = 1", "profiles.entities"),
    ("[profiles.entities]\nroute = \"primary\"", "profiles.entities.route"),
    // Out of range.
    ("[server]\nmax_in_flight = 0", "server.max_in_flight"),
    ("[server]\ntext_bytes_max = \"1TiB\"", "server.text_bytes_max"),
    ("[server]\ntext_bytes_max = \"99999999999999999999GiB\"", "server.text_bytes_max"),
    ("[server]\ntimeout_max = \"0s\"", "server.timeout_max"),
    ("[retry]\nmax_attempts = 0", "retry.max_attempts"),
    ("[retry]\nmax_attempts = 6", "retry.max_attempts"),
    ("[retry]\nbudget = { reward = 0 }", "retry.budget.reward"),
    ("[retry]\nbudget = { capacity = nan }", "retry.budget.capacity"),
    ("[retry]\nrepair_budget = { reward = 0 }", "retry.repair_budget.reward"),
    ("[retry]\nrepair_budget = { capacity = -1 }", "retry.repair_budget.capacity"),
    ("[retry]\nrepair_budget = { capacity = 1000001 }", "retry.repair_budget.capacity"),
    ("[retry]\npushback_max = \"100years\"", "retry.pushback_max"),
    ("[telemetry]\ntrace_ratio = 1.1", "telemetry.trace_ratio"),
    ("[telemetry]\nservice_name = \" \"", "telemetry.service_name"),
    ("[telemetry]\notlp_endpoint = \"localhost:4317\"", "telemetry.otlp_endpoint"),
    ("[profiles.entities]\nmax_output_tokens = 0", "profiles.entities.max_output_tokens"),
    ("[profiles.entities.cache]\nttl = \"1year\"", "profiles.entities.cache.ttl"),
    // What binds keys together.
    ("[retry]\nbackoff_base = \"9s\"", "retry.backoff_base"),
    ("[retry]\nthrottle_base = \"5s\"\nbackoff_max = \"4s\"", "retry.throttle_base"),
    ("[profiles.entities]\ntimeout = \"11m\"", "profiles.entities.timeout"),
    ("[admin]\nlisten = \"127.0.0.1:50051\"", "admin.listen"),
    ("[admin]\nlisten = \"0.0.0.0:50051\"", "admin.listen"),
    ("[server]\nlisten = \"0.0.0.0:50051\"", "server.listen"),
    ("[server]\nlisten = \"[::]:50051\"", "server.listen"),
    ("[profiles.entities]\nroute = [\"secondary\"]", "profiles.entities.route[0]"),
    ("[profiles.entities]\nroute = []", "profiles.entities.route"),
    // Unknown.
    ("[server]\nlisten_on = \"127.0.0.1:1\"", "server.listen_on"),
    ("[retry.budget]\nsize = 1", "retry.budget.size"),
    ("[retry.repair_budget]\nsize = 1", "retry.repair_budget.size"),
    ("[upstream.secondary]", "upstream"),
    ("[profiles.entities.cache]\nTTL = \"1s\"", "profiles.entities.cache.TTL"),
    // Recognised, and not there yet.
    ("[jobs]\nstore = \"sqlite://tidegate.db\"", "jobs"),
    ("[profiles.entities]\nroute = [\"primary\", \"primary\"]", "profiles.entities.route"),
    ("[profiles.entities]\nroute = [{ any = [{ upstream = \"primary\" }] }]", "profiles.entities.route[0]"),
    // Who may call.
    ("[auth]", "auth.tenants"),
    ("[auth.tenants.t]", "auth.tenants.t.key_sha256"),
    ("[auth.tenants.t]\nkey_sha256 = []", "auth.tenants.t.key_sha256"),
    (
        "[auth.tenants.t]\nkey_sha256 = [\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"]",
        "auth.tenants.t.key_sha256[0]",
    ),
    // Rules.
    ("[profiles.inline]\ninstructions = \"x\"", "profiles.inline.instructions"),
    ("[profiles.entities]\ninstructions = \"\"", "profiles.entities.instructions"),
    ("[profiles.entities]\nschema_file = \"nowhere.json\"", "profiles.entities.schema_file"),
];

#[test]
fn one_wrong_thing_is_one_problem_at_its_path() {
    for (text, path) in WRONG {
        let outcome = minimal_and(text);
        let found = paths(&outcome);
        assert_eq!(found.first(), Some(path), "{text}: {outcome:?}");
        assert_eq!(found.len(), 1, "{text}: {found:?}");
    }
}

#[test]
fn a_bad_name_hides_nothing_of_its_section() {
    let long = "n".repeat(64);
    for name in ["\"bad name\"", "Primary", "\"a.b\"", "\"\"", "other", "\"ä\"", &long] {
        let upstream = format!("[upstreams.{name}]\ndialect = \"smtp\"\nmodel = 7\ntimeout = \"1s\"\n");
        let route = format!("[profiles.entities]\nroute = [{}]", toml::Value::from(name.trim_matches('"')));
        let outcome = load_with(&format!("{upstream}{route}"), &[]);
        let here = |key: &str| format!("upstreams.{name}{key}");
        assert_eq!(
            paths(&outcome),
            [here(""), here(".dialect"), here(".base_url"), here(".model"), here(".timeout")],
            "{outcome:?}"
        );

        let profile =
            format!("[profiles.{name}]\nroute = [\"secondary\"]\ncache = {{ ttl = 5 }}\nschema = \"x\"");
        let here = |key: &str| format!("profiles.{name}{key}");
        let (route, ttl) = (here(".route[0]"), here(".cache.ttl"));
        let (instructions, file) = (here(".instructions"), here(".schema_file"));
        let outcome = minimal_and(&profile);
        assert_eq!(
            paths(&outcome),
            [here(""), route, ttl, instructions, file, here(".schema")],
            "{outcome:?}"
        );

        let outcome = minimal_and(&format!("[auth.tenants.{name}]\nkey_sha256 = [\"canary\"]\nkey = 1"));
        let here = |key: &str| format!("auth.tenants.{name}{key}");
        assert_eq!(paths(&outcome), [here(""), here(".key_sha256[0]"), here(".key")], "{outcome:?}");
        assert!(!outcome.unwrap_err().to_string().contains("canary"));
    }
}

#[test]
fn a_section_that_is_sound_but_for_its_name_is_one_problem() {
    let outcome = load_with(&MINIMAL.replace("primary", "\"my api\""), &[]);
    assert_eq!(only_problem(outcome).path, "upstreams.\"my api\"");
    let hash = "0".repeat(63) + "1";
    let outcome = minimal_and(&format!("[auth.tenants.T]\nkey_sha256 = [\"{hash}\"]"));
    assert_eq!(only_problem(outcome).path, "auth.tenants.T");
    assert_eq!(paths(&minimal_and("[profiles]\nX = 1")), ["profiles.X"; 2]);
}

#[test]
fn one_wrong_thing_of_an_upstream_is_one_problem() {
    let table = [
        ("base_url = \"ftp://example.com\"", "base_url"),
        ("base_url = \"https://\"", "base_url"),
        ("base_url = \"https://user:canary@example.com\"", "base_url"),
        ("base_url = \"https://example.com/#part\"", "base_url"),
        ("base_url = 7", "base_url"),
        ("base_url = \"https://example.com/v1/chat/completions/\"", "base_url"),
        ("dialect = \"anthropic\"", "dialect"),
        ("dialect = \"gemini\"", "dialect"),
        ("dialect = \"json\"", "dialect"),
        ("dialect = \"smtp\"", "dialect"),
        ("model = \"\"", "model"),
        ("api_key = \"canary\"", "api_key"),
        ("api_key = {}", "api_key"),
        ("api_key = { env = \"UNSET\" }", "api_key.env"),
        ("api_key = { env = \"canary-key\" }", "api_key.env"),
        ("api_key = { env = \"BLANK\" }", "api_key.env"),
        ("api_key = { env = \"UNSENDABLE\" }", "api_key.env"),
        ("api_key = { env = \"KEY\", file = \"key\" }", "api_key"),
        ("api_key = { envv = \"KEY\", env = \"KEY\" }", "api_key.envv"),
        ("api_key = { value = \"canary\" }", "api_key.value"),
        ("api_key = { file = \"nowhere\" }", "api_key.file"),
        ("api_key = { file = \"empty\" }", "api_key.file"),
        ("api_key_header = \"x-api-key\"", "api_key_header"),
        ("retry_safety = \"unsafe\"", "retry_safety"),
        ("structured_output = \"yaml\"", "structured_output"),
        ("max_tokens_field = \"max\"", "max_tokens_field"),
        ("temperature = 3", "temperature"),
        ("attempt_timeout = \"0s\"", "attempt_timeout"),
        ("attempt_timeout = \"1s\"\nconnect_timeout = \"2s\"", "connect_timeout"),
        ("first_byte_timeout = \"31s\"", "first_byte_timeout"),
        ("answer_bytes_max = 0", "answer_bytes_max"),
        ("http_version = 3", "http_version"),
        ("ca_file = \"empty\"", "ca_file"),
        ("proxy = \"http://user:canary@localhost\"", "proxy"),
        ("headers = { x = \"canary\" }", "headers.x"),
        ("headers = { x = { value = \"ca\\u0000nary\" } }", "headers.x.value"),
        ("headers = { \"x y\" = { value = \"canary\" } }", "headers.\"x y\""),
        ("headers = { Host = { value = \"canary\" } }", "headers.Host"),
        (
            "api_key = { env = \"KEY\" }\nheaders = { authorization = { value = \"canary\" } }",
            "headers.authorization",
        ),
        ("headers = { a = { value = \"1\" }, A = { value = \"2\" } }", "headers.a"),
        ("propagate_trace = 1", "propagate_trace"),
        ("prices = { input_per_million = 1 }", "prices.output_per_million"),
        ("prices = { input_per_million = -0.1, output_per_million = 1 }", "prices.input_per_million"),
        ("prices = { input_per_million = 0.0, output_per_million = inf }", "prices.output_per_million"),
        ("prices = { input_per_million = nan, output_per_million = 1 }", "prices.input_per_million"),
        ("prices = { input = 1, input_per_million = 1, output_per_million = 1 }", "prices.input"),
        ("prices = 1", "prices"),
    ];
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("key"), "key\n").unwrap();
    fs::write(directory.path().join("empty"), "\n").unwrap();
    let variables = [("KEY", "key"), ("BLANK", " "), ("UNSENDABLE", "canary\u{e9}")];
    for (lines, path) in table {
        let key = lines.split(' ').next().unwrap();
        let others: Vec<&str> =
            MINIMAL.lines().filter(|line| !line.trim().starts_with(&format!("{key} "))).collect();
        let problem =
            only_problem(load_in(&directory, &format!("{}\n{lines}", others.join("\n")), &variables));
        assert_eq!(problem.path, format!("upstreams.primary.{path}"), "{lines}");
        let said = format!("{problem} {problem:?}");
        assert!(!said.contains("canary"), "{said}");
        assert!(!problem.remedy.is_empty(), "{said}");
    }
}

#[test]
fn prices_are_optional() {
    assert_eq!(minimal_and("").unwrap().upstreams[0].prices, None);
    assert_eq!(minimal_and("prices = {}").unwrap().upstreams[0].prices, None);
    let prices = "prices = { input_per_million = 0.15, output_per_million = 60 }";
    let expected = Prices { input_per_million: 0.15, output_per_million: 60.0 };
    assert_eq!(minimal_and(prices).unwrap().upstreams[0].prices, Some(expected));
}

#[test]
fn all_problems_are_told_at_once() {
    let outcome = load_with(
        r#"
        colour = "red"
        [server]
        lisen = "127.0.0.1:1"
        max_in_flight = "many"
        [server.tls]
        client_ca_file = "nowhere.pem"
        [auth.tenants.a]
        key_sha256 = ["0000000000000000000000000000000000000000000000000000000000000001", "canary"]
        [auth.tenants.b]
        key_sha256 = ["0000000000000000000000000000000000000000000000000000000000000001"]
        [upstreams.primary]
        dialect = "gemini"
        api_key = "canary"
        [profiles.invoices]
        route = ["secondary"]
        [retry]
        backoff_base = "9s"
        [jobs]
        store = "sqlite://canary.db"
        "#,
        &[("TIDEGATE__CACHE__BYTES", "1"), ("TIDEGATE__SERVER__DRAIN_TIMEOUT", "soon")],
    );
    assert_eq!(
        paths(&outcome),
        [
            "auth.tenants.a.key_sha256[1]",
            "auth.tenants.b.key_sha256",
            "server.max_in_flight",
            "server.drain_timeout",
            "server.tls.certificate_file",
            "server.tls.key_file",
            "server.tls.client_ca_file",
            "server.lisen",
            "upstreams.primary.dialect",
            "upstreams.primary.base_url",
            "upstreams.primary.model",
            "upstreams.primary.api_key",
            "profiles.invoices.route[0]",
            "profiles.invoices.instructions",
            "profiles.invoices.schema_file",
            "retry.backoff_base",
            "cache.bytes",
            "jobs",
            "colour",
        ]
    );
    let problems = outcome.unwrap_err();
    let said = problems.to_string();
    assert!(said.starts_with("19 problems in the configuration:\n  - auth.tenants"), "{said}");
    assert!(!said.contains("canary") && !format!("{problems:?}").contains("canary"), "{said}");
    for expected in [
        "server.lisen is unknown; did you mean `listen`?",
        "server.drain_timeout = \"soon\" (from TIDEGATE__SERVER__DRAIN_TIMEOUT) is no duration; write a number",
        "cache.bytes (from TIDEGATE__CACHE__BYTES) is unknown; remove it, or use one of: bytes_max",
        "server.max_in_flight = \"many\" must be an integer, not a string; write digits only",
        "retry.backoff_base = \"9s\" must not be longer than backoff_max; lower it or raise backoff_max",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}

#[test]
fn what_is_no_toml_is_told_with_line_and_column_but_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let outcome = load_in(&directory, "[server]\napi_key = canary\nlisten == 1\n", &[]);
    let file = directory.path().join("tidegate.toml").display().to_string();
    assert_eq!(paths(&outcome), [format!("{file}:2:11"), format!("{file}:3:9")]);
    assert!(!outcome.unwrap_err().to_string().contains("canary"));
    let twice = only_problem(load_in(&directory, "[server]\n[server]\n", &[]));
    assert_eq!(twice.path, format!("{file}:2:2"));
}

#[test]
fn a_file_that_cant_be_read_is_a_problem() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("nowhere.toml");
    let problem = only_problem(Config::load(Some(&missing), &Environment::default()));
    assert_eq!(problem.path, missing.display().to_string());
    let unreadable = only_problem(Config::load(Some(directory.path()), &Environment::default()));
    assert!(unreadable.what.contains("can't be read"), "{unreadable}");
    let path = directory.path().join("latin1.toml");
    fs::write(&path, b"# \xe9").unwrap();
    assert_eq!(only_problem(Config::load(Some(&path), &Environment::default())).what, "is no UTF-8 text");
    fs::write(&path, " ".repeat((1 << 20) + 1)).unwrap();
    assert_eq!(only_problem(Config::load(Some(&path), &Environment::default())).what, "is too large");
}

#[test]
fn without_an_upstream_nothing_can_be_served() {
    assert_eq!(paths(&load_with("", &[])), ["upstreams"]);
    assert_eq!(paths(&Config::load(None, &Environment::default())), ["upstreams"]);
    assert_eq!(paths(&load_with("upstreams = \"canary\"", &[])), ["upstreams"]);
}

#[test]
fn the_environment_lies_over_the_file() {
    let variables = [
        ("TIDEGATE__UPSTREAMS__PRIMARY__MODEL", "4"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__HTTP_VERSION", "2"),
        ("tidegate__server__max_in_flight", "7"),
        ("TIDEGATE__SERVER__LISTEN", "127.0.0.1:7000"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__API_KEY", "{ env = \"KEY\" }"),
        ("KEY", "canary"),
        ("TIDEGATE__PROFILES__ENTITIES__ROUTE", "[\"primary\"]"),
        ("TIDEGATE__PROFILES__ENTITIES__CACHE", "{ ttl = \"1m\" }"),
        ("TIDEGATE__PROFILES__ENTITIES__CACHE__SCOPE", "shared"),
        ("TIDEGATE__TELEMETRY__LOG_LEVEL", "\"warn\""),
        ("TIDEGATE__TELEMETRY__RESOURCE", "{ Zone = \"a\" }"),
        ("TIDEGATE__TELEMETRY__RESOURCE__ZONE", "b"),
        ("TIDEGATE_PORT", "tcp://10.0.0.1:80"),
    ];
    let text =
        format!("{MINIMAL}[server]\nmax_in_flight = 5\n[profiles.entities.cache]\nstale_if_error = \"1h\"");
    let config = load_with(&text, &variables).unwrap();
    let upstream = &config.upstreams[0];
    assert_eq!(&*upstream.model, "4");
    assert_eq!(upstream.http_version, HttpVersion::Http2);
    assert_eq!(upstream.api_key.as_ref().unwrap().expose(), "canary");
    assert_eq!(config.server.listen.port(), 7000);
    assert_eq!(config.admission.in_flight_max, 7);
    let cache = profile(&config, "entities").cache;
    assert_eq!((cache.ttl, cache.stale_if_error), (Duration::from_mins(1), Duration::ZERO));
    assert_eq!(cache.scope, CacheScope::Shared);
    assert_eq!(config.telemetry.log_level, LogLevel::Warn);
    assert_eq!(config.telemetry.resource, [("Zone".to_owned(), "b".to_owned())]);
}

#[test]
fn variables_that_set_nothing_are_problems() {
    for (variable, value, path) in [
        ("TIDEGATE__SERVER__LISEN", "127.0.0.1:1", "server.lisen"),
        ("TIDEGATE__COLOUR", "red", "colour"),
        ("TIDEGATE__", "1", "TIDEGATE__"),
        ("TIDEGATE__SERVER____LISTEN", "1", "TIDEGATE__SERVER____LISTEN"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__MODEL__NAME", "x", "TIDEGATE__UPSTREAMS__PRIMARY__MODEL__NAME"),
        ("TIDEGATE__SERVER", "canary", "server"),
    ] {
        let problem = only_problem(load_with(MINIMAL, &[(variable, value)]));
        assert_eq!(problem.path, path);
        assert!(problem.to_string().contains(variable), "{problem}");
        assert!(!problem.to_string().contains("canary"), "{problem}");
    }
    let twice = [("TIDEGATE__CACHE__BYTES_MAX", "1"), ("TIDEGATE__cache__bytes_max", "2")];
    assert_eq!(only_problem(load_with(MINIMAL, &twice)).path, "TIDEGATE__cache__bytes_max");
}

#[test]
fn clocks_that_are_left_open_fit_into_the_attempt() {
    let config = load_with(&format!("{MINIMAL}attempt_timeout = \"2s\""), &[]).unwrap();
    let clocks = config.upstreams[0].clocks;
    assert_eq!([clocks.connect, clocks.first_byte, clocks.idle, clocks.total], [Duration::from_secs(2); 4]);
    let short = minimal_and("[server]\ntimeout_max = \"10s\"").unwrap();
    assert_eq!(profile(&short, "entities").timeout, Duration::from_secs(10));
}

#[test]
fn callers_beyond_loopback_must_be_known_or_welcome() {
    const BEYOND: &str = "[server]\nlisten = \"0.0.0.0:50051\"\n";
    let hash = format!("ABcdef{}", "0".repeat(58));
    let tenant = format!("[auth.tenants.t]\nkey_sha256 = [\"{hash}\"]");
    let known = minimal_and(&format!("{BEYOND}{tenant}")).unwrap();
    assert_eq!(known.server.credentials[0].tenant.as_str(), "t");
    assert_eq!(known.server.credentials[0].key_sha256[..3], [0xab, 0xcd, 0xef]);
    assert!(minimal_and(&format!("{BEYOND}allow_unauthenticated = true")).is_ok());
}

#[test]
fn a_route_must_be_written_where_there_is_a_choice() {
    let two = format!("{MINIMAL}{}", MINIMAL.replace("primary", "secondary"));
    let problem = only_problem(load_with(&two, &[]));
    assert_eq!(problem.path, "profiles.entities.route");
    assert!(problem.remedy.contains("primary, secondary"), "{problem}");
    let chosen = load_with(&format!("{two}[profiles.entities]\nroute = [\"secondary\"]"), &[]).unwrap();
    assert_eq!(&*profile(&chosen, "inline").route[0], "secondary");
}

#[test]
fn profiles_have_rules_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("invoice.json", r#"{ "type": "object" }"#);
    write("broken.json", "{");
    write("invoice.txt", "Find the number.");
    write("blank.txt", "\n");
    let with = |lines: &str| load_in(&directory, &format!("{MINIMAL}[profiles.invoices]\n{lines}"), &[]);

    let config = with("instructions_file = \"invoice.txt\"\nschema_file = \"invoice.json\"").unwrap();
    let names: Vec<&str> = config.profiles.iter().map(|profile| &*profile.name).collect();
    assert_eq!(names, ["entities", "invoices", "inline"]);
    assert_eq!(&*profile(&config, "invoices").instructions, "Find the number.");
    assert!(profile(&config, "inline").instructions.is_empty());

    for (lines, path) in [
        ("instructions = \"x\"\nschema_file = \"broken.json\"", "schema_file"),
        ("instructions_file = \"blank.txt\"\nschema_file = \"invoice.json\"", "instructions_file"),
        (
            "instructions = \"x\"\ninstructions_file = \"invoice.txt\"\nschema_file = \"invoice.json\"",
            "instructions_file",
        ),
        ("instructions = \"x\"", "schema_file"),
        ("schema_file = \"invoice.json\"", "instructions"),
    ] {
        assert_eq!(only_problem(with(lines)).path, format!("profiles.invoices.{path}"), "{lines}");
    }
}

#[test]
fn the_fingerprint_changes_with_all_that_shapes_an_answer() {
    let of = |text: &str, name: &str| profile(&load_with(text, &[]).unwrap(), name).fingerprint;
    let base = of(MINIMAL, "entities");
    assert_eq!(base, of(&format!("{MINIMAL}[profiles.entities]\ntimeout = \"1s\""), "entities"));
    for changed in [
        MINIMAL.replace("small-model", "large-model"),
        MINIMAL.replace("/v1", "/v2"),
        MINIMAL.replace("primary", "secondary"),
        format!("{MINIMAL}structured_output = \"prompt\""),
        format!("{MINIMAL}temperature = 1"),
        format!("{MINIMAL}body = {{ seed = 1 }}"),
        format!("{MINIMAL}[profiles.entities]\nmax_output_tokens = 1"),
        format!("{MINIMAL}[profiles.entities]\ninstructions = \"x\""),
    ] {
        assert_ne!(base, of(&changed, "entities"), "{changed}");
    }
    assert_ne!(base, of(MINIMAL, "inline"));
    let with = |body: &str| of(&format!("{MINIMAL}body = {{ {body} }}"), "inline");
    let bodies = ["", "seed = 1", "seed = 1.0", "seed = \"1\"", "seed = [1]", "seed = { a = 1 }", "sead = 1"];
    for (i, one) in bodies.iter().enumerate() {
        assert!(bodies[..i].iter().all(|other| with(one) != with(other)), "{one}");
    }
}

#[test]
fn the_simulator_needs_no_file() {
    let url = Url::parse("http://127.0.0.1:4000/v1").unwrap();
    let variables = Environment::from_iter([("TIDEGATE__UPSTREAMS__SIMULATOR__ATTEMPT_TIMEOUT", "1s")]);
    let config = Config::embedded(&url, &variables).unwrap();
    assert_eq!(&*config.upstreams[0].name, "simulator");
    assert_eq!(config.upstreams[0].base_url, url);
    assert_eq!(config.upstreams[0].clocks.total, Duration::from_secs(1));
    assert_eq!(&*profile(&config, "entities").route[0], "simulator");
}

#[test]
fn secrets_stay_hidden_and_the_effective_configuration_loads_again() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("key"), "canary-file\r\n").unwrap();
    fs::write(directory.path().join("schema.json"), r#"{"type": "object"}"#).unwrap();
    let text = format!(
        "{MINIMAL}api_key = {{ file = \"key\" }}\nretry_safety = \"keyed\"\n\
         headers = {{ a = {{ env = \"HEADER\" }}, b = {{ value = \"canary-plain\" }} }}\n\
         [profiles.own]\ninstructions = \"\"\"a\n\\\"b\\\"\"\"\"\nschema_file = \"schema.json\"\n\
         [telemetry]\nresource = {{ \"a.b\" = \"c\" }}\ntrace_ratio = 1"
    );
    let variables = [("HEADER", "canary-env")];
    let config = load_in(&directory, &text, &variables).unwrap();
    let upstream = &config.upstreams[0];
    assert_eq!(upstream.api_key.as_ref().unwrap().expose(), "canary-file");
    let sent: Vec<&str> = upstream.headers.iter().map(|(_, value)| value.expose()).collect();
    assert_eq!(sent, ["canary-env", "canary-plain"]);

    let effective = config::effective(&config);
    assert!(effective.contains("(redacted)"), "{effective}");
    assert!(!effective.contains("canary"), "{effective}");
    assert!(!format!("{config:?} {:?}", Environment::from_iter(variables)).contains("canary"));

    let again = load_with(&effective, &variables).unwrap();
    assert_eq!(config::effective(&again), effective);
    assert_eq!(profile(&again, "own").fingerprint, profile(&config, "own").fingerprint);
    assert_eq!(again.telemetry, config.telemetry);
}

#[test]
fn server_certificates_are_checked() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    let [own, other] =
        [(); 2].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    write("own.pem", &own.cert.pem());
    write("own.key", &own.signing_key.serialize_pem());
    write("other.key", &other.signing_key.serialize_pem());
    let with = |lines: &str| {
        let text = format!(
            "{MINIMAL}[server]\nlisten = \"0.0.0.0:1\"\n[server.tls]\ncertificate_file = \"own.pem\"\n{lines}"
        );
        load_in(&directory, &text, &[])
    };
    let sound = with("key_file = \"own.key\"\nclient_ca_file = \"own.pem\"").unwrap();
    assert!(sound.server.tls.as_ref().unwrap().client_ca_pem.is_some());
    assert!(!format!("{sound:?}").contains("PRIVATE"));
    assert_eq!(only_problem(with("key_file = \"own.key\"")).path, "server.listen");
    for (key, path) in [("own.pem", "server.tls.key_file"), ("other.key", "server.tls.key_file")] {
        let lines = format!("key_file = \"{key}\"\nclient_ca_file = \"own.pem\"");
        assert_eq!(only_problem(with(&lines)).path, path, "{key}");
    }
    let no_ca = with("key_file = \"own.key\"\nclient_ca_file = \"own.key\"");
    assert_eq!(only_problem(no_ca).path, "server.tls.client_ca_file");
}

#[test]
fn too_many_names_are_a_problem() {
    let many: String = (0..65).map(|i| MINIMAL.replace("primary", &format!("u{i}"))).collect();
    let outcome = load_with(&format!("{many}[profiles.entities]\nroute = [\"u0\"]"), &[]);
    assert_eq!(only_problem(outcome).path, "upstreams");
}

#[test]
fn a_remedy_lists_keys_only_where_they_are_few() {
    let remedy = |text: &str| only_problem(minimal_and(text)).remedy;
    assert!(remedy("[retry]\nwibble = 1").contains("or use one of: max_attempts, "));
    let many = remedy("wibble = 1");
    assert!(many.contains("config/tidegate.example.toml") && !many.contains("idle_timeout"), "{many}");
}

#[test]
fn the_environment_can_be_all_there_is() {
    let variables = Environment::from_iter([
        ("TIDEGATE__UPSTREAMS__PRIMARY__DIALECT", "openai"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__BASE_URL", "http://api.example.com/v1"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__MODEL", "small-model"),
        ("TIDEGATE__UPSTREAMS__PRIMARY__API_KEY__ENV", "KEY"),
        ("KEY", "canary"),
    ]);
    assert!(variables.names_upstream());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = check_config::run(&CheckConfigArgs { config: None }, &variables, &mut out, &mut err).unwrap();
    let (out, err) = (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap());
    assert_eq!(exit, Exit::Ok, "{err}");
    assert!(out.contains("model = \"small-model\""), "{out}");
    assert!(err.starts_with("warning: upstreams.primary.base_url = ") && err.ends_with('\n'), "{err}");
}

#[test]
fn what_is_about_the_embedded_simulator_or_no_upstream_needs_the_simulator() {
    for name in ["TIDEGATE__UPSTREAMS__SIMULATOR__MODEL", "TIDEGATE__RETRY__MAX_ATTEMPTS", "UPSTREAMS__A__B"]
    {
        assert!(!Environment::from_iter([(name, "1")]).names_upstream(), "{name}");
    }
    assert!(Environment::from_iter([("tidegate__upstreams__a__model", "1")]).names_upstream());
}

#[test]
fn a_key_that_leaves_the_machine_without_tls_is_doubted() {
    let doubted = |base_url: &str, more: &str| {
        let text = MINIMAL.replace("https://api.example.com/v1", base_url);
        let config = load_with(&format!("{text}{more}"), &[("KEY", "canary")]).unwrap();
        config.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let key = "api_key = { env = \"KEY\" }";
    for base_url in ["http://api.example.com/v1", "http://10.0.0.1/v1", "http://[fd00::1]/v1"] {
        let warnings = doubted(base_url, key);
        assert_eq!(warnings.len(), 1, "{base_url}");
        assert!(warnings[0].starts_with("upstreams.primary.base_url = ") && !warnings[0].contains("canary"));
        assert!(doubted(base_url, "").is_empty(), "{base_url} without a key");
    }
    for base_url in
        ["https://api.example.com/v1", "http://127.0.0.1:1/v1", "http://localhost:1/v1", "http://[::1]/v1"]
    {
        assert!(doubted(base_url, key).is_empty(), "{base_url}");
    }
}

#[test]
fn check_config_prints_the_configuration_or_its_problems() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/tidegate.example.toml");
    let check = |variables: &[(&str, &str)]| {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = CheckConfigArgs { config: Some(example.clone()) };
        let exit =
            check_config::run(&args, &variables.iter().copied().collect(), &mut out, &mut err).unwrap();
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };
    let (exit, out, err) = check(&[("PRIMARY_API_KEY", "canary")]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    assert!(out.contains("model = \"small-model\"") && !out.contains("canary"), "{out}");
    let (exit, out, err) = check(&[]);
    assert_eq!((exit, out.as_str()), (Exit::Misused, ""));
    assert!(err.contains("upstreams.primary.api_key.env = \"PRIMARY_API_KEY\" is not set"), "{err}");
}

#[test]
fn check_config_says_how_schemas_go_out_and_what_they_say_in_vain() {
    let directory = tempfile::tempdir().unwrap();
    let schema = r#"{"type": "object", "additionalProperties": false, "required": ["a"], "properties":
        {"a": {"type": "string", "minLength": 1, "nullable": true, "format": "phone"}}}"#;
    std::fs::write(directory.path().join("own.json"), schema).unwrap();
    let upstream = |name: &str, more: &str| {
        let base_url = "https://api.example.com/v1";
        format!(
            "[upstreams.{name}]\ndialect = \"openai\"\nbase_url = \"{base_url}\"\nmodel = \"m\"\n{more}\n"
        )
    };
    let profile = |name: &str, route: &str| {
        let own = "instructions = \"x\"\nschema_file = \"own.json\"";
        format!("[profiles.{name}]\nroute = [\"{route}\"]\n{own}\n")
    };
    let text = [
        upstream("primary", ""),
        upstream("object", "structured_output = \"object\""),
        upstream("prompt", "structured_output = \"prompt\""),
        "[profiles.entities]\nroute = [\"primary\"]\n".to_owned(),
        profile("loose", "primary"),
        profile("told", "object"),
        profile("asked", "prompt"),
    ]
    .concat();
    let path = directory.path().join("tidegate.toml");
    std::fs::write(&path, text).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = CheckConfigArgs { config: Some(path) };
    let exit = check_config::run(&args, &Environment::from_iter([("A", "b")]), &mut out, &mut err).unwrap();
    let (out, err) = (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap());
    assert_eq!(exit, Exit::Ok, "{err}");
    for line in [
        "# entities to primary: strict",
        "# loose to primary: not strict: at #/properties/a/minLength this keyword is not allowed",
        "# told to object: in the instructions (structured_output = \"object\")",
        "# asked to prompt: in the instructions (structured_output = \"prompt\")",
    ] {
        assert!(out.lines().any(|told| told == line), "{line}: {out}");
    }
    assert!(out.parse::<toml::Table>().is_ok(), "what is printed can be loaded again");
    let warned = err.lines().filter(|line| line.contains("schema_file"));
    assert_eq!(warned.count(), 3, "{err}");
    assert!(err.contains("#/properties/a: the keyword \"nullable\""), "{err}");
    assert!(err.contains("#/properties/a: the format \"phone\""), "{err}");
}

/// A value of any kind, with our own keys among the others so that tables are looked into.
fn any_value() -> impl Strategy<Value = toml::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(toml::Value::from),
        any::<i64>().prop_map(toml::Value::from),
        any::<f64>().prop_map(toml::Value::from),
        any::<String>().prop_map(toml::Value::from),
        "[0-9]{1,20} ?(ms|s|h|KiB|GiB)".prop_map(toml::Value::from),
        "https?://[a-z@:#?/]{0,9}".prop_map(toml::Value::from),
        Just(toml::Value::from("primary")),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(toml::Value::Array),
            prop::collection::btree_map(any_key(), inner, 0..8)
                .prop_map(|entries| toml::Value::Table(entries.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    const KEYS: &str = "server admin auth tenants upstreams primary profiles entities inline retry budget repair_budget \
        cache jobs telemetry tls listen local_names_only recorder_calls key_sha256 dialect base_url model api_key env file value headers body route any \
        timeout ttl scope instructions instructions_file schema_file max_attempts backoff_base bytes_max \
        otlp_endpoint resource log_level attempt_timeout connect_timeout http_version certificate_file";
    let ours = prop::sample::select(KEYS.split_whitespace().collect::<Vec<_>>()).prop_map(str::to_owned);
    prop_oneof![8 => ours, 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_table_makes_it_panic(sections in prop::collection::btree_map(any_key(), any_value(), 0..8)) {
        let table: toml::Table = sections.into_iter().collect();
        if let Err(problems) = load_with(&table.to_string(), &[]) {
            prop_assert!(!problems.as_slice().is_empty());
            prop_assert_eq!(problems.to_string().lines().count(), problems.as_slice().len() + 1);
        }
    }

    #[test]
    fn no_text_and_no_variable_makes_it_panic(
        text in any::<String>(),
        key in any_key(),
        value in any::<String>(),
    ) {
        let variable = format!("TIDEGATE__{}", key.replace('.', "__"));
        let _ = load_with(&text, &[(&variable, &value), ("OTEL_RESOURCE_ATTRIBUTES", &value)]);
    }
}

#[test]
fn a_query_is_hidden_but_for_its_version() {
    let base = "https://api.example.com/v1?api-version=2024-10-21&key=canary-query";
    let text = MINIMAL.replace("https://api.example.com/v1", base);
    let config = load_with(&text, &[]).unwrap();
    assert_eq!(config.upstreams[0].base_url.as_str(), base, "what is asked keeps it");
    let effective = config::effective(&config);
    assert!(effective.contains("api-version=2024-10-21"), "{effective}");
    assert!(!effective.contains("canary-query"), "{effective}");
}
