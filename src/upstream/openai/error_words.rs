//! What the servers of this dialect mean by what they say of an error.

mod limits_compared;
mod rules;
mod sentence;

use std::sync::Arc;

use super::{
    super::{ErrorWord, settings::UpstreamSettings},
    error_body::Spoken,
};
use crate::extraction::{Said, Word};
use rules::{OF_THE_REQUEST, RULES, Rule, TEXT_SAID};
use sentence::Sentence;

/// In place of a status, where the answer's own was 2xx and says nothing about the error.
pub(super) const NO_STATUS: u16 = 0;

/// The names of what the gateway sends to one upstream, beside the text.
#[derive(Debug, Clone, Default)]
pub(super) struct SentFields(Vec<Arc<str>>);

/// The parts of a request that say what the answer must look like.
const SHAPE: [&str; 3] = ["response_format", "json_schema", "schema"];

/// The parts of a request that hold the text.
const TEXT: [&str; 5] = ["messages", "input", "inputs", "prompt", "contents"];

/// What an error means.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    /// What went wrong, if that is understood.
    pub(super) word: Option<ErrorWord>,
    /// What of its words is known.
    pub(super) said: Said,
}

impl SentFields {
    /// What is sent under these settings.
    pub(super) fn of(settings: &UpstreamSettings) -> Self {
        Self(settings.sent_fields())
    }

    /// The field that `path` leads into, for example `response_format.json_schema`.
    fn named(&self, path: &str) -> Option<&Arc<str>> {
        let head = path.split(['.', '[', '/']).find(|part| !part.is_empty())?;
        self.0.iter().find(|field| ***field == *head)
    }

    /// The field that a sentence names. Words that stand in every sentence are no names.
    fn in_words(&self, message: &str) -> Option<&Arc<str>> {
        let mut words = message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.find_map(|word| self.0.iter().find(|field| ***field == *word && is_no_plain_word(field)))
    }
}

fn is_no_plain_word(field: &str) -> bool {
    !TEXT.contains(&field) && field != "model"
}

/// What `spoken` means: the first rule that holds, else what a general word says where the status agrees.
pub(super) fn find(status: u16, spoken: &Spoken<'_>, sent: &SentFields) -> Meaning {
    let sentences: Vec<Sentence> = spoken.messages.iter().map(|message| Sentence::of(message)).collect();
    let error = Error { status, spoken, sentences: &sentences, sent };
    let word = RULES.iter().find(|(_, rule)| error.follows(rule)).map(|(word, _)| *word);
    Meaning { word: word.or_else(|| numbered(status, spoken)), said: error.said() }
}

/// One error, ready to be held against the rules.
struct Error<'a> {
    status: u16,
    spoken: &'a Spoken<'a>,
    sentences: &'a [Sentence],
    sent: &'a SentFields,
}

