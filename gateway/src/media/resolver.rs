//! Looks names up for the client that fetches files, and hands out only addresses that may be called.
//!
//! Promises: the connection goes to an address that was judged in this very look-up, so that a name that changes between
//! check and use gains nothing; a name of which any address is private is refused whole.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Blocked, Hosts, is_public};

type Looked = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where names are looked up; tests bring their own.
pub type LookUp = Arc<dyn Fn(String) -> Looked + Send + Sync>;

/// The operating system's.
#[must_use]
pub fn system() -> LookUp {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// The resolver of the client that fetches files.
#[derive(Clone)]
pub struct Guard {
    hosts: Arc<Hosts>,
    look_up: LookUp,
}

impl Guard {
    /// A resolver for these hosts.
    #[must_use]
    pub fn new(hosts: Arc<Hosts>, look_up: LookUp) -> Self {
        Self { hosts, look_up }
    }

    /// The addresses of a name, all of which may be called.
    ///
    /// # Errors
    /// [`Blocked`] inside the error when one may not; the look-up's own otherwise.
    pub(super) async fn addresses(self, name: String) -> io::Result<Vec<SocketAddr>> {
        let may_be_private = self.hosts.may_be_private(&name);
        let found = (self.look_up)(name).await?;
        if !may_be_private && !found.iter().all(|address| is_public(*address)) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, Blocked));
        }
        // The port is the URL's.
        Ok(found
            .into_iter()
            .map(|address| SocketAddr::new(address, 0))
            .collect())
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let looked = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move {
            let found = looked.await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an error of the client comes from a refused address.
#[must_use]
pub fn is_blocked(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<Blocked>() {
            return true;
        }
        // What an I/O error carries is not its source.
        let carried = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if carried.is_some_and(|carried| carried.is::<Blocked>()) {
            return true;
        }
        next = error.source();
    }
    false
}
