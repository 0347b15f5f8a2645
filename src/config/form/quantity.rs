//! Numbers with and without units, each within a range.

use std::{fmt::Display, ops::RangeInclusive, time::Duration};

use toml::Value;

use super::{Form, wrong_kind};
use crate::config::problem::Complaint;

/// An integer.
pub(in crate::config) struct Count<T>(pub(in crate::config) RangeInclusive<T>);

impl<T: Copy + Display + PartialOrd + TryFrom<i64>> Form for Count<T>
where
    i64: TryFrom<T>,
{
    type Out = T;

    fn read(&self, value: &Value) -> Result<T, Complaint> {
        let given = value.as_integer().ok_or_else(|| wrong_kind("an integer", value, "write digits only"))?;
        within(T::try_from(given).ok(), &self.0, T::to_string)
    }

    fn write(&self, out: &T) -> Value {
        Value::from(i64::try_from(*out).unwrap_or(i64::MAX))
    }
}

/// A number.
pub(in crate::config) struct Number(pub(in crate::config) RangeInclusive<f64>);

impl Form for Number {
    type Out = f64;

    fn read(&self, value: &Value) -> Result<f64, Complaint> {
        #[expect(clippy::cast_precision_loss, reason = "what is beyond 2^53 is out of every range")]
        let given = value.as_float().or_else(|| value.as_integer().map(|i| i as f64));
        let given = given.ok_or_else(|| wrong_kind("a number", value, "write it without quotes"))?;
        within(Some(given), &self.0, f64::to_string)
    }

    fn write(&self, out: &f64) -> Value {
        Value::from(*out)
    }
}

/// A duration: "30s", "250ms", "1h 30m".
pub(in crate::config) struct Span(pub(in crate::config) RangeInclusive<Duration>);

impl Form for Span {
    type Out = Duration;

    fn read(&self, value: &Value) -> Result<Duration, Complaint> {
        const REMEDY: &str = r#"write a number with its unit, like "30s" or "250ms""#;
        let text = value.as_str().ok_or_else(|| wrong_kind("a duration", value, REMEDY))?;
        let given = humantime::parse_duration(text);
        let given = given.map_err(|_| Complaint::new("is no duration", REMEDY))?;
        within(Some(given), &self.0, |bound| format!("\"{}\"", humantime::format_duration(*bound)))
    }

    fn write(&self, out: &Duration) -> Value {
        Value::from(humantime::format_duration(*out).to_string())
    }
}

/// A number of bytes: 4096, or "256KiB".
pub(in crate::config) struct Bytes(pub(in crate::config) RangeInclusive<u64>);

/// The units of [`Bytes`]; those that are written first, greatest first.
const BYTE_UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl Form for Bytes {
    type Out = u64;

    fn read(&self, value: &Value) -> Result<u64, Complaint> {
        const REMEDY: &str = r#"write bytes like 4096 or "256KiB""#;
        let given = match value {
            Value::Integer(bytes) => u64::try_from(*bytes).ok(),
            Value::String(text) => {
                let text = text.trim();
                let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let unit = text.strip_prefix(digits).filter(|unit| !unit.is_empty()).unwrap_or("B");
                let unit = BYTE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
                let count: Result<u64, _> = digits.trim().parse();
                let (Some((_, unit)), Ok(count)) = (unit, count) else {
                    return Err(Complaint::new("is no number of bytes", REMEDY));
                };
                count.checked_mul(*unit)
            }
            _ => return Err(wrong_kind("a number of bytes", value, REMEDY)),
        };
        within(given, &self.0, |bound| self.write(bound).to_string())
    }

    fn write(&self, out: &u64) -> Value {
        let binary = BYTE_UNITS.iter().take(3).find(|(_, unit)| *out > 0 && out.is_multiple_of(*unit));
        match binary {
            Some((name, unit)) => Value::from(format!("{}{name}", out / unit)),
            None => Value::from(i64::try_from(*out).unwrap_or(i64::MAX)),
        }
    }
}

/// The value, if there is one (else it was too great to hold, or negative) and it is in the range.
fn within<T: PartialOrd>(
    value: Option<T>,
    range: &RangeInclusive<T>,
    show: impl Fn(&T) -> String,
) -> Result<T, Complaint> {
    value.filter(|value| range.contains(value)).ok_or_else(|| {
        let (least, most) = (show(range.start()), show(range.end()));
        Complaint::new("is out of range", format!("use {least} to {most}"))
    })
}
