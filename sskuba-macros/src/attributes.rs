//! Reads `#[resource(…)]` on structs and fields, and doc comments.

use proc_macro2::Span;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Fields, Ident, Lit, LitInt, LitStr, Meta, Result,
    Token,
};

/// Returns the doc comment's first paragraph as one line.
pub(crate) fn first_paragraph(attributes: &[Attribute]) -> String {
    let mut words = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("doc")) {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
        {
            let text = text.value();
            if text.trim().is_empty() && !words.is_empty() {
                break;
            }
            words.push(text.trim().to_owned());
        }
    }
    words.join(" ").trim().to_owned()
}

/// Returns the named fields of a struct.
pub(crate) fn named_fields<'a>(
    input: &'a DeriveInput,
    derive: &str,
) -> Result<impl Iterator<Item = &'a syn::Field> + use<'a>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter()),
            _ => {
                Err(Error::new_spanned(&input.ident, format!("`{derive}` needs a struct with named fields")))
            }
        },
        _ => Err(Error::new_spanned(&input.ident, format!("`{derive}` needs a struct"))),
    }
}

/// What `#[resource(…)]` says on a struct.
pub(crate) struct Kind {
    pub(crate) kind: LitStr,
    pub(crate) version: u32,
    pub(crate) idempotency: Ident,
    pub(crate) recovery: Ident,
    pub(crate) visibility: u64,
    pub(crate) create: u64,
    pub(crate) made: u64,
    pub(crate) update: u64,
    pub(crate) delete: u64,
    pub(crate) parallel: Option<usize>,
    pub(crate) updates: Option<usize>,
    pub(crate) delete_first: bool,
    pub(crate) deleting: Option<LitStr>,
    pub(crate) asks: bool,
    pub(crate) guarded: bool,
    pub(crate) may_be_away: bool,
    pub(crate) replacing: Option<LitStr>,
    pub(crate) lookup: bool,
    pub(crate) unique: Vec<LitStr>,
}

const KIND_WORDS: &str = "kind, version, idempotency, visibility, create, made, update, delete, parallel, updates, delete_first, deleting, asks, guarded, may_be_away, replacing, \
                          unique, lookup";

impl Kind {
    pub(crate) fn read(input: &DeriveInput) -> Result<Self> {
        let mut kind: Option<LitStr> = None;
        let mut this = Self {
            kind: LitStr::new("", Span::call_site()),
            version: 1,
            idempotency: Ident::new("None", Span::call_site()),
            recovery: Ident::new("Nobody", Span::call_site()),
            visibility: 0,
            create: 1000,
            made: 0,
            update: 1000,
            delete: 1000,
            parallel: None,
            updates: None,
            delete_first: false,
            deleting: None,
            asks: false,
            guarded: false,
            may_be_away: false,
            replacing: None,
            lookup: false,
            unique: Vec::new(),
        };
        for attribute in input.attrs.iter().filter(|a| a.path().is_ident("resource")) {
            attribute.parse_nested_meta(|meta| {
                let Some(word) = meta.path.get_ident().map(Ident::to_string) else {
                    return Err(meta.error(format!("one of {KIND_WORDS}")));
                };
                match word.as_str() {
                    "kind" => kind = Some(checked_kind(meta.value()?.parse()?)?),
                    "version" => this.version = meta.value()?.parse::<LitInt>()?.base10_parse()?,
                    "parallel" => this.parallel = Some(meta.value()?.parse::<LitInt>()?.base10_parse()?),
                    "updates" => this.updates = Some(meta.value()?.parse::<LitInt>()?.base10_parse()?),
                    "idempotency" => {
                        (this.idempotency, this.recovery) = idempotency(&meta.value()?.parse()?)?;
                    }
                    "visibility" => this.visibility = millis(&meta.value()?.parse()?)?,
                    "create" => this.create = millis(&meta.value()?.parse()?)?,
                    "made" => this.made = millis(&meta.value()?.parse()?)?,
                    "update" => this.update = millis(&meta.value()?.parse()?)?,
                    "delete" => this.delete = millis(&meta.value()?.parse()?)?,
                    "delete_first" => this.delete_first = true,
                    "deleting" => this.deleting = Some(meta.value()?.parse()?),
                    "asks" => this.asks = true,
                    "guarded" => this.guarded = true,
                    "may_be_away" => this.may_be_away = true,
                    "replacing" => this.replacing = Some(meta.value()?.parse()?),
                    "lookup" => this.lookup = true,
                    "unique" => this.unique.push(meta.value()?.parse()?),
                    other => return Err(meta.error(format!("no such option `{other}`: one of {KIND_WORDS}"))),
                }
                Ok(())
            })?;
        }
        this.kind = kind.ok_or_else(|| {
            Error::new_spanned(&input.ident, "name the kind: #[resource(kind = \"provider:module:Type\")]")
        })?;
        Ok(this)
    }
}

fn checked_kind(text: LitStr) -> Result<LitStr> {
    let value = text.value();
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    if value.split(':').count() == 3 && value.split(':').all(word) {
        Ok(text)
    } else {
        let message =
            format!("`{value}` is not a kind; the form is `provider:module:Type`, e.g. \"aws:ec2:Subnet\"");
        Err(Error::new_spanned(text, message))
    }
}

