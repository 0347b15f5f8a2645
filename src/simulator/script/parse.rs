//! From TOML to a script.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use toml::{Table, Value};

use super::{
    Capacity, ErrorReply, Fault, Latency, Over, Place, RetryAfter, Rule, Script, ScriptError,
    fault::{DEFAULT_DEPTH, DEFAULT_DRIP_REST, DEFAULT_FLOOD_BYTES},
    keys::Keys,
};

/// Arrays within arrays: they are made in memory.
const DEPTH_MAX: usize = 10_000_000;
/// The HTTP statuses a final reply can have.
const STATUSES: std::ops::RangeInclusive<u16> = 200..=599;

pub(super) fn script(text: &str) -> Result<Script, ScriptError> {
    let mut keys = Keys::top(text.parse()?);
    let script = Script {
        seed: keys.take("seed")?,
        latency: latency(&mut keys, "latency")?,
        capacity: capacity(&mut keys)?,
        rules: rules(&mut keys)?,
    };
    keys.finish()?;
    Ok(script)
}

fn latency(keys: &mut Keys, key: &str) -> Result<Option<Latency>, ScriptError> {
    let Some(value) = keys.value(key) else { return Ok(None) };
    let Value::Table(table) = value else {
        return Ok(Some(Latency::Fixed(keys.as_duration(key, value)?)));
    };
    let mut keys = keys.within(key, table);
    let latency = match keys.require::<String>("kind")?.as_str() {
        "uniform" => {
            let (min, max) = (keys.require_duration("min")?, keys.require_duration("max")?);
            if min > max {
                return Err(keys.wrong("min", "must not be above `max`"));
            }
            Latency::Uniform { min, max }
        }
        "lognormal" => {
            let (median, p99) = (keys.require_duration("median")?, keys.require_duration("p99")?);
            if median > p99 {
                return Err(keys.wrong("median", "must not be above `p99`"));
            }
            Latency::Lognormal { median, p99 }
        }
        _ => return Err(keys.wrong("kind", "must be \"uniform\" or \"lognormal\"")),
    };
    keys.finish()?;
    Ok(Some(latency))
}

fn capacity(keys: &mut Keys) -> Result<Option<Capacity>, ScriptError> {
    let Some(table) = keys.take::<Table>("capacity")? else { return Ok(None) };
    let mut keys = keys.within("capacity", table);
    let concurrent: usize = keys.require("concurrent")?;
    let most = tokio::sync::Semaphore::MAX_PERMITS;
    if !(1..=most).contains(&concurrent) {
        return Err(keys.wrong("concurrent", format!("must be from 1 to {most}")));
    }
    let over = match keys.require::<String>("over")?.as_str() {
        "503" => Over::Refuse,
        "queue" => Over::Queue,
        _ => return Err(keys.wrong("over", "must be \"503\" or \"queue\"")),
    };
    keys.finish()?;
    Ok(Some(Capacity { concurrent, over }))
}

fn rules(keys: &mut Keys) -> Result<Vec<Rule>, ScriptError> {
    let tables: Vec<Table> = keys.take("fault")?.unwrap_or_default();
    tables.into_iter().enumerate().map(|(index, table)| rule(table, index + 1)).collect()
}

fn rule(table: Table, number: usize) -> Result<Rule, ScriptError> {
    let mut keys = Keys::new(table, format!("fault {number}"));
    let kind: String = keys.require("fault")?;
    keys.rename(format!("fault {number} ({kind})"));
    let fault = fault(&kind, &mut keys)?;
    let rule = Rule {
        share: share(&mut keys)?,
        first: keys.take("first")?,
        every: every(&mut keys)?,
        per_text: keys.flag("per_text")?,
        after: keys.duration("after")?.unwrap_or_default(),
        until: keys.duration("until")?,
        matching: keys.take("match")?,
        delay: latency(&mut keys, "delay")?,
        headers: if fault.answers() { headers(&mut keys)? } else { HeaderMap::new() },
        echo: fault.echoes() && keys.flag("echo")?,
        ..Rule::new(fault)
    };
    keys.finish()?;
    Ok(rule)
}

