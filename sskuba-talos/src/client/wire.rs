//! A connection that remembers what went wrong on it: the layers above keep only the text.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, Error};

use super::dial::{Bytes, Dialer};
use super::tls;
use crate::api::{ErrorKind, Target, TlsFault};

/// How long we listen before we speak. A machine that does not accept our certificate says so after the handshake,
/// and what we had sent by then would make the network throw its words away. Every gRPC server speaks first.
const LISTEN: Duration = Duration::from_secs(1);

/// What went wrong on the newest connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Option<ErrorKind>>>);

impl Faults {
    /// Returns it; it stays until another connection is tried.
    pub(super) fn get(&self) -> Option<ErrorKind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, fault: Option<ErrorKind>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Keeps the first; but what TLS says explains that a connection ended, whichever was noticed first.
    fn add(&self, fault: ErrorKind) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() || matches!((&*known, &fault), (Some(ErrorKind::Lost { .. }), ErrorKind::Tls(_))) {
            *known = Some(fault);
        }
    }
}

/// Opens a connection with TLS on it.
pub(super) async fn open(
    dialer: &dyn Dialer,
    target: &Target,
    config: Arc<ClientConfig>,
    faults: &Faults,
) -> Result<Wire, ErrorKind> {
    let unreachable = |error: io::Error| ErrorKind::Unreachable { why: error.to_string() };
    let plain = dialer.dial(target).await.map_err(unreachable)?;
    let name = ServerName::try_from(target.server_name().to_owned()).map_err(|_| {
        ErrorKind::Tls(TlsFault::WrongName {
            name: target.server_name().to_owned(),
            why: "it is no name that a certificate can have".to_owned(),
        })
    })?;
    let name_text = target.server_name().to_owned();
    let mut stream = TlsConnector::from(config)
        .connect(name, plain)
        .await
        .map_err(|error| handshake(&error, &name_text))?;
    let mut ahead = vec![0; 1024];
    let heard = match timeout(LISTEN, stream.read(&mut ahead)).await {
        Ok(Ok(0)) => {
            let why = "the machine closed it after the handshake".to_owned();
            return Err(ErrorKind::Unreachable { why });
        }
        Ok(Ok(heard)) => heard,
        Ok(Err(error)) => return Err(handshake(&error, &name_text)),
        Err(_) => 0,
    };
    ahead.truncate(heard);
    Ok(Wire { stream, ahead, name: name_text, faults: faults.clone() })
}

/// Says what an error before the first byte of HTTP means.
fn handshake(error: &io::Error, name: &str) -> ErrorKind {
    rustls(error).map_or_else(
        || match error.kind() {
            io::ErrorKind::UnexpectedEof => ErrorKind::Tls(TlsFault::Other { why: "it hung up".to_owned() }),
            _ => ErrorKind::Unreachable { why: error.to_string() },
        },
        |error| ErrorKind::Tls(tls::fault(error, name)),
    )
}

fn rustls(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// A connection with TLS on it.
pub(super) struct Wire {
    stream: TlsStream<Box<dyn Bytes>>,
    /// What was heard before it was read.
    ahead: Vec<u8>,
    name: String,
    faults: Faults,
}

impl Wire {
    fn note(&self, error: &io::Error) {
        let fault = rustls(error).map_or_else(
            || ErrorKind::Lost { why: error.to_string() },
            |error| ErrorKind::Tls(tls::fault(error, &self.name)),
        );
        self.faults.add(fault);
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead[..count]);
            self.ahead.drain(..count);
            return Poll::Ready(Ok(()));
        }
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        Poll::Ready(result.inspect_err(|error| self.note(error)))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.stream).poll_write(cx, buf));
        Poll::Ready(result.inspect_err(|error| self.note(error)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(result.inspect_err(|error| self.note(error)))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