/// Returns how an interrupted create is found again, in the schema and as a type.
fn idempotency(text: &LitStr) -> Result<(Ident, Ident)> {
    let (name, recovery) = match text.value().as_str() {
        "token" => ("Token", "Token"),
        "token, tag" => ("Token", "TokenOrTag"),
        "tag" => ("Tag", "Tag"),
        "none" => ("None", "Nobody"),
        other => {
            let message = format!(
                "there is no idempotency `{other}`: one of \"token\", \"token, tag\", \"tag\", \"none\""
            );
            return Err(Error::new_spanned(text, message));
        }
    };
    Ok((Ident::new(name, text.span()), Ident::new(recovery, text.span())))
}

/// Reads a duration such as `500ms`, `30s`, `5m` as milliseconds.
fn millis(text: &LitStr) -> Result<u64> {
    let value = text.value();
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &value[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor)).ok_or_else(|| {
        let message = format!("`{value}` is not a duration; write one such as \"500ms\", \"30s\", \"5m\"");
        Error::new_spanned(text, message)
    })
}

/// Reads the name of a setter.
fn setter_name(text: &LitStr) -> Result<Ident> {
    text.parse().map_err(|_| {
        let message = format!("`{}` cannot be the name of a setter; write one such as \"tag\"", text.value());
        Error::new_spanned(text, message)
    })
}

/// Refuses type parameters and lifetimes, which the generated code would not repeat.
pub(crate) fn no_generics(input: &DeriveInput, derive: &str) -> Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    let message = format!("`{derive}` needs a struct without generic parameters or lifetimes");
    Err(Error::new_spanned(&input.generics, message))
}

/// What `#[resource(…)]` says on a field.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) default: Option<Option<Expr>>,
    /// What forces a replacement: the whole field, if no part is named.
    pub(crate) force_new: Option<Vec<LitStr>>,
    pub(crate) secret: bool,
    pub(crate) volatile: bool,
    pub(crate) renew_at: bool,
    pub(crate) expires: bool,
    pub(crate) place: bool,
    pub(crate) write_only: bool,
    pub(crate) cloud_default: bool,
    /// What others write to: the field itself, if no part is named.
    pub(crate) owned_entries: Option<Vec<LitStr>>,
    /// The map of other resources that has the entries of this one.
    pub(crate) entries_of: Option<LitStr>,
    pub(crate) early: bool,
    pub(crate) live: bool,
    pub(crate) holds: bool,
    pub(crate) computed: bool,
    pub(crate) id: bool,
    pub(crate) normaliser: Option<LitStr>,
    /// The rule for its values, an expression.
    pub(crate) rule: Option<LitStr>,
    pub(crate) reference: Option<LitStr>,
    pub(crate) pattern: Option<LitStr>,
    pub(crate) inherit: Option<LitStr>,
    pub(crate) entry: Option<Ident>,
    pub(crate) item: Option<Ident>,
}

const FIELD_WORDS: &str = "default, inherit, force_new, secret, normaliser, rule, reference, entry, item, place, write_only, \
                           cloud_default, owned_entries, entries_of, live, holds, computed, id, volatile, renew_at, expires, early, pattern";

impl FieldOptions {
    pub(crate) fn read(field: &syn::Field) -> Result<Self> {
        let mut this = Self::default();
        for attribute in field.attrs.iter().filter(|a| a.path().is_ident("resource")) {
            attribute.parse_nested_meta(|meta| {
                let word = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
                match word.as_str() {
                    "default" if meta.input.peek(Token![=]) => {
                        this.default = Some(Some(meta.value()?.parse()?))
                    }
                    "default" => this.default = Some(None),
                    "force_new" => this.force_new = Some(parts(&meta)?),
                    "secret" => this.secret = true,
                    "volatile" => this.volatile = true,
                    "renew_at" => this.renew_at = true,
                    "expires" => this.expires = true,
                    "place" => this.place = true,
                    "write_only" => this.write_only = true,
                    "cloud_default" => this.cloud_default = true,
                    "owned_entries" => this.owned_entries = Some(parts(&meta)?),
                    "entries_of" => this.entries_of = Some(meta.value()?.parse()?),
                    "early" => this.early = true,
                    "live" => this.live = true,
                    "holds" => this.holds = true,
                    "computed" => this.computed = true,
                    "id" => this.id = true,
                    "normaliser" => this.normaliser = Some(meta.value()?.parse()?),
                    "rule" => this.rule = Some(meta.value()?.parse()?),
                    "reference" => this.reference = Some(checked_kind(meta.value()?.parse()?)?),
                    "inherit" => this.inherit = Some(meta.value()?.parse()?),
                    "pattern" => this.pattern = Some(meta.value()?.parse()?),
                    "entry" => this.entry = Some(setter_name(&meta.value()?.parse()?)?),
                    "item" => this.item = Some(setter_name(&meta.value()?.parse()?)?),
                    other => {
                        return Err(meta.error(format!("no such option `{other}`: one of {FIELD_WORDS}")));
                    }
                }
                Ok(())
            })?;
        }
        Ok(this)
    }
}

/// Reads the parts that `word = "a.b, a.c"` names; none where it is the word alone.
fn parts(meta: &syn::meta::ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    if !meta.input.peek(Token![=]) {
        return Ok(Vec::new());
    }
    let text: LitStr = meta.value()?.parse()?;
    Ok(text.value().split(',').map(|part| LitStr::new(part.trim(), text.span())).collect())
}