fn fault(kind: &str, keys: &mut Keys) -> Result<Fault, ScriptError> {
    Ok(match kind {
        "status" => {
            let status = keys.require("status")?;
            if !STATUSES.contains(&status) {
                return Err(keys.wrong("status", "must be from 200 to 599"));
            }
            Fault::Status(error_reply(status, keys)?)
        }
        "error_body" => Fault::ErrorBody(error_reply(200, keys)?),
        "silent" => Fault::Silent,
        "stall" => Fault::Stall,
        "drip" => Fault::Drip {
            bytes: keys.take("bytes")?.unwrap_or(1),
            every: keys.duration("every_drop")?.unwrap_or(DEFAULT_DRIP_REST),
        },
        "slow" => Fault::Slow,
        "reset" => Fault::Reset,
        "close" => Fault::Close,
        "cut" => Fault::Cut,
        "endless_headers" => Fault::EndlessHeaders { bytes: flood(keys)? },
        "malformed" => Fault::Malformed { place: place(keys)? },
        "deep_json" => Fault::DeepJson { depth: depth(keys)?, place: place(keys)? },
        "invalid_utf8" => Fault::InvalidUtf8,
        "wrong_content_type" => Fault::WrongContentType,
        "html" => Fault::Html,
        "huge" => Fault::Huge { bytes: flood(keys)? },
        "prose" => Fault::Prose,
        "wrong_schema" => Fault::WrongSchema,
        "invented" => Fault::Invented,
        "zero_entities" => Fault::ZeroEntities,
        "truncated" => Fault::Truncated,
        "refused" => Fault::Refused,
        "empty" => Fault::Empty { null: keys.flag("null")? },
        _ => return Err(keys.wrong("fault", format!("must be one of {}", Fault::KINDS.join(", ")))),
    })
}

fn error_reply(status: u16, keys: &mut Keys) -> Result<ErrorReply, ScriptError> {
    Ok(ErrorReply {
        status,
        retry_after: retry_after(keys)?,
        kind: keys.take("type")?,
        code: keys.take("code")?,
        message: keys.take("message")?,
        body: keys.take("body")?,
    })
}

fn retry_after(keys: &mut Keys) -> Result<Option<RetryAfter>, ScriptError> {
    const FORMS: &str = "must be \"seconds\", \"date\", \"ms\", \"none\" or \"raw:…\"";
    let wait = keys.duration("retry_after")?;
    let Some(form) = keys.take::<String>("retry_after_form")? else {
        return Ok(wait.map(RetryAfter::Seconds));
    };
    if let Some(raw) = form.strip_prefix("raw:") {
        return match HeaderValue::from_str(raw) {
            Ok(_) => Ok(Some(RetryAfter::Raw(raw.to_owned()))),
            Err(_) => Err(keys.wrong("retry_after_form", "has characters that no header can carry")),
        };
    }
    let of: fn(Duration) -> RetryAfter = match form.as_str() {
        "none" => return Ok(None),
        "seconds" => RetryAfter::Seconds,
        "date" => RetryAfter::Date,
        "ms" => RetryAfter::Millis,
        _ => return Err(keys.wrong("retry_after_form", FORMS)),
    };
    wait.map(of)
        .map(Some)
        .ok_or_else(|| keys.wrong("retry_after", "is missing, but `retry_after_form` is there"))
}

fn share(keys: &mut Keys) -> Result<f64, ScriptError> {
    let share = match keys.value("share") {
        Some(Value::Float(share)) => share,
        Some(Value::Integer(0)) => 0.0,
        None | Some(Value::Integer(1)) => 1.0,
        Some(_) => f64::NAN,
    };
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(keys.wrong("share", "must be from 0 to 1")) }
}

fn every(keys: &mut Keys) -> Result<Option<u64>, ScriptError> {
    let every = keys.take("every")?;
    if every == Some(0) { Err(keys.wrong("every", "must be at least 1")) } else { Ok(every) }
}

fn flood(keys: &mut Keys) -> Result<u64, ScriptError> {
    Ok(keys.take("bytes")?.unwrap_or(DEFAULT_FLOOD_BYTES))
}

fn depth(keys: &mut Keys) -> Result<usize, ScriptError> {
    let depth = keys.take("depth")?.unwrap_or(DEFAULT_DEPTH);
    if depth <= DEPTH_MAX {
        Ok(depth)
    } else {
        Err(keys.wrong("depth", format!("must be at most {DEPTH_MAX}")))
    }
}

fn place(keys: &mut Keys) -> Result<Place, ScriptError> {
    match keys.take::<String>("place")?.as_deref() {
        None | Some("body") => Ok(Place::Body),
        Some("content") => Ok(Place::Content),
        Some(_) => Err(keys.wrong("place", "must be \"body\" or \"content\"")),
    }
}

