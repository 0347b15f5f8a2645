//! Where a schema was broken, and by what kind of mistake: what operators and authors of schemas go by.

use std::sync::Arc;

use serde_json::Value;

use super::{
    super::label::labels,
    graph::{Shape, shape},
    limits::below,
    numbers,
    problems::shown,
    root::Origin,
};

/// The first place of a schema that an answer broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The part that holds the keyword, as a JSON Pointer behind a `#` into the schema as it was written: `#` is the
    /// root, and `#/$defs/code` is where a reference led to, be it the root's own. Shortened in its middle beyond 200
    /// bytes.
    pub pointer: Arc<str>,
    /// The keyword that was broken.
    pub keyword: Keyword,
}

labels! {
    /// A keyword of JSON Schema that an answer can break.
    pub enum Keyword {
        /// A value of another type.
        Type = "type",
        /// None of the values that are allowed.
        Enum = "enum",
        /// Not the one value that is allowed.
        Const = "const",
        /// A field is missing.
        Required = "required",
        /// A field that the schema does not name.
        AdditionalProperties = "additionalProperties",
        /// Text that is not written as its format wants it.
        Format = "format",
        /// Text that the pattern does not match.
        Pattern = "pattern",
        /// Text that is too short.
        MinLength = "minLength",
        /// Text that is too long.
        MaxLength = "maxLength",
        /// A number that is too small.
        Minimum = "minimum",
        /// A number that is too small, or the bound itself.
        ExclusiveMinimum = "exclusiveMinimum",
        /// A number that is too large.
        Maximum = "maximum",
        /// A number that is too large, or the bound itself.
        ExclusiveMaximum = "exclusiveMaximum",
        /// A number that is no multiple.
        MultipleOf = "multipleOf",
        /// Too few elements.
        MinItems = "minItems",
        /// Too many elements.
        MaxItems = "maxItems",
        /// The same element twice.
        UniqueItems = "uniqueItems",
        /// No element is what one must be.
        Contains = "contains",
        /// Too few elements are what some must be.
        MinContains = "minContains",
        /// Too many elements are what some may be.
        MaxContains = "maxContains",
        /// Elements where there may be none.
        Items = "items",
        /// Elements beyond those that the schema lists.
        AdditionalItems = "additionalItems",
        /// Elements that no part of the schema looked at.
        UnevaluatedItems = "unevaluatedItems",
        /// Too few fields.
        MinProperties = "minProperties",
        /// Too many fields.
        MaxProperties = "maxProperties",
        /// The name of a field.
        PropertyNames = "propertyNames",
        /// Fields that no part of the schema looked at.
        UnevaluatedProperties = "unevaluatedProperties",
        /// A field is missing that another one asks for.
        DependentRequired = "dependentRequired",
        /// A field is missing that another one asks for, in the words of draft 7.
        Dependencies = "dependencies",
        /// None of the alternatives.
        AnyOf = "anyOf",
        /// None of the alternatives, or more than one.
        OneOf = "oneOf",
        /// What must not be.
        Not = "not",
        /// Text in another encoding.
        ContentEncoding = "contentEncoding",
        /// Text of another media type.
        ContentMediaType = "contentMediaType",
        /// A field or element whose schema is `false`.
        False = "false",
        /// A number of more digits than any number may have: no word of the schema's.
        Digits = "digits",
        /// Anything else.
        Other = "other",
    }
}

