//! `[profiles.NAME]`: what can be extracted. `entities` is always among them, and so is `inline`, the
//! frame for rules that callers bring along.

use std::{sync::Arc, time::Duration};

use toml::Value;

use super::{
    form::{Count, Form, Span, Text, Word, wrong_kind},
    problem::Complaint,
    reader::Section,
    server::TIMEOUT_MAX,
    upstream::{STRUCTURED_OUTPUT, Upstreams},
};
use crate::extraction::{
    CachePolicy, CacheScope, Fingerprint, Profile, Schema, builtin, schema::SCHEMA_BYTES_MAX,
};

/// The most profiles: their names become values of metric labels.
const PROFILES_MAX: usize = 256;
/// The shortest timeout that can be set.
const TIMEOUT_MIN: Duration = Duration::from_millis(1);
/// The timeout by default, if `server.timeout_max` is not shorter.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The longest that an answer can be kept or given while stale.
const CACHE_AGE_MAX: Duration = Duration::from_hours(30 * 24);
/// The most bytes of instructions.
const INSTRUCTIONS_BYTES_MAX: usize = 64 << 10;
/// The most tokens that an answer can be let have.
const OUTPUT_TOKENS_MAX: u32 = 1_000_000;

const BUILT_IN: &str = "entities";
const INLINE: &str = Profile::INLINE;
const OWN_RULES: [&str; 3] = ["instructions", "instructions_file", "schema_file"];

const CACHE_SCOPE: Word<CacheScope> = Word(&[("tenant", CacheScope::Tenant), ("shared", CacheScope::Shared)]);

/// Reads `[profiles]`: `entities`, the others by name, `inline`.
pub(super) fn read(
    root: &mut Section<'_>,
    upstreams: &Upstreams,
    timeout_max: Duration,
) -> Vec<Arc<Profile>> {
    let mut profiles = root.section("profiles");
    let mut names = profiles.names(PROFILES_MAX);
    names.retain(|name| name != BUILT_IN && name != INLINE);
    let reader = Reader { upstreams, timeout_max };

    let (entities, terms) = reader.built_in(profiles.section(BUILT_IN));
    let others = names.iter().map(|name| reader.own(name, profiles.section(name))).collect::<Vec<_>>();
    let inline = reader.inline(profiles.section(INLINE), terms);
    profiles.finish();
    [entities].into_iter().chain(others).chain([inline]).flatten().map(Arc::new).collect()
}

/// All of a profile but its rules.
#[derive(Clone)]
struct Terms {
    /// Unknown if it should have been written.
    route: Option<Vec<String>>,
    timeout: Duration,
    cache: CachePolicy,
    max_output_tokens: u32,
}

/// What to extract.
struct Rules {
    instructions: Arc<str>,
    schema: Arc<Schema>,
}

struct Reader<'a> {
    upstreams: &'a Upstreams,
    timeout_max: Duration,
}

