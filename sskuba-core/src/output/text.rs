//! Texts with outputs in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::de::DeserializeOwned;
use zeroize::Zeroize;

use super::Output;
use crate::expr::Expr;
use crate::secret::Secret;
use crate::value::Value;

/// A value with one text that everybody means: a name, a number, an address.
pub trait AsText {
    /// Whether its text is secret.
    const SECRET: bool = false;

    /// Writes it, in the clear.
    fn as_text(&self) -> String;
}

/// What may stand in the text of [`format_output!`](crate::format_output): an output, or a plain value.
pub trait TextPart {
    /// Turns it into a text that becomes known with it.
    fn into_text(self) -> Output<String>;
}

impl<T: AsText + DeserializeOwned + 'static> TextPart for &Output<T> {
    fn into_text(self) -> Output<String> {
        let text = self.map(|value| value.as_text());
        if T::SECRET { text.secret() } else { text }
    }
}

impl<T: AsText + DeserializeOwned + 'static> TextPart for Output<T> {
    fn into_text(self) -> Output<String> {
        (&self).into_text()
    }
}

impl<T: AsText + Zeroize> AsText for Secret<T> {
    const SECRET: bool = true;

    fn as_text(&self) -> String {
        self.expose().as_text()
    }
}

impl<T: AsText + Zeroize> TextPart for &Secret<T> {
    fn into_text(self) -> Output<String> {
        constant(self.as_text()).secret()
    }
}

impl TextPart for &str {
    fn into_text(self) -> Output<String> {
        constant(self.to_owned())
    }
}

fn constant(text: String) -> Output<String> {
    Output::from_expr(Expr::Value(Value::String(text)))
}

/// Values that are written as [`ToString`] does.
macro_rules! plain {
    ($($type:ty),*) => {$(
        impl AsText for $type {
            fn as_text(&self) -> String {
                self.to_string()
            }
        }

        impl TextPart for $type {
            fn into_text(self) -> Output<String> {
                constant(self.as_text())
            }
        }

        impl TextPart for &$type {
            fn into_text(self) -> Output<String> {
                constant(self.as_text())
            }
        }
    )*};
}

plain!(
    String, char, bool, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64, IpAddr, Ipv4Addr,
    Ipv6Addr
);

/// Makes a text of outputs and plain values; it becomes known when they do, and is secret if one of them is.
///
/// Each `{}` takes the next value, which is a text by then: `{:>8}` is possible, `{:x}` is not.
///
/// ```
/// # use sskuba_core::prelude::*;
/// # fn demo(address: Output<String>, port: Output<u16>) {
/// let url: Output<String> = format_output!("http://{}:{}/{}", address, &port, "index.html");
/// # }
/// ```
#[macro_export]
macro_rules! format_output {
    ($format:literal $(, $part:expr)* $(,)?) => {{
        let parts = [$($crate::output::TextPart::into_text($part)),*];
        $crate::output::Output::<::std::string::String>::all(parts).map(
            move |parts: ::std::vec::Vec<::std::string::String>| {
                let mut parts = parts.into_iter();
                // Nobody takes from it where there are no parts.
                let _ = &mut parts;
                ::std::format!($format $(, {
                    let _ = ::core::stringify!($part);
                    ::std::iter::Iterator::next(&mut parts).unwrap_or_default()
                })*)
            },
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Output<String> {
        constant(text.to_owned())
    }

    fn value(output: Output<String>) -> Value {
        output.into_expr().evaluate(&|_, _| Value::Unknown).unwrap()
    }

    #[test]
    fn a_text_takes_its_parts_in_order_and_is_as_secret_as_they_are() {
        let host = known("h");
        let text = format_output!("http://{}:{:>4}/{}{{}}", &host, 80_u16, String::from("x"));
        assert_eq!(value(text).as_str(), Some("http://h:  80/x{}"));
        assert_eq!(value(format_output!("plain")).as_str(), Some("plain"));
        let secret = Secret::new("canary".to_owned());
        let url = value(format_output!("db://{}@{}", &secret, host));
        assert!(url.has_secret());
        let mut texts = Vec::new();
        url.secret_texts(&mut texts);
        assert_eq!(texts, ["canary", "db://canary@h"]);
    }

    #[test]
    fn what_is_not_known_makes_a_text_that_is_not_known() {
        let number: Output<u16> = Output::from_expr(Expr::Value(Value::Unknown));
        assert_eq!(value(format_output!("{}", number)), Value::Unknown);
    }
}
