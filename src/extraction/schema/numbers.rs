//! Numbers by their exact value.
//!
//! The library judges bounds by an `f64` where it believes that rounding can't matter, and is wrong where a
//! fraction stands beside a large integer. So bounds and multiples are judged here, on decimals of its own,
//! whose work grows with the digits alone.

use jsonschema::{Keyword, ValidationError, ValidationOptions, paths::Location};
use jsonschema_value::numeric::bignum::Decimal;
use serde_json::{Map, Value};

/// The most digits that a number of a schema or of an answer may have when it is written out, the zeros of
/// its exponent among them. Comparing for equality takes the square of them.
pub(super) const NUMBER_DIGITS_MAX: u64 = 1_000;

/// How a number is held against that of a keyword.
type Holds = fn(&Decimal, &Decimal) -> bool;

const KEYWORDS: [(&str, Holds); 5] = [
    ("minimum", |value, bound| value >= bound),
    ("exclusiveMinimum", |value, bound| value > bound),
    ("maximum", |value, bound| value <= bound),
    ("exclusiveMaximum", |value, bound| value < bound),
    ("multipleOf", Decimal::is_multiple_of),
];

/// Judges the keywords of numbers here.
pub(super) fn exact<'o>(options: ValidationOptions<'o>) -> ValidationOptions<'o> {
    KEYWORDS.iter().fold(options, |options, &(name, holds)| {
        options.with_keyword(name, move |_: &Map<String, Value>, bound: &Value, _: Location| match bound {
            Value::Number(bound) => {
                let bound = Decimal::parse(bound.as_str());
                Ok(Box::new(Exact { holds, bound }) as Box<dyn for<'i> Keyword<'i>>)
            }
            _ => Err(ValidationError::custom("is no number")),
        })
    })
}

struct Exact {
    holds: Holds,
    bound: Decimal,
}

impl<'i> Keyword<'i> for Exact {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom("is out of bounds")) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        match instance {
            Value::Number(number) => (self.holds)(&Decimal::parse(number.as_str()), &self.bound),
            _ => true,
        }
    }
}

/// How many digits a number has when it is written out, roughly: those that stand there and those by which
/// its exponent moves the point.
pub(super) fn digits(number: &str) -> u64 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let written = mantissa.bytes().filter(u8::is_ascii_digit).count() as u64;
    let exponent = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
    let moved = if exponent.is_empty() { 0 } else { exponent.parse().unwrap_or(u64::MAX) };
    written.saturating_add(moved)
}

/// Whether an `f64` tells a number from its neighbours: what is hashed by it would meet many others else.
pub(super) fn is_told_by_f64(number: &str) -> bool {
    const DIGITS: usize = 15;
    const NORMAL: std::ops::Range<f64> = 1e-290..1e290;
    let plain = !number.contains(['e', 'E']);
    number.len() <= DIGITS
        && number.parse().is_ok_and(|value: f64| (plain && value == 0.0) || NORMAL.contains(&value.abs()))
}

/// Whether any number within `value` is too long.
pub(super) fn too_long(value: &Value) -> bool {
    match value {
        Value::Number(number) => digits(number.as_str()) > NUMBER_DIGITS_MAX,
        Value::Array(elements) => elements.iter().any(too_long),
        Value::Object(members) => members.values().any(too_long),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}