fn headers(keys: &mut Keys) -> Result<HeaderMap, ScriptError> {
    let texts: BTreeMap<String, String> = keys.take("headers")?.unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in texts {
        let (Ok(header), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) else {
            return Err(keys.wrong("headers", format!("has `{name}`, which is no HTTP header")));
        };
        headers.append(header, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_whole() {
        let text = r#"
            seed = 7
            latency = { kind = "lognormal", median = "40ms", p99 = "400ms" }
            capacity = { concurrent = 8, over = "503" }
            [[fault]]
            fault = "status"
            status = 429
            retry_after = "1500ms"
            retry_after_form = "ms"
            code = "insufficient_quota"
            headers = { x-should-retry = "false" }
            echo = true
            first = 2
            per_text = true
            [[fault]]
            fault = "drip"
            every_drop = "5ms"
            share = 0.05
            every = 3
            after = "10s"
            until = "20s"
            match = "Ada"
            delay = "1s"
        "#;
        let ms = Duration::from_millis;
        let quota = ErrorReply {
            retry_after: Some(RetryAfter::Millis(ms(1_500))),
            code: Some("insufficient_quota".into()),
            ..ErrorReply::new(429)
        };
        let no_retry = (HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
        let want = Script::of([
            Rule::new(Fault::Status(quota)).first(2).per_text().header(no_retry.0, no_retry.1).echo(),
            Rule::new(Fault::Drip { bytes: 1, every: ms(5) })
                .share(0.05)
                .every(3)
                .after(ms(10_000))
                .until(ms(20_000))
                .matching("Ada")
                .delay(Latency::Fixed(ms(1_000))),
        ])
        .seed(7)
        .latency(Latency::Lognormal { median: ms(40), p99: ms(400) })
        .capacity(8, Over::Refuse);
        assert_eq!(Script::from_toml(text).unwrap(), want);
    }

    #[test]
    fn every_kind_of_fault_can_be_written() {
        for kind in Fault::KINDS {
            let status = if kind == "status" { "status = 503" } else { "" };
            let script = Script::from_toml(&format!("[[fault]]\nfault = \"{kind}\"\n{status}")).unwrap();
            assert_eq!(script.rules[0].fault.kind(), kind);
        }
    }

    #[test]
    fn the_example_in_the_documentation_is_valid() {
        let documentation = include_str!("../script.rs");
        let example = documentation.split("//! ```toml").nth(1).unwrap().split("//! ```").next().unwrap();
        let script = Script::from_toml(&example.replace("//!", "")).unwrap();
        assert_eq!(script.rules.len(), 3);
    }

    #[test]
    fn errors_name_the_key() {
        let table = [
            ("sed = 1", "the script: `sed` does not belong here"),
            ("seed = -1", "the script: `seed` invalid value"),
            ("latency = 5", "the script: `latency` invalid type"),
            ("latency = \"fast\"", "the script: `latency` must be like"),
            ("latency = { kind = \"normal\" }", "latency: `kind` must be"),
            ("latency = { kind = \"uniform\", min = \"1s\" }", "latency: `max` is missing"),
            ("latency = { kind = \"uniform\", min = \"2s\", max = \"1s\" }", "latency: `min` must not be"),
            ("capacity = { concurrent = 0, over = \"503\" }", "capacity: `concurrent` must be"),
            ("capacity = { concurrent = 1, over = \"504\" }", "capacity: `over` must be"),
            ("[[fault]]\nshare = 1", "fault 1: `fault` is missing"),
            ("[[fault]]\nfault = \"flaky\"", "fault 1 (flaky): `fault` must be one of status, error_body"),
            ("[[fault]]\nfault = \"status\"", "fault 1 (status): `status` is missing"),
            ("[[fault]]\nfault = \"status\"\nstatus = 99", "fault 1 (status): `status` must be"),
            ("[[fault]]\nfault = \"status\"\nstatus = \"x\"", "fault 1 (status): `status` invalid type"),
            ("[[fault]]\nfault = \"silent\"\nstatus = 503", "fault 1 (silent): `status` does not belong"),
            ("[[fault]]\nfault = \"silent\"\necho = true", "fault 1 (silent): `echo` does not belong"),
            ("[[fault]]\nfault = \"reset\"\nheaders = { a = \"b\" }", "fault 1 (reset): `headers` does not"),
            ("[[fault]]\nfault = \"cut\"\nshare = 1.5", "fault 1 (cut): `share` must be"),
            ("[[fault]]\nfault = \"cut\"\nevery = 0", "fault 1 (cut): `every` must be"),
            (
                "[[fault]]\nfault = \"html\"\nheaders = { \"a b\" = \"c\" }",
                "fault 1 (html): `headers` has `a b`",
            ),
            ("[[fault]]\nfault = \"malformed\"\nplace = \"head\"", "fault 1 (malformed): `place` must be"),
            (
                "[[fault]]\nfault = \"error_body\"\nretry_after_form = \"date\"",
                "fault 1 (error_body): `retry_after` is missing",
            ),
            ("[[fault]]\nfault = \"slow\"\ndelay = 3", "fault 1 (slow): `delay` invalid type"),
            ("[[fault]]\nfault = \"slow\"\ndelay = { kind = 1 }", "fault 1 (slow), delay: `kind` invalid"),
            ("[[fault]]\nfault = \"deep_json\"\ndepth = 99_000_000", "fault 1 (deep_json): `depth` must be"),
            ("[[fault]", "the script is not TOML"),
        ];
        for (text, want) in table {
            let error = Script::from_toml(text).unwrap_err().to_string();
            assert!(error.starts_with(want), "{text}\n got: {error}\nwant: {want}");
        }
    }
}
