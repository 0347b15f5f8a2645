//! Which form of `/metrics` a reader wants, by its `Accept` header (RFC 9110, 12.5.1).
//!
//! Who asks for nothing that is here gets text all the same: a page in the wrong form helps more than an error.

use axum::http::{HeaderMap, header};

/// How the page can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `OpenMetrics` 1.0.0.
    OpenMetrics1,
    /// `OpenMetrics` 0.0.1: the same page, for readers that know only the draft.
    OpenMetrics0,
    /// Prometheus' text format 0.0.4.
    Text,
}

impl Form {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics1 => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::OpenMetrics0 => "application/openmetrics-text; version=0.0.1; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// How closely `range` names this form; `None` if it does not.
    ///
    /// `*/*` stands for text alone: who does not name `OpenMetrics` may not know it.
    fn matched(self, range: &Range) -> Option<Closeness> {
        let (kind, all_of_kind, version) = match self {
            Self::OpenMetrics1 => ("application/openmetrics-text", "application/*", "1.0.0"),
            Self::OpenMetrics0 => ("application/openmetrics-text", "application/*", "0.0.1"),
            Self::Text => ("text/plain", "text/*", "0.0.4"),
        };
        match (range.kind.as_str(), range.version.as_deref()) {
            (named, Some(wanted)) if named == kind => (wanted == version).then_some(Closeness::Version),
            (named, None) if named == kind => Some(Closeness::Kind),
            (named, None) if named == all_of_kind => Some(Closeness::Group),
            ("*/*", None) if self == Self::Text => Some(Closeness::Anything),
            _ => None,
        }
    }

    /// The weight that the reader gives this form: that of the range which names it most closely.
    fn weight(self, ranges: &[Range]) -> u16 {
        let matched = ranges.iter().filter_map(|range| Some((self.matched(range)?, range.weight)));
        matched.max_by_key(|(closeness, _)| *closeness).map_or(0, |(_, weight)| weight)
    }
}

/// The form that the reader likes best; among equals, the one that tells more.
pub(super) fn form(headers: &HeaderMap) -> Form {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<Range> = values.flat_map(|value| split(value, ',')).filter_map(Range::read).collect();
    let by_weight = [Form::Text, Form::OpenMetrics0, Form::OpenMetrics1];
    let best = by_weight.into_iter().max_by_key(|form| form.weight(&ranges));
    best.filter(|form| form.weight(&ranges) > 0).unwrap_or(Form::Text)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Anything,
    Group,
    Kind,
    Version,
}

/// One element of the header.
#[derive(Debug)]
struct Range {
    /// In lower case.
    kind: String,
    version: Option<String>,
    /// In thousandths.
    weight: u16,
}

impl Range {
    /// `None` if it makes no sense: the other elements still do. Parameters other than `version`, such as
    /// `charset` and `escaping`, make no difference to this page.
    fn read(element: &str) -> Option<Self> {
        let mut parts = split(element, ';').map(str::trim);
        let kind = parts.next().filter(|kind| kind.contains('/'))?.to_ascii_lowercase();
        let mut range = Self { kind, version: None, weight: 1000 };
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => range.weight = thousandths(value)?,
                "version" => range.version = Some(value.to_owned()),
                _ => {}
            }
        }
        Some(range)
    }
}

/// A weight: `0` to `1`, with three decimals at most.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, decimals) {
        ("0", decimals) => Some(decimals),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// The pieces of `text` between separators that stand outside quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests;