impl Error<'_> {
    fn follows(&self, rule: &Rule) -> bool {
        match rule {
            Rule::Status(status) => self.status == *status,
            Rule::Codes(names) => self.has_code(names),
            Rule::CodesAt(statuses, names) => statuses.contains(&self.status) && self.has_code(names),
            Rule::Phrases(phrases) => self.says(phrases),
            Rule::PhrasesAt(statuses, phrases) => statuses.contains(&self.status) && self.says(phrases),
            Rule::WordsAt(statuses, phrases) => statuses.contains(&self.status) && self.names(phrases),
            Rule::LimitsCompared => !self.params_name_a_choice() && self.compares_limits(),
            Rule::SizeSaid(phrases) => {
                OF_THE_REQUEST.contains(&self.status)
                    && self.says(phrases)
                    && (self.says(TEXT_SAID) || !self.names_a_sent_field())
            }
            Rule::Shape(phrases) => self.blames_the_request() && self.names_the_shape(phrases),
            Rule::SentField => self.blames_the_request() && self.names_a_sent_field(),
        }
    }

    fn has_code(&self, names: &[&str]) -> bool {
        let mut said = self.spoken.codes.iter().chain(&self.spoken.kinds);
        said.any(|code| names.iter().any(|name| same(code, name)))
    }

    fn says(&self, phrases: &[&[&str]]) -> bool {
        self.sentences.iter().any(|said| phrases.iter().any(|phrase| in_order(&said.words, phrase)))
    }

    /// General words say less than a sentence of a vendor's: they count outside long quotations.
    fn names(&self, phrases: &[&[&str]]) -> bool {
        self.sentences.iter().any(|said| phrases.iter().any(|phrase| in_order(&said.own_words, phrase)))
    }

    /// Whether the status leaves it to the body which part of the request is at fault.
    fn blames_the_request(&self) -> bool {
        matches!(self.status, NO_STATUS | 400 | 404 | 422)
    }

    /// Whether the request is larger than a limit. Under other statuses a server speaks of itself: its memory, its queue.
    fn compares_limits(&self) -> bool {
        let exceeds = match self.status {
            429 => limits_compared::exceeds_rate,
            status if OF_THE_REQUEST.contains(&status) => limits_compared::exceeds,
            _ => return false,
        };
        self.sentences.iter().any(|said| exceeds(&said.text))
    }

    fn names_the_shape(&self, phrases: &[&[&str]]) -> bool {
        let mut params = self.spoken.params.iter();
        params.any(|param| self.sent.named(param).is_some_and(|field| SHAPE.contains(&&**field)))
            || self.says(phrases)
    }

    /// A parameter that is named says more than words that stand in a sentence.
    fn names_a_sent_field(&self) -> bool {
        match self.spoken.params.as_slice() {
            [] => self.sentences.iter().any(|said| self.sent.in_words(&said.text).is_some()),
            _ => self.params_name_a_choice(),
        }
    }

    fn params_name_a_choice(&self) -> bool {
        let chosen = |field: &Arc<str>| !TEXT.contains(&&**field);
        self.spoken.params.iter().any(|param| self.sent.named(param).is_some_and(chosen))
    }

    fn said(&self) -> Said {
        let first = |words: &[std::borrow::Cow<'_, str>]| {
            let listed: Vec<&str> = words.iter().filter_map(|word| rules::listed(word)).collect();
            // A word tells more than a number, which often is the status again.
            let telling = listed.iter().find(|word| word.parse::<u64>().is_err()).or(listed.first());
            telling.map(|word| Word::Listed(word)).or_else(|| words.first().map(|_| Word::Other))
        };
        let named = self.spoken.params.first().map(|param| self.sent.named(param));
        let in_words = || self.sentences.iter().find_map(|said| self.sent.in_words(&said.text)).map(Some);
        Said {
            code: first(&self.spoken.codes),
            kind: first(&self.spoken.kinds),
            param: named
                .or_else(|| in_words().filter(|_| self.blames_the_request()))
                .map(|field| field.map_or(Word::Other, |field| Word::Sent(Arc::clone(field)))),
        }
    }
}

/// Whether all parts stand in `message`, one after the other.
fn in_order(message: &str, parts: &[&str]) -> bool {
    let rest = parts
        .iter()
        .try_fold(message, |rest, part| rest.find(part).and_then(|at| rest.get(at + part.len()..)));
    rest.is_some()
}

/// Within a 2xx answer the code may be the status that the answer should have had.
fn numbered(status: u16, spoken: &Spoken<'_>) -> Option<ErrorWord> {
    if status != NO_STATUS {
        return None;
    }
    match spoken.codes.iter().find_map(|code| code.parse::<u64>().ok())? {
        400 | 422 => Some(ErrorWord::InvalidRequest),
        401 | 403 => Some(ErrorWord::InvalidCredential),
        402 => Some(ErrorWord::QuotaExhausted),
        404 => Some(ErrorWord::ModelNotFound),
        413 => Some(ErrorWord::ContextLength),
        429 => Some(ErrorWord::RateLimited),
        503 | 529 => Some(ErrorWord::Overloaded),
        408 | 504 => Some(ErrorWord::Timeout),
        500..=599 => Some(ErrorWord::ServerError),
        _ => None,
    }
}

/// Whether two codes are the same word: `RateLimitReached` is `rate_limit_reached`.
pub(super) fn same(code: &str, name: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
    }
    letters(code).eq(letters(name))
}
