//! Sentences that hold the size of a request against a limit: "Limit 20000, Requested 31000".
//!
//! Only the numbers tell a request that can never fit from one that has to wait: both come as 429, in the same words.

use std::ops::Range;

/// What says by itself that it is about the size of a text: where the limit stands, and where what was asked for.
const SIZES: &[(Number, Number)] = &[
    (Number::After("maximum context length is"), Number::After("you requested")),
    (Number::After("maximum context length is"), Number::After("your request has")),
    (Number::After("maximum context length is"), Number::After("resulted in")),
    (Number::After("maximum prompt length is"), Number::After("contains")),
    (Number::After("model token limit:"), Number::After("requested:")),
    (Number::After("number of tokens allowed"), Number::After("input token count")),
    (Number::After("tokens >"), Number::Before("tokens >")),
    (Number::After("only supports up to"), Number::After("input token count is")),
    (Number::After("maxlength:"), Number::After("actual:")),
    (Number::After("maximum length"), Number::After("input length")),
    (Number::After("less than max_seq_len"), Number::After("length of prompt_tokens")),
    (Number::After("maximum length"), Number::After("string with length")),
    (Number::Before("maximum context length"), Number::After("prompt contains")),
];

/// What could be about anything, requests and gigabytes too: it counts where a unit of texts stands beside it.
const COUNTS: &[(Number, Number)] = &[
    (Number::After("limit"), Number::After("requested")),
    (Number::After("limit"), Number::After("request contains")),
    (Number::After("limit"), Number::After("resulted in")),
    (Number::After("<="), Number::After("given:")),
    (Number::After("must have less than"), Number::After("given:")),
];

/// What the size of a text is counted in.
const UNITS: &[&str] = &["token", "tokens", "tpm", "character", "characters", "chars", "byte", "bytes"];

