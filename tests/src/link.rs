//! A wire between two programs that a test can break: TCP on our side, TCP or a unix socket on the other.
//!
//! Promises: what was on its way when the wire hangs arrives when it is mended, in order, as TCP does after a
//! partition; a connection that one side closed meanwhile ends for the other side then, not before.
//! Does not: look at what it carries.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

const CHUNK_BYTES: usize = 16 * 1024;

/// How the wire is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// Whole.
    #[default]
    Open,
    /// Nothing passes, connections stay: a partition.
    Hung,
    /// What is asked arrives, no answer comes back: a partition of one direction.
    Deaf,
    /// Connections break, new ones break too.
    Cut,
}

/// Where the wire leads.
#[derive(Clone, Debug)]
pub enum Far {
    /// A port.
    Tcp(SocketAddr),
    /// A socket file.
    Unix(PathBuf),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// A wire; dropping it breaks it for good.
pub struct Link {
    /// Our end.
    pub address: SocketAddr,
    wire: watch::Sender<Wire>,
    far: watch::Sender<Far>,
    task: JoinHandle<()>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Link {
    /// A whole wire to `far`.
    pub async fn to(far: Far) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (wire, far) = (watch::Sender::new(Wire::Open), watch::Sender::new(far));
        let (of_wire, of_far) = (wire.subscribe(), far.subscribe());
        let task = tokio::spawn(async move {
            let mut carried = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                while carried.try_join_next().is_some() {}
                carried.spawn(carry(near, of_wire.clone(), of_far.clone()));
            }
        });
        Self {
            address,
            wire,
            far,
            task,
        }
    }

    /// Changes how the wire is, for connections that exist and for new ones.
    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }

    /// New connections lead there.
    pub fn lead_to(&self, far: Far) {
        self.far.send_replace(far);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(near: TcpStream, wire: watch::Receiver<Wire>, far: watch::Receiver<Far>) {
    near.set_nodelay(true).ok();
    let mut cut = wire.clone();
    let carrying = async {
        // Nobody is reached through a broken wire.
        passes(&mut wire.clone(), Way::There).await;
        let far = far.borrow().clone();
        let Some(far) = reach(far).await else { return };
        let (near_in, near_out) = tokio::io::split(near);
        let (far_in, far_out) = tokio::io::split(far);
        tokio::join!(
            pump(near_in, far_out, wire.clone(), Way::There),
            pump(far_in, near_out, wire, Way::Back)
        );
    };
    tokio::select! {
        () = carrying => {}
        _ = cut.wait_for(|wire| *wire == Wire::Cut) => {}
    }
}

async fn reach(far: Far) -> Option<Box<dyn Stream>> {
    Some(match far {
        Far::Tcp(address) => {
            let stream = TcpStream::connect(address).await.ok()?;
            stream.set_nodelay(true).ok()?;
            Box::new(stream)
        }
        Far::Unix(path) => Box::new(UnixStream::connect(path).await.ok()?),
    })
}

/// Waits until the wire carries this way; `false`: there is no wire any more.
async fn passes(wire: &mut watch::Receiver<Wire>, way: Way) -> bool {
    let carries = |wire: &Wire| match wire {
        Wire::Open => true,
        Wire::Deaf => way == Way::There,
        Wire::Hung | Wire::Cut => false,
    };
    wire.wait_for(carries).await.is_ok()
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut wire: watch::Receiver<Wire>,
    way: Way,
) {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut chunk).await.unwrap_or(0);
        if !passes(&mut wire, way).await {
            return;
        }
        if read == 0 {
            to.shutdown().await.ok();
            return;
        }
        if to.write_all(&chunk[..read]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Answers every byte with itself.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).await.is_ok() {
                        stream.write_all(&byte).await.ok();
                    }
                });
            }
        });
        address
    }

    async fn answer(stream: &mut TcpStream) -> Option<u8> {
        let mut byte = [0];
        let read = stream.read_exact(&mut byte);
        let read = tokio::time::timeout(Duration::from_millis(100), read).await;
        read.ok()?.ok().map(|_| byte[0])
    }

    #[tokio::test]
    async fn what_hangs_arrives_when_the_wire_is_mended() {
        let link = Link::to(Far::Tcp(echo().await)).await;
        let mut near = TcpStream::connect(link.address).await.unwrap();
        near.write_all(b"a").await.unwrap();
        assert_eq!(answer(&mut near).await, Some(b'a'));
        for wire in [Wire::Hung, Wire::Deaf] {
            link.set(wire);
            near.write_all(b"b").await.unwrap();
            assert_eq!(answer(&mut near).await, None, "{wire:?}");
            link.set(Wire::Open);
            assert_eq!(answer(&mut near).await, Some(b'b'), "{wire:?}");
        }
    }

    #[tokio::test]
    async fn a_cut_wire_ends_what_it_carried() {
        let link = Link::to(Far::Tcp(echo().await)).await;
        let mut near = TcpStream::connect(link.address).await.unwrap();
        near.write_all(b"a").await.unwrap();
        assert_eq!(answer(&mut near).await, Some(b'a'));
        link.set(Wire::Cut);
        assert_eq!(near.read(&mut [0]).await.unwrap_or(0), 0);
    }
}
