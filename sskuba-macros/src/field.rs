//! One field of a resource: which sort it is, and what its type is inside.

use syn::{Error, GenericArgument, Ident, PathArguments, Result, Type};

use crate::attributes::{FieldOptions, first_paragraph};

/// The sort of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// `Input<T>` without a default.
    Required,
    /// `Input<T>` with a default.
    Defaulted,
    /// `Option<Input<T>>`.
    Optional,
    /// `Computed<T>`.
    Computed,
}

/// A field as the derive sees it.
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) sort: Sort,
    /// The type inside `Input`, `Option<Input>` or `Computed`.
    pub(crate) inner: &'a Type,
    pub(crate) options: FieldOptions,
}

/// Returns `T` if `ty` is `wrapper<T>`.
pub(crate) fn inside<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == wrapper)?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(inner)) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

/// Returns `T` of a map's values or a list's items.
pub(crate) fn last_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.last() {
            Some(GenericArgument::Type(inner)) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

impl<'a> Field<'a> {
    pub(crate) fn read(field: &'a syn::Field) -> Result<Self> {
        let ident = field.ident.as_ref().ok_or_else(|| Error::new_spanned(field, "a named field"))?;
        let options = FieldOptions::read(field)?;
        let (sort, inner) = match (inside(&field.ty, "Computed"), inside(&field.ty, "Input")) {
            (Some(inner), _) => (Sort::Computed, inner),
            (_, Some(inner)) if options.default.is_some() => (Sort::Defaulted, inner),
            (_, Some(inner)) => (Sort::Required, inner),
            _ => match inside(&field.ty, "Option").and_then(|ty| inside(ty, "Input")) {
                Some(inner) => (Sort::Optional, inner),
                None => {
                    return Err(Error::new_spanned(
                        &field.ty,
                        "a field of a resource is `Input<T>`, `Option<Input<T>>` or `Computed<T>`",
                    ));
                }
            },
        };
        let this = Self {
            ident,
            name: ident.to_string().trim_start_matches("r#").to_owned(),
            doc: first_paragraph(&field.attrs),
            sort,
            inner,
            options,
        };
        this.check(field)?;
        Ok(this)
    }

    fn check(&self, field: &syn::Field) -> Result<()> {
        let o = &self.options;
        let computed = self.sort == Sort::Computed;
        let of_entries = o.owned_entries.is_some() || o.entries_of.is_some();
        let of_input = o.place || o.write_only || o.cloud_default || of_entries || o.live || o.holds;
        let moment = o.renew_at || o.expires;
        let of_computed = o.computed || o.id || o.volatile || moment || o.early || o.pattern.is_some();
        let wrong = if !computed && of_computed {
            Some(
                "`computed`, `id`, `volatile`, `renew_at`, `expires`, `early` and `pattern` are for fields of type `Computed<T>`",
            )
        } else if computed
            && (o.force_new.is_some() || o.default.is_some() || o.entry.is_some() || o.item.is_some())
        {
            Some("a computed field is never set, so it takes no `force_new`, `default`, `entry` or `item`")
        } else if computed && of_input {
            Some(
                "`place`, `write_only`, `cloud_default`, `owned_entries`, `entries_of`, `live` and `holds` are for inputs",
            )
        } else if o.cloud_default && self.sort != Sort::Optional {
            Some(
                "what the service chooses is left out by the program: `cloud_default` needs `Option<Input<T>>`",
            )
        } else if o.early && (o.volatile || moment) {
            Some(
                "a field that is final when the object exists does not change later: `early`, or `volatile`, `renew_at`, `expires`",
            )
        } else if o.secret && moment {
            Some("plans say when something is renewed and when it expires: neither can be `secret`")
        } else if o.inherit.is_some() && !matches!(self.sort, Sort::Defaulted | Sort::Optional) {
            Some(
                "`inherit` takes the place of what the program leaves out: it needs `default` or an `Option`",
            )
        } else if self.sort == Sort::Optional && o.default.is_some() {
            Some("an optional field has no default: write `Input<T>` with `default`, or drop the default")
        } else {
            None
        };
        wrong.map_or(Ok(()), |text| Err(Error::new_spanned(field, text)))
    }
}
