//! Sentences that hold the size of a request against a limit: "Limit 20000, Requested 31000".
//!
//! Only the numbers tell a request that can never fit from one that has to wait: both come as 429, in the same words.

/// Where the limit stands in a sentence, and where what was asked for.
const FORMS: &[(Number, Number)] = &[
    (Number::After("limit"), Number::After("requested")),
    (Number::After("limit"), Number::After("request contains")),
    (Number::After("<="), Number::After("given:")),
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
    (Number::After("must have less than"), Number::After("given:")),
    (Number::After("less than max_seq_len"), Number::After("length of prompt_tokens")),
    (Number::After("maximum length"), Number::After("string with length")),
    (Number::Before("maximum context length"), Number::After("prompt contains")),
];

/// Where a number stands.
enum Number {
    /// The first after these words.
    After(&'static str),
    /// The last before these words.
    Before(&'static str),
}

/// How far a number may stand from the words that it belongs to, in bytes.
const DISTANCE_MAX: usize = 40;

/// Whether `message`, in lower case, says that more was asked for than the limit allows.
pub(super) fn exceeds(message: &str) -> bool {
    FORMS.iter().any(|(limit, asked)| match (limit.find(message), asked.find(message)) {
        (Some(limit), Some(asked)) => asked > limit,
        _ => false,
    })
}

impl Number {
    fn find(&self, message: &str) -> Option<u64> {
        match self {
            Self::After(words) => {
                let from = message.find(words)? + words.len();
                first(message.get(from..)?)
            }
            Self::Before(words) => last(message.get(..message.find(words)?)?),
        }
    }
}

fn first(text: &str) -> Option<u64> {
    let at = text.find(|c: char| c.is_ascii_digit()).filter(|at| *at <= DISTANCE_MAX)?;
    read(text.get(at..)?)
}

fn last(text: &str) -> Option<u64> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    if text.len() - end > DISTANCE_MAX {
        return None;
    }
    let start = text.get(..end)?.rfind(|c: char| !is_part(c)).map_or(0, |at| at + 1);
    read(text.get(start..end)?)
}

/// `20000`, `20,000` or `20_000`.
fn read(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let digits: String = text.get(..end)?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn is_part(c: char) -> bool {
    c.is_ascii_digit() || c == ',' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::exceeds;

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
            ("limit 20000", false),
            ("requested 31000", false),
            ("", false),
        ] {
            assert_eq!(exceeds(message), expected, "{message}");
        }
    }
}