impl Reader<'_> {
    fn built_in(&self, mut section: Section<'_>) -> (Option<Profile>, Terms) {
        let terms = self.terms(&mut section, self.default_terms());
        self.must_have_route(&mut section, &terms);
        let instructions = instructions(&mut section, Some(builtin::entities_instructions()));
        let schema = schema(&mut section, Some(builtin::entities_schema()));
        section.finish();
        let rules = rules(instructions, schema);
        (rules.and_then(|rules| self.profile(BUILT_IN, rules, terms.clone())), terms)
    }

    fn own(&self, name: &str, mut section: Section<'_>) -> Option<Profile> {
        let terms = self.terms(&mut section, self.default_terms());
        self.must_have_route(&mut section, &terms);
        let instructions = instructions(&mut section, None);
        let schema = schema(&mut section, None);
        section.finish();
        self.profile(name, rules(instructions, schema)?, terms)
    }

    /// Its rules only hold the place of those that a call brings.
    fn inline(&self, mut section: Section<'_>, of_entities: Terms) -> Option<Profile> {
        let terms = self.terms(&mut section, of_entities);
        for key in OWN_RULES {
            section.refuse(key, "has no place here: callers bring their own rules", "remove it");
        }
        section.finish();
        let schema = Schema::compile(builtin::entities_schema()).ok()?;
        self.profile(INLINE, Rules { instructions: "".into(), schema: schema.into() }, terms)
    }

    fn default_terms(&self) -> Terms {
        let only = match self.upstreams.names.as_slice() {
            [only] => Some(vec![only.clone()]),
            _ => None,
        };
        Terms {
            route: only,
            timeout: TIMEOUT.min(self.timeout_max),
            cache: CachePolicy {
                ttl: Duration::from_mins(5),
                stale_if_error: Duration::ZERO,
                scope: CacheScope::Tenant,
            },
            max_output_tokens: 4096,
        }
    }

    fn terms(&self, section: &mut Section<'_>, default: Terms) -> Terms {
        let given = section.has("timeout");
        let timeout = section.or("timeout", &Span(TIMEOUT_MIN..=TIMEOUT_MAX), default.timeout);
        section.law(
            &["timeout"],
            !given || timeout <= self.timeout_max,
            "must not be longer than server.timeout_max",
            "lower it or raise server.timeout_max",
        );
        Terms {
            route: self.route(section, default.route),
            timeout,
            cache: cache(section.section("cache"), default.cache),
            max_output_tokens: section.or(
                "max_output_tokens",
                &Count(1..=OUTPUT_TOKENS_MAX),
                default.max_output_tokens,
            ),
        }
    }

    fn route(&self, section: &mut Section<'_>, default: Option<Vec<String>>) -> Option<Vec<String>> {
        const KEY: &str = "route";
        let form = RouteEntry { names: &self.upstreams.names };
        if !section.has(KEY) {
            section.record_list(KEY, &form, default.as_deref().unwrap_or_default());
            return default;
        }
        let route = section.list(KEY, &form)?;
        section.law(&[KEY], !route.is_empty(), "is empty", "name one upstream");
        if route.len() > 1 {
            let what = "names several upstreams: fallback along a route is not available in this version";
            section.complain(KEY, Complaint::new(what, "name one"));
        }
        Some(route)
    }

    /// Where there is no upstream at all, that has been said.
    fn must_have_route(&self, section: &mut Section<'_>, terms: &Terms) {
        let names = &self.upstreams.names;
        if terms.route.is_none() && !names.is_empty() {
            let remedy = format!("there are several upstreams, name one of: {}", names.join(", "));
            section.law(&["route"], false, "is missing", &remedy);
        }
    }

    fn profile(&self, name: &str, rules: Rules, terms: Terms) -> Option<Profile> {
        let route = terms.route?;
        Some(Profile {
            name: name.into(),
            fingerprint: self.fingerprint(name, &rules, &route, terms.max_output_tokens),
            instructions: rules.instructions,
            schema: rules.schema,
            route: route.into_iter().map(Arc::from).collect(),
            timeout: terms.timeout,
            cache: terms.cache,
            max_output_tokens: terms.max_output_tokens,
        })
    }

    fn fingerprint(
        &self,
        name: &str,
        rules: &Rules,
        route: &[String],
        max_output_tokens: u32,
    ) -> Fingerprint {
        let schema = &rules.schema;
        let mut parts: Vec<String> = vec![
            name.into(),
            rules.instructions.to_string(),
            schema.text.to_string(),
            schema.draft.as_str().to_owned(),
        ];
        for upstream in route.iter().filter_map(|name| self.upstreams.get(name)) {
            parts.extend([
                upstream.name.to_string(),
                upstream.model.to_string(),
                upstream.base_url.to_string(),
                STRUCTURED_OUTPUT.write(&upstream.structured_output).to_string(),
                upstream.temperature.map(|t| t.to_string()).unwrap_or_default(),
                serde_json::Value::from(upstream.body.clone()).to_string(),
            ]);
        }
        parts.push(max_output_tokens.to_string());
        Fingerprint::of(parts.iter().map(String::as_bytes))
    }
}

