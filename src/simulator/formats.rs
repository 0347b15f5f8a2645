//! Texts that are of a format, as some schemas ask for them.

/// A text of this format, if it is one of JSON Schema's.
pub(super) fn example(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2024-02-29",
        "date-time" => "2024-02-29T12:00:00Z",
        "time" => "12:00:00Z",
        "duration" => "P1D",
        "email" => "someone@example.com",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uuid" => "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
        "uri" | "uri-reference" | "uri-template" | "iri" | "iri-reference" => "https://example.com/",
        "json-pointer" => "/a",
        "relative-json-pointer" => "0",
        "regex" => "a",
        _ => return None,
    })
}
