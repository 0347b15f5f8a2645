//! Where the runbook can be read, as somebody who was paged must be able to open it.

use url::Url;

const EXAMPLE: &str = "https://git.example.com/tidegate/docs/runbook.md";

/// An address that `#` and an alert's name can be put behind.
pub(super) fn base(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| {
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        web && url.fragment().is_none() && url.password().is_none() && !text.contains(char::is_whitespace)
    });
    // As it was written: what is parsed comes back with other slashes.
    url.map(|_| text.to_owned()).ok_or_else(|| {
        format!("give an http or https address without # and without a password, for example {EXAMPLE}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_opens_is_taken() {
        for good in [EXAMPLE, "http://wiki/run", "https://wiki.example:8443/x?page=runbook"] {
            assert_eq!(base(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "docs/runbook.md",
            "/docs/runbook.md",
            "javascript:alert(1)",
            "file:///docs/runbook.md",
            "ftp://wiki.example/run",
            "https://",
            "https://wiki.example/run#section",
            "https://me:secret@wiki.example/run",
            "https://wiki.example/a run",
            "https://wiki.example/run\n",
        ] {
            let error = base(bad).expect_err(bad);
            assert!(error.contains(EXAMPLE), "{error}");
        }
    }
}
