//! What a browser is told so that no foreign page, script or host has a part in what it shows.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Only what this port serves runs, and nothing may frame it. No inline script or style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const WRONG_NAME: &str = "This port answers to local names alone, and this is none: a foreign web page could have \
                          pointed its own name here. Ask for localhost or an IP address, or see \
                          admin.local_names_only.\n";

/// Puts the same protection on every answer, errors too.
pub(super) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses requests for names that are not local. Without this, a web page whose own name is made to point
/// to 127.0.0.1 could read through its visitor's browser what is meant for this machine (DNS rebinding).
pub(super) async fn only_local_names(request: Request<Body>, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    if host.is_none_or(|host| host.to_str().is_ok_and(is_local)) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, WRONG_NAME).into_response()
    }
}

/// Whether this names an address itself, or this machine.
fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let name = name.to_ascii_lowercase();
    bare.parse::<std::net::IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn addresses_and_localhost_are_local_and_other_names_are_not() {
        for host in
            ["127.0.0.1:9464", "127.0.0.1", "[::1]:9464", "localhost", "LocalHost:1", "a.localhost:80"]
        {
            assert!(is_local(host), "{host}");
        }
        for host in
            ["example.com", "127.0.0.1.example.com", "localhost.example.com:9464", "", "evillocalhost"]
        {
            assert!(!is_local(host), "{host}");
        }
    }
}