/// Where a number stands.
enum Number {
    /// The first after these words.
    After(&'static str),
    /// The last before these words.
    Before(&'static str),
}

/// A number, and where it stands.
struct Found {
    value: u64,
    place: Range<usize>,
}

/// How far a number may stand from the words that it belongs to, in bytes.
const DISTANCE_MAX: usize = 20;

/// How far the unit may stand from the numbers, in bytes.
const UNIT_DISTANCE_MAX: usize = 48;

/// Whether `message`, in lower case, says that the request is larger than the limit allows.
pub(super) fn exceeds(message: &str) -> bool {
    let numbers = standing_alone(message);
    SIZES.iter().any(|form| excess(message, &numbers, form).is_some()) || counts_exceed(message, &numbers)
}

/// The same of a rate: whether the request alone is more than its limit. Other sizes are none of a rate's.
pub(super) fn exceeds_rate(message: &str) -> bool {
    counts_exceed(message, &standing_alone(message))
}

fn counts_exceed(message: &str, numbers: &[Found]) -> bool {
    let mut found = COUNTS.iter().filter_map(|form| excess(message, numbers, form));
    found.any(|place| has_unit(message, &place))
}

/// Where `message` says that more was asked for than the limit is. What was asked for is held against the limit that
/// stands nearest: other limits have numbers too.
fn excess(message: &str, numbers: &[Found], (limit, asked): &(Number, Number)) -> Option<Range<usize>> {
    let limits = limit.find(message, numbers);
    asked.find(message, numbers).into_iter().find_map(|asked| {
        let away = |limit: &&&Found| limit.place.start.abs_diff(asked.place.start);
        let limit = limits.iter().filter(|limit| limit.place != asked.place).min_by_key(away)?;
        (asked.value > limit.value)
            .then(|| limit.place.start.min(asked.place.start)..limit.place.end.max(asked.place.end))
    })
}

/// Whether a unit of texts stands beside the numbers. Tokens that are called "max" are not those of the text.
fn has_unit(message: &str, place: &Range<usize>) -> bool {
    let from = message.floor_char_boundary(place.start.saturating_sub(UNIT_DISTANCE_MAX));
    let to = message.floor_char_boundary(place.end.saturating_add(UNIT_DISTANCE_MAX));
    let words = message.get(from..to).unwrap_or_default().split(|c: char| !c.is_alphanumeric() && c != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let before = std::iter::once(&"").chain(&words);
    words.iter().zip(before).any(|(word, before)| UNITS.contains(word) && !before.starts_with("max"))
}

impl Number {
    /// The number at each place where the words stand.
    fn find<'a>(&self, message: &str, numbers: &'a [Found]) -> Vec<&'a Found> {
        let near = |gap: Range<usize>| message.get(gap).is_some_and(belongs);
        match self {
            Self::After(words) => places(message, words)
                .filter_map(|at| {
                    let number = numbers.iter().find(|number| number.place.start >= at.end)?;
                    near(at.end..number.place.start).then_some(number)
                })
                .collect(),
            Self::Before(words) => places(message, words)
                .filter_map(|at| {
                    let number = numbers.iter().rfind(|number| number.place.end <= at.start)?;
                    near(number.place.end..at.start).then_some(number)
                })
                .collect(),
        }
    }
}

/// Whether what stands between words and a number leaves them together.
fn belongs(gap: &str) -> bool {
    gap.len() <= DISTANCE_MAX && !gap.contains(['.', ',', ';'])
}

/// Where `words` stand, not within longer words.
fn places(message: &str, words: &'static str) -> impl Iterator<Item = Range<usize>> {
    let is_apart = |at: usize| {
        let before = message.get(..at).and_then(|text| text.chars().next_back());
        let after = message.get(at + words.len()..).and_then(|text| text.chars().next());
        let joins = |one: Option<char>, other: Option<char>| {
            one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
        };
        !joins(before, words.chars().next()) && !joins(words.chars().next_back(), after)
    };
    let at = message.match_indices(words).map(|(at, _)| at);
    at.filter(move |at| is_apart(*at)).map(|at| at..at + words.len())
}

/// The whole numbers of `message` that are no part of a name, a version or a sum of money.
fn standing_alone(message: &str) -> Vec<Found> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ',' | '/' | '$');
    let mut found = Vec::new();
    let mut from = 0;
    for word in message.split(|c: char| !is_part(c)) {
        let end = from + word.len();
        if let Some((digits, value)) = read(word) {
            found.push(Found { value, place: from..from + digits });
        }
        // What splits words may be longer than a byte.
        from = end + message.get(end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    found
}

/// `20000`, `20,000` or `20_000`, also `20000/min`: how many bytes the number takes, and its value.
fn read(word: &str) -> Option<(usize, u64)> {
    let word = match word.split_once('/') {
        Some((number, unit)) if unit.chars().all(|c| c.is_alphabetic() || c == '.') => number,
        Some(_) => return None,
        None => word,
    };
    let word = word.trim_end_matches(['.', ',', '-']);
    let mut groups = word.split([',', '_']);
    let whole = groups.next()?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut grouped = false;
    for group in groups {
        if !is_number(group) || group.len() != 3 {
            return None;
        }
        grouped = true;
    }
    if !is_number(whole) || (grouped && whole.len() > 3) {
        return None;
    }
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    Some((word.len(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{exceeds, exceeds_rate};

    #[test]
    fn only_numbers_tell_what_never_fits_from_what_must_wait() {
        for (message, expected) in [
            ("request too large on tokens per min (tpm): limit 20000, requested 31000", true),
            ("rate limit reached on tokens per min (tpm): limit 20,000, used 19,000, requested 3,100", false),
            ("limit 6000, requested 6000", false),
            ("`inputs` tokens + `max_new_tokens` must be <= 2048. given: 3000", true),
            ("`inputs` tokens + `max_new_tokens` must be <= 4096. given: 5000 `inputs` tokens and 9", true),
            (
                "maximum context length is 4096 tokens. however, you requested 5000 tokens (1 in the messages)",
                true,
            ),
            ("this model's maximum prompt length is 131072 but the request contains 200000 tokens.", true),
            ("prompt is too long: 210000 tokens > 200000 maximum", true),
            ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000", false),
            ("the input token count (1200000) exceeds the maximum number of tokens allowed (1048575).", true),
            ("prompt contains 40000 tokens, too large for model with 32768 maximum context length", true),
            ("length of prompt_tokens (9000) must be less than max_seq_len (8192)", true),
            ("you sent 61 requests > 60 per minute", false),
            ("limit reached, requested again in 31000 ms", false),
            ("memory limit 16, requested 20 gib on gpu 0", false),
            ("overloaded: concurrency limit 8, requested 12", false),
            ("the limit 5 items, requested 10 items", false),
            ("max tokens limit 4096, requested 8000", false),
            ("unlimited 5 tokens, requested 10", false),
            ("limit $5 for tokens, requested 10", false),
            ("input limit: 2,048 characters, requested: 3,000", true),
            ("body limit 1048576 bytes; requested 2097152", true),
            ("limit 30000/min of tokens, requested 40000/min", true),
            ("limit 20000", false),
            ("requested 31000", false),
            ("", false),
        ] {
            assert_eq!(exceeds(message), expected, "{message}");
        }
    }
    #[test]
    fn digits_of_names_are_no_numbers() {
        for name in [
            "gpt-4o",
            "gpt-4.1-mini",
            "gpt-3.5-turbo",
            "o3-mini",
            "llama3-70b-8192",
            "llama-3.1-8b-instant",
            "openai/gpt-oss-120b",
            "mixtral-8x7b-32768",
            "qwen2.5 (72b)",
            "a_1",
        ] {
            let said = |used: u64, requested: u64| {
                format!(
                    "rate limit reached for {name} in organization org-1a on tokens per min (tpm): limit 30000, used \
                     {used}, requested {requested}. please try again in 64ms. visit https://x.example/4 for more"
                )
            };
            for (message, expected) in [(said(29937, 385), false), (said(0, 30001), true)] {
                assert_eq!((exceeds(&message), exceeds_rate(&message)), (expected, expected), "{message}");
            }
        }
    }

    #[test]
    fn only_tokens_make_a_rate_that_never_fits() {
        for (message, expected) in [
            ("rate limit reached on tokens per minute (tpm): limit 6000, used 0, requested 9000.", true),
            ("rate limit (code 429) on tokens per min: limit 30000, used 29000, requested 9000", false),
            ("on requests per min (rpm): limit 3, used 3, requested 5", false),
            ("prompt is too long: 210000 tokens > 200000 maximum", false),
        ] {
            assert_eq!(exceeds_rate(message), expected, "{message}");
        }
    }
}
