//! The drafts of JSON Schema that are understood, and what sets them apart.

use serde_json::{Map, Value};

/// A draft of JSON Schema: the rules that a schema declares to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draft {
    /// Draft 7, which many generators still write.
    Draft7,
    /// Draft 2019-09.
    Draft201909,
    /// Draft 2020-12, which schemas follow that declare nothing.
    Draft202012,
}

/// What a document says that wants to follow a draft, without the scheme and a `#` at its end.
const NAMES: [(&str, Draft); 3] = [
    ("json-schema.org/draft-07/schema", Draft::Draft7),
    ("json-schema.org/draft/2019-09/schema", Draft::Draft201909),
    ("json-schema.org/draft/2020-12/schema", Draft::Draft202012),
];

/// What to do about any other.
const REMEDY: &str = "write the schema in draft 2020-12, 2019-09 or 7, and say so \
(https://json-schema.org/draft/2020-12/schema), or say nothing for 2020-12";

impl Draft {
    /// The draft that a schema declares, or what is wrong with what it says.
    pub(super) fn declared(schema: &Value) -> Result<Self, String> {
        let Some(declared) = schema.get("$schema") else { return Ok(Self::Draft202012) };
        Self::named(declared).ok_or_else(|| {
            let theirs = declared.as_str().is_some_and(|uri| uri.contains("json-schema.org"));
            let what = if theirs { "is a draft that is not supported" } else { "is an unknown draft" };
            format!("{what}: {REMEDY}")
        })
    }

    /// The draft that the value of a `$schema` names.
    pub(super) fn named(declared: &Value) -> Option<Self> {
        let uri = declared.as_str()?;
        let name = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"))?;
        let name = name.strip_suffix('#').unwrap_or(name);
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, draft)| *draft)
    }

    /// How people call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft7 => "draft 7",
            Self::Draft201909 => "draft 2019-09",
            Self::Draft202012 => "draft 2020-12",
        }
    }

    /// The library's word for it.
    pub(super) const fn rules(self) -> jsonschema::Draft {
        match self {
            Self::Draft7 => jsonschema::Draft::Draft7,
            Self::Draft201909 => jsonschema::Draft::Draft201909,
            Self::Draft202012 => jsonschema::Draft::Draft202012,
        }
    }

    /// Where a schema breaks the draft's own rules, with what is wrong.
    pub(super) fn breaches(self, schema: &Value) -> Vec<(String, String)> {
        let meta = match self {
            Self::Draft7 => jsonschema::draft7::meta::validator(),
            Self::Draft201909 => jsonschema::draft201909::meta::validator(),
            Self::Draft202012 => jsonschema::draft202012::meta::validator(),
        };
        let told = |fault: jsonschema::ValidationError<'_>| {
            let problem = format!("{}; see JSON Schema {}", fault.masked(), self.as_str());
            (fault.instance_path().as_str().to_owned(), problem)
        };
        meta.iter_errors(schema).map(told).collect()
    }

    /// Whether this draft has a keyword, if any of them has it.
    pub(super) fn applies(self, keyword: &str) -> bool {
        match keyword {
            "prefixItems" | "$dynamicRef" | "$dynamicAnchor" => self == Self::Draft202012,
            "$recursiveRef" | "$recursiveAnchor" => self == Self::Draft201909,
            "additionalItems" => self != Self::Draft202012,
            "$anchor"
            | "dependentSchemas"
            | "dependentRequired"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "contentSchema"
            | "minContains"
            | "maxContains" => self != Self::Draft7,
            _ => true,
        }
    }

    /// The name that a part has by its `$id`: a mere fragment, which draft 7 takes for what others call an `$anchor`.
    pub(super) fn anchor_in_id(self, part: &Map<String, Value>) -> Option<&str> {
        part.get("$id")?.as_str()?.strip_prefix('#').filter(|name| self == Self::Draft7 && !name.is_empty())
    }

    /// Whether a reference stands for all that stands beside it.
    pub(super) fn reference_stands_alone(self) -> bool {
        self == Self::Draft7
    }
}