fn cache(mut section: Section<'_>, default: CachePolicy) -> CachePolicy {
    let span = Span(Duration::ZERO..=CACHE_AGE_MAX);
    let policy = CachePolicy {
        ttl: section.or("ttl", &span, default.ttl),
        stale_if_error: section.or("stale_if_error", &span, default.stale_if_error),
        scope: section.or("scope", &CACHE_SCOPE, default.scope),
    };
    section.finish();
    policy
}

fn rules(instructions: Option<Arc<str>>, schema: Option<Arc<Schema>>) -> Option<Rules> {
    Some(Rules { instructions: instructions?, schema: schema? })
}

fn instructions(section: &mut Section<'_>, default: Option<&str>) -> Option<Arc<str>> {
    let [inline, file, _] = OWN_RULES;
    let given = [section.has(inline), section.has(file)];
    let written = section.optional(inline, &Text { bytes_max: INSTRUCTIONS_BYTES_MAX });
    let read = section.text_file(file, INSTRUCTIONS_BYTES_MAX as u64);
    let blank = read.as_ref().is_some_and(|text| text.trim().is_empty());
    section.law(&[file], !blank, "holds only blanks", "write into it what to extract, in words");
    match given {
        [true, true] => {
            section.complain(file, Complaint::new("is given beside instructions", "remove one of them"));
            None
        }
        [false, false] => {
            if default.is_none() {
                let remedy = "say what to extract, in words, here or in instructions_file";
                section.complain(inline, Complaint::new("is missing", remedy));
            }
            default.map(Arc::from)
        }
        _ => written.or(read).map(Arc::from),
    }
}

fn schema(section: &mut Section<'_>, default: Option<&str>) -> Option<Arc<Schema>> {
    let [.., key] = OWN_RULES;
    let text = if section.has(key) {
        section.text_file(key, SCHEMA_BYTES_MAX as u64)?
    } else {
        default_schema(section, default)?
    };
    match Schema::compile(&text) {
        Ok(schema) => {
            let unknown = schema.unknown();
            if !unknown.is_empty() {
                let what = format!("says what is not enforced: {}", unknown.join("; "));
                let remedy = "correct it, or leave it if it is only a note";
                section.warn(key, Complaint::new(what, remedy));
            }
            Some(Arc::new(schema))
        }
        Err(problem) => {
            let what = format!("is no acceptable JSON Schema: {}", problem.0.replace('\n', " "));
            section.complain(key, Complaint::new(what, "mend the schema"));
            None
        }
    }
}

fn default_schema(section: &mut Section<'_>, default: Option<&str>) -> Option<String> {
    if default.is_none() {
        let [.., key] = OWN_RULES;
        section.complain(key, Complaint::new("is missing", "name a file with a JSON Schema"));
    }
    default.map(str::to_owned)
}

/// One step of a route: the name of an upstream.
struct RouteEntry<'a> {
    names: &'a [String],
}

impl Form for RouteEntry<'_> {
    type Out = String;

    fn read(&self, value: &Value) -> Result<String, Complaint> {
        let known = || match self.names {
            [] => "add [upstreams.NAME]".to_owned(),
            names => format!("use one of: {}", names.join(", ")),
        };
        match value {
            Value::String(name) if self.names.contains(name) => Ok(name.clone()),
            Value::String(_) => Err(Complaint::new("names no upstream", known())),
            Value::Table(choice) if choice.contains_key("any") => {
                let what = "is a choice: fallback along a route is not available in this version";
                Err(Complaint::new(what, "name one upstream"))
            }
            _ => Err(wrong_kind("the name of an upstream", value, &known())),
        }
    }

    fn write(&self, out: &String) -> Value {
        Value::from(out.as_str())
    }
}