impl Keyword {
    /// The keyword of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let named = |keyword: &&Self| {
            !matches!(keyword, Self::False | Self::Digits | Self::Other) && keyword.as_str() == name
        };
        Self::ALL.iter().find(named).copied()
    }

    /// What the author of the extraction can do about it, in one sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Type => "Say the field's type in the instructions, or allow the type that the model gives.",
            Self::Enum => "List the allowed values in the instructions, with one for what fits none of them.",
            Self::Const => "Say the one allowed value in the instructions.",
            Self::Required => {
                "Name every required field in the instructions, or let what texts may lack be null or left out."
            }
            Self::AdditionalProperties | Self::UnevaluatedProperties => {
                "Say in the instructions that no other fields are wanted, or allow further ones."
            }
            Self::Format => "Show an example of the format in the instructions, or drop the format.",
            Self::Pattern => "Show an example that the pattern matches in the instructions, or loosen it.",
            Self::MinLength | Self::MaxLength => "Say the length in the instructions, or widen the bound.",
            Self::Minimum | Self::ExclusiveMinimum | Self::Maximum | Self::ExclusiveMaximum => {
                "Say the bounds and the unit of the number in the instructions, or widen them."
            }
            Self::MultipleOf => "Say in the instructions how the number is to be rounded.",
            Self::MinItems | Self::MaxItems => "Say in the instructions how many elements are wanted.",
            Self::UniqueItems => "Say in the instructions that each element is given once.",
            Self::Contains | Self::MinContains | Self::MaxContains => {
                "Say in the instructions which elements the list must hold, and how many of them."
            }
            Self::Items | Self::AdditionalItems | Self::UnevaluatedItems => {
                "Say in the instructions how many elements the list has, or allow further ones."
            }
            Self::MinProperties | Self::MaxProperties => {
                "Say in the instructions how many fields are wanted."
            }
            Self::PropertyNames => "Say in the instructions how fields are named.",
            Self::DependentRequired | Self::Dependencies => {
                "Say in the instructions which fields go together."
            }
            Self::AnyOf | Self::OneOf => {
                "Describe each alternative in the instructions, or write one schema that covers them."
            }
            Self::Not => "Say in the instructions what must not be given.",
            Self::ContentEncoding | Self::ContentMediaType => {
                "Say in the instructions how the text is encoded, or drop the keyword."
            }
            Self::False => {
                "Say in the instructions that this field is not wanted, or remove it from the schema."
            }
            Self::Digits => "Say in the instructions how the number is to be rounded, or ask for it as text.",
            Self::Other => "Look at this part of the schema, and say in the instructions what it asks for.",
        }
    }
}

impl Violation {
    /// Finds part and keyword from the JSON Pointer of what was broken.
    pub(super) fn at(root: &Value, origin: &Origin, pointer: &str) -> Self {
        let tokens: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
        let (mut part, mut place, mut left) = (root, String::new(), tokens.as_slice());
        while let Some((inner, steps)) = inner(part, left) {
            let (taken, rest) = left.split_at(steps);
            let inner_place = taken.iter().fold(place.clone(), |place, token| below(&place, token));
            if steps == NAMED && *inner == Value::Bool(false) {
                return Self { pointer: shown(&origin.of(&inner_place)).into(), keyword: Keyword::False };
            }
            if rest.is_empty() || !(inner.is_object() || (steps < NAMED && inner.is_array())) {
                break;
            }
            (part, place, left) = (inner, inner_place, rest);
        }
        let keyword = left.first().and_then(|token| Keyword::named(token)).unwrap_or(Keyword::Other);
        Self { pointer: shown(&origin.of(&place)).into(), keyword }
    }

    /// Finds the part that describes the first number of `answer` that has too many digits, as far as properties and
    /// elements lead there by themselves.
    pub(super) fn too_many_digits(root: &Value, origin: &Origin, answer: &Value) -> Self {
        let (mut part, mut place, mut value) = (root, String::new(), answer);
        while let Some(next) = to_long_number(part, &place, value) {
            (part, place, value) = next;
        }
        Self { pointer: shown(&origin.of(&place)).into(), keyword: Keyword::Digits }
    }
}

/// The part of the schema, its place, and the part of the value that holds a number that is too long.
fn to_long_number<'a>(
    part: &'a Value,
    place: &str,
    value: &'a Value,
) -> Option<(&'a Value, String, &'a Value)> {
    match value {
        Value::Object(members) => {
            let (name, member) = members.iter().find(|(_, member)| numbers::too_long(member))?;
            let inner = part.get("properties")?.get(name)?;
            Some((inner, below(&below(place, "properties"), name), member))
        }
        Value::Array(elements) => {
            let element = elements.iter().find(|element| numbers::too_long(element))?;
            let inner = part.get("items").filter(|items| items.is_object())?;
            part.get("prefixItems").is_none().then(|| (inner, below(place, "items"), element))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// How many tokens lead to one of several schemas that a keyword holds.
const NAMED: usize = 2;

/// The schema that the next tokens lead to, and how many of them do.
fn inner<'a>(part: &'a Value, tokens: &[String]) -> Option<(&'a Value, usize)> {
    let keyword = tokens.first()?;
    let held = member(part, keyword)?;
    match shape(keyword, held) {
        Some(Shape::Schema) => Some((held, 1)),
        Some(Shape::List | Shape::Map) => Some((member(held, tokens.get(1)?)?, NAMED)),
        // No keyword of schemas: a place that holds one only because a reference leads there.
        None if Keyword::named(keyword).is_none() => Some((held, 1)),
        None => None,
    }
}

fn member<'a>(value: &'a Value, token: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(token),
        Value::Array(elements) => elements.get(token.parse::<usize>().ok()?),
        _ => None,
    }
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
