//! Where a browser's request comes from.
//!
//! Promises: a page of another site can neither use the refresh cookie nor log somebody in (Sec-Fetch-Site, else
//! Origin), and a foreign name that resolves to us (DNS rebinding) is answered 421.
//! Does not: allow any other origin by CORS; there are no CORS headers at all.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use balcao_core::config;

use crate::error::Error;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Refuses a state-changing request that a browser sends for another site. With `cookie` the request lives on a
/// cookie, so that at least one of the two headers must speak for it.
///
/// # Errors
/// [`Error::CrossSite`].
pub fn same_site(
    console: &config::Console,
    headers: &HeaderMap,
    cookie: bool,
) -> Result<(), Error> {
    if let Some(site) = text(headers, SEC_FETCH_SITE) {
        return if matches!(site, "same-origin" | "none") {
            Ok(())
        } else {
            Err(Error::CrossSite)
        };
    }
    match headers.get(header::ORIGIN) {
        Some(_) => {
            if is_ours(console, headers) {
                Ok(())
            } else {
                Err(Error::CrossSite)
            }
        }
        None if cookie => Err(Error::CrossSite),
        None => Ok(()),
    }
}

/// Whether the Origin header names one of our own pages: the configured origins exactly, or, on loopback, the very
/// address that was asked.
#[must_use]
pub fn is_ours(console: &config::Console, headers: &HeaderMap) -> bool {
    let Some(origin) = text(headers, header::ORIGIN.as_str()) else {
        return false;
    };
    let own = text(headers, header::HOST.as_str())
        .is_some_and(|host| loopback(host) && origin.strip_prefix("http://") == Some(host));
    own || console.allows_origin(origin)
}

/// Whether the request asks for a host that we are: a configured origin's, or loopback.
#[must_use]
pub fn host_is_ours(console: &config::Console, uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let first = hosts.next().map(|host| host.to_str().unwrap_or_default());
    // HTTP/2 has it in the request line; two of them is an attempt at something.
    let (Some(host), None) = (
        uri.authority().map(Authority::as_str).or(first),
        hosts.next(),
    ) else {
        return false;
    };
    let origins = console.allowed_origins.iter().chain([&console.public_url]);
    loopback(host)
        || origins
            .filter_map(|origin| authority(origin))
            .any(|ours| ours.eq_ignore_ascii_case(host))
}

fn authority(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, authority)| authority)
}

fn loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)
        .map(|value| value.to_str().unwrap_or("unreadable"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn console() -> config::Console {
        config::Console {
            public_url: "https://desk.example".into(),
            allowed_origins: vec!["https://other.example:8443".into()],
            cookie_secure: true,
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn accepts(pairs: &[(&'static str, &'static str)], cookie: bool) -> bool {
        same_site(&console(), &headers(pairs), cookie).is_ok()
    }

    #[test]
    fn the_browser_says_which_site_it_is() {
        assert!(accepts(&[("sec-fetch-site", "same-origin")], true));
        assert!(accepts(&[("sec-fetch-site", "none")], true));
        for foreign in ["cross-site", "same-site", "SAME-ORIGIN", ""] {
            assert!(
                !accepts(
                    &[
                        ("sec-fetch-site", foreign),
                        ("origin", "https://desk.example")
                    ],
                    true
                ),
                "{foreign}"
            );
        }
    }

    #[test]
    fn an_old_browser_is_judged_by_its_origin() {
        assert!(accepts(&[("origin", "https://desk.example")], true));
        assert!(accepts(&[("origin", "https://other.example:8443")], true));
        for foreign in [
            "https://desk.example.evil.example",
            "http://desk.example",
            "null",
            "https://other.example",
        ] {
            assert!(!accepts(&[("origin", foreign)], true), "{foreign}");
            assert!(!accepts(&[("origin", foreign)], false), "{foreign}");
        }
    }

    #[test]
    fn a_cookie_alone_speaks_for_nobody() {
        assert!(!accepts(&[], true));
        assert!(
            accepts(&[], false),
            "a program without a cookie has no site"
        );
    }

    #[test]
    fn on_loopback_the_address_that_was_asked_is_ours() {
        assert!(accepts(
            &[
                ("origin", "http://127.0.0.1:41234"),
                ("host", "127.0.0.1:41234")
            ],
            true
        ));
        assert!(accepts(
            &[("origin", "http://[::1]:80"), ("host", "[::1]:80")],
            true
        ));
        assert!(!accepts(
            &[
                ("origin", "http://127.0.0.1:1"),
                ("host", "127.0.0.1:41234")
            ],
            true
        ));
        assert!(!accepts(
            &[("origin", "http://evil.example"), ("host", "evil.example")],
            true
        ));
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let ours = |host: &'static str| {
            host_is_ours(
                &console(),
                &Uri::from_static("/"),
                &headers(&[("host", host)]),
            )
        };
        for host in [
            "desk.example",
            "DESK.example",
            "other.example:8443",
            "127.0.0.1:8080",
            "localhost",
            "[::1]:9",
        ] {
            assert!(ours(host), "{host}");
        }
        for host in [
            "evil",
            "desk.example:81",
            "other.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "",
            "localhost.evil",
        ] {
            assert!(!ours(host), "{host}");
        }
        let mut two = headers(&[("host", "desk.example")]);
        two.append(header::HOST, HeaderValue::from_static("evil"));
        assert!(!host_is_ours(&console(), &Uri::from_static("/"), &two));
        assert!(host_is_ours(
            &console(),
            &Uri::from_static("https://desk.example/"),
            &HeaderMap::new()
        ));
    }
}
