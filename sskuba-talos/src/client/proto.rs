//! The code of the messages in `proto/`, made while building.

#![expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    clippy::enum_variant_names,
    reason = "generated; the protos explain it"
)]
#![cfg_attr(feature = "testing", expect(clippy::allow_attributes, reason = "servers have some"))]

include!(concat!(env!("OUT_DIR"), "/api.rs"));
