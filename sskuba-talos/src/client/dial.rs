//! How the bytes get to a machine: straight, or however somebody else does it.

use std::fmt;
use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::api::Target;

/// A connection that carries bytes both ways.
pub trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// Opens connections to machines: replace it to reach them through a proxy, a tunnel or a test.
///
/// # Contract
/// `dial` gives a connection to what listens at the target's host and port, before TLS.
///
/// # Guarantees
/// It is called once for every connection, not more than once at a time for one `Machine`.
///
/// # Assumptions
/// Dropping the future ends the attempt; it is dropped when the time to connect is over.
///
/// # Errors
/// Whatever the way says; its text is shown to the user.
///
/// ```
/// use std::io;
/// use sskuba_talos::api::Target;
/// use sskuba_talos::client::{Bytes, Dialer};
///
/// /// Reaches every machine through a forwarded port.
/// #[derive(Debug)]
/// struct Forwarded(u16);
///
/// #[async_trait::async_trait]
/// impl Dialer for Forwarded {
///     async fn dial(&self, _: &Target) -> io::Result<Box<dyn Bytes>> {
///         Ok(Box::new(tokio::net::TcpStream::connect(("127.0.0.1", self.0)).await?))
///     }
/// }
/// ```
#[async_trait]
pub trait Dialer: Send + Sync + fmt::Debug {
    /// Opens a connection.
    async fn dial(&self, target: &Target) -> io::Result<Box<dyn Bytes>>;
}

/// Dials by TCP.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tcp;

#[async_trait]
impl Dialer for Tcp {
    async fn dial(&self, target: &Target) -> io::Result<Box<dyn Bytes>> {
        let stream = TcpStream::connect((target.host(), target.port())).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}
