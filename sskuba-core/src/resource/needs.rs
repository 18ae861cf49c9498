//! What a kind needs of its handler, as types: the derive says them, and the compiler compares.

/// An interrupted create is made again with the same token: `idempotency = "token"`.
#[derive(Debug, Clone, Copy)]
pub struct Token;

/// As [`Token`]; where that is refused the object is found by its token: `idempotency = "token, tag"`.
#[derive(Debug, Clone, Copy)]
pub struct TokenOrTag;

/// What an interrupted create made is found by its token: `idempotency = "tag"`.
#[derive(Debug, Clone, Copy)]
pub struct Tag;

/// Neither; a person has to look after an interruption: `idempotency = "none"`.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

/// Some inputs change in place.
#[derive(Debug, Clone, Copy)]
pub struct InPlace;

/// Every input is `force_new`: another object takes the place of what would change.
#[derive(Debug, Clone, Copy)]
pub struct Replaced;

/// An object can be used when its create ends.
#[derive(Debug, Clone, Copy)]
pub struct AtOnce;

/// Some fields are `early`: the object is made first, and can be used later.
#[derive(Debug, Clone, Copy)]
pub struct Later;
