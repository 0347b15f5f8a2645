//! The kinds of faults.

use std::time::Duration;

/// Bytes of `huge` and `endless_headers` when the script says nothing else: 64 MiB.
pub(super) const DEFAULT_FLOOD_BYTES: u64 = 64 << 20;
/// Arrays within arrays of `deep_json`, likewise.
pub(super) const DEFAULT_DEPTH: usize = 10_000;
/// The rest between drops of `drip`, likewise.
pub(super) const DEFAULT_DRIP_REST: Duration = Duration::from_secs(1);

/// What goes wrong. The [module](super) has the table of what each does.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// An HTTP status with an error.
    Status(ErrorReply),
    /// An error in the body of a 200; the reply's own status is not heeded.
    ErrorBody(ErrorReply),
    /// No answer, ever.
    Silent,
    /// The head of an answer, and never its body.
    Stall,
    /// The answer in drops.
    Drip {
        /// Bytes in each.
        bytes: usize,
        /// The rest between two.
        every: Duration,
    },
    /// A true answer after the rule's delay.
    Slow,
    /// The connection is reset.
    Reset,
    /// The connection is closed without an answer.
    Close,
    /// The answer breaks off in the middle.
    Cut,
    /// Header lines without end.
    EndlessHeaders {
        /// How many bytes of them, until the connection is closed.
        bytes: u64,
    },
    /// Broken JSON.
    Malformed {
        /// What is broken.
        place: Place,
    },
    /// Arrays in arrays in arrays.
    DeepJson {
        /// How many.
        depth: usize,
        /// Where they stand.
        place: Place,
    },
    /// A body that is not UTF-8.
    InvalidUtf8,
    /// A true answer that says it is `text/plain`.
    WrongContentType,
    /// A web page.
    Html,
    /// An answer of this size.
    Huge {
        /// Of the whole body.
        bytes: u64,
    },
    /// An answer in prose.
    Prose,
    /// Valid JSON that violates the schema.
    WrongSchema,
    /// An entity that is not in the text.
    Invented,
    /// A valid answer without entities.
    ZeroEntities,
    /// Half an answer, with `finish_reason` `length`.
    Truncated,
    /// A refusal.
    Refused,
    /// No content.
    Empty {
        /// `null` instead of `""`.
        null: bool,
    },
}

impl Fault {
    /// The names of all kinds, as scripts and the log write them.
    pub const KINDS: [&str; 23] = [
        "status",
        "error_body",
        "silent",
        "stall",
        "drip",
        "slow",
        "reset",
        "close",
        "cut",
        "endless_headers",
        "malformed",
        "deep_json",
        "invalid_utf8",
        "wrong_content_type",
        "html",
        "huge",
        "prose",
        "wrong_schema",
        "invented",
        "zero_entities",
        "truncated",
        "refused",
        "empty",
    ];

    /// An HTTP status with the error that suits it.
    pub fn status(status: u16) -> Fault {
        Fault::Status(ErrorReply::new(status))
    }

    /// An HTTP status that tells the client when to come back.
    pub fn retry_after(status: u16, retry_after: RetryAfter) -> Fault {
        Fault::Status(ErrorReply { retry_after: Some(retry_after), ..ErrorReply::new(status) })
    }

    /// The name, as scripts and the log write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Fault::Status(_) => "status",
            Fault::ErrorBody(_) => "error_body",
            Fault::Silent => "silent",
            Fault::Stall => "stall",
            Fault::Drip { .. } => "drip",
            Fault::Slow => "slow",
            Fault::Reset => "reset",
            Fault::Close => "close",
            Fault::Cut => "cut",
            Fault::EndlessHeaders { .. } => "endless_headers",
            Fault::Malformed { .. } => "malformed",
            Fault::DeepJson { .. } => "deep_json",
            Fault::InvalidUtf8 => "invalid_utf8",
            Fault::WrongContentType => "wrong_content_type",
            Fault::Html => "html",
            Fault::Huge { .. } => "huge",
            Fault::Prose => "prose",
            Fault::WrongSchema => "wrong_schema",
            Fault::Invented => "invented",
            Fault::ZeroEntities => "zero_entities",
            Fault::Truncated => "truncated",
            Fault::Refused => "refused",
            Fault::Empty { .. } => "empty",
        }
    }

    /// Whether there is a reply whose headers a rule can set.
    pub(in crate::simulator) fn answers(&self) -> bool {
        !matches!(self, Fault::Silent | Fault::Reset | Fault::Close | Fault::EndlessHeaders { .. })
    }

    /// Whether there is a place for an echo.
    pub(in crate::simulator) fn echoes(&self) -> bool {
        matches!(
            self,
            Fault::Status(_)
                | Fault::ErrorBody(_)
                | Fault::Malformed { .. }
                | Fault::Html
                | Fault::Prose
                | Fault::Refused
        )
    }
}

/// Where a broken piece of JSON stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// It is the HTTP body.
    #[default]
    Body,
    /// It is the model's answer, in a body that is well-formed.
    Content,
}

/// An error reply in the shape of the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReply {
    /// The HTTP status, 200 to 599 (another is sent as 500).
    pub status: u16,
    /// When the client shall come back.
    pub retry_after: Option<RetryAfter>,
    /// The error's `type`; absent: by the status.
    pub kind: Option<String>,
    /// The error's `code`; absent: by the status.
    pub code: Option<String>,
    /// The error's `message`.
    pub message: Option<String>,
    /// The whole body, instead of an error object.
    pub body: Option<String>,
}

impl ErrorReply {
    /// The error that suits `status`.
    pub fn new(status: u16) -> ErrorReply {
        ErrorReply { status, retry_after: None, kind: None, code: None, message: None, body: None }
    }
}

/// How a reply says when to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryAfter {
    /// `retry-after`, in whole seconds, rounded up.
    Seconds(Duration),
    /// `retry-after`, as an HTTP date.
    Date(Duration),
    /// `retry-after-ms`.
    Millis(Duration),
    /// `retry-after` with this very text.
    Raw(String),
}
