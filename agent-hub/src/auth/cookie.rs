//! The two cookies: the refresh token of a browser and its device mark. Scripts cannot read them, other sites cannot
//! send them, other hosts cannot set them (`__Host-`, RFC 6265bis section 4.1.3.2).

use axum::http::HeaderMap;
use axum_extra::extract::cookie::Expiration;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

const REFRESH: &str = "balcao_refresh";
const DEVICE: &str = "balcao_device";
/// How long a browser keeps its device mark, in days.
const DEVICE_DAYS: i64 = 180;

/// The cookies as this installation spells them.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    /// `secure` false leaves out both the attribute and the prefix that demands it (development only).
    #[must_use]
    pub const fn new(secure: bool) -> Self {
        Self { secure }
    }

    fn name(self, name: &str) -> String {
        if self.secure {
            format!("__Host-{name}")
        } else {
            name.to_owned()
        }
    }

    /// The refresh token that the browser brings.
    #[must_use]
    pub fn refresh(self, headers: &HeaderMap) -> Option<String> {
        self.read(headers, REFRESH)
    }

    /// The device mark that the browser brings.
    #[must_use]
    pub fn device(self, headers: &HeaderMap) -> Option<String> {
        self.read(headers, DEVICE)
    }

    fn read(self, headers: &HeaderMap, name: &str) -> Option<String> {
        CookieJar::from_headers(headers)
            .get(&self.name(name))
            .map(|cookie| cookie.value().to_owned())
    }

    /// Gives the browser a refresh token for `seconds`.
    #[must_use]
    pub fn set_refresh(self, token: &str, seconds: i64) -> String {
        self.set(REFRESH, token, seconds)
    }

    /// Gives the browser a device mark.
    #[must_use]
    pub fn set_device(self, mark: &str) -> String {
        self.set(DEVICE, mark, DEVICE_DAYS * 24 * 3_600)
    }

    /// Takes the refresh token away.
    #[must_use]
    pub fn clear_refresh(self) -> String {
        self.set(REFRESH, "", 0)
    }

    fn set(self, name: &str, value: &str, seconds: i64) -> String {
        let mut cookie = Cookie::build((self.name(name), value.to_owned()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.secure)
            .build();
        cookie.set_expires(Expiration::Session);
        format!("{cookie}; Max-Age={seconds}")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    #[test]
    fn the_refresh_cookie_is_for_this_host_and_no_script() {
        let cookie = Cookies::new(true).set_refresh("blcr_x", 60);
        for part in [
            "__Host-balcao_refresh=blcr_x",
            "HttpOnly",
            "Secure",
            "SameSite=Strict",
            "Path=/",
            "Max-Age=60",
        ] {
            assert!(
                cookie.split("; ").any(|have| have == part),
                "{part} is not in {cookie}"
            );
        }
        assert!(!cookie.contains("Domain"));
        let plain = Cookies::new(false).set_refresh("x", 60);
        assert!(
            plain.starts_with("balcao_refresh=x") && !plain.contains("Secure"),
            "{plain}"
        );
    }

    #[test]
    fn a_cookie_reads_back() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("a=b; __Host-balcao_refresh=blcr_y; c=d"),
        );
        assert_eq!(
            Cookies::new(true).refresh(&headers).as_deref(),
            Some("blcr_y")
        );
        assert_eq!(Cookies::new(true).device(&headers), None);
        assert_eq!(Cookies::new(false).refresh(&headers), None);
    }
}
