//! `#[derive(Resource)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Error, LitStr, Result};

use crate::attributes::{Kind, first_paragraph, named_fields, no_generics};
use crate::core_path::core_path;
use crate::field::{Field, Sort, last_argument};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let kind = Kind::read(input)?;
    no_generics(input, "Resource")?;
    let mut fields = Vec::new();
    let mut errors: Option<Error> = None;
    for field in named_fields(input, "Resource")? {
        match Field::read(field) {
            Ok(field) => fields.push(field),
            Err(error) => match &mut errors {
                Some(all) => all.combine(error),
                None => errors = Some(error),
            },
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    let mut marked = fields.iter().filter(|f| f.options.id);
    if let (Some(_), Some(second)) = (marked.next(), marked.next()) {
        return Err(Error::new_spanned(second.ident, "a second `id`: one field holds the provider's id"));
    }
    let marked = fields.iter().find(|f| f.options.id);
    let id = marked.or_else(|| fields.iter().find(|f| f.sort == Sort::Computed && f.name == "id"));
    if id.is_none() && !kind.lookup {
        return Err(Error::new_spanned(
            &input.ident,
            "which field is the provider's id? Add `#[resource(computed, id)] id: Computed<String>`",
        ));
    }
    let id = id.map_or(String::new(), |field| field.name.clone());
    let core = core_path();
    let builder = builder(input, &fields, &core);
    let types = types(input, &fields, &core);
    let outputs = outputs(input, &fields, &core);
    let implementation = implementation(input, &kind, &fields, &id, &core);
    Ok(quote! { #builder #types #outputs #implementation })
}

fn builder(input: &DeriveInput, fields: &[Field<'_>], core: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let required: Vec<_> = fields.iter().filter(|f| f.sort == Sort::Required).collect();
    let parameters = required.iter().map(|f| {
        let (ident, ty) = (f.ident, f.inner);
        quote!(#ident: impl ::std::convert::Into<#core::output::Input<#ty>>)
    });
    let values = fields.iter().map(|f| {
        let ident = f.ident;
        match f.sort {
            Sort::Required => quote!(#ident: #ident.into()),
            Sort::Defaulted => quote!(#ident: #core::output::Input::unset()),
            Sort::Optional => quote!(#ident: ::std::option::Option::None),
            Sort::Computed => quote!(#ident: ::std::default::Default::default()),
        }
    });
    let setters = fields.iter().map(|f| setter(f, core));
    let needs: String = required.iter().map(|f| format!("\n- `{}`: {}", f.name, f.doc)).collect();
    let doc = format!("Declares one with what it needs; everything else has a setter.\n{needs}");
    quote! {
        impl #name {
            #[doc = #doc]
            #[expect(clippy::new_without_default, reason = "a declaration has no neutral value", )]
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#values),* }
            }
            #(#setters)*
        }
    }
}

fn setter(field: &Field<'_>, core: &TokenStream) -> TokenStream {
    let (ident, ty, doc) = (field.ident, field.inner, &field.doc);
    let assign = match field.sort {
        Sort::Required | Sort::Computed => return quote!(),
        Sort::Defaulted => quote!(self.#ident = value.into();),
        Sort::Optional => quote!(self.#ident = ::std::option::Option::Some(value.into());),
    };
    let target = match field.sort {
        Sort::Optional => quote!(self.#ident.get_or_insert_with(#core::output::Input::unset)),
        _ => quote!(self.#ident),
    };
    let one = last_argument(ty);
    let entry = field.options.entry.as_ref().map(|name| {
        let doc = format!("Adds one entry to `{}`. {doc}", field.name);
        quote! {
            #[doc = #doc]
            #[must_use]
            pub fn #name(
                mut self,
                key: impl ::std::convert::Into<::std::string::String>,
                value: impl ::std::convert::Into<#core::output::Input<#one>>,
            ) -> Self {
                #target.insert(key, value.into());
                self
            }
        }
    });
    let item = field.options.item.as_ref().map(|name| {
        let doc = format!("Adds one item to `{}`. {doc}", field.name);
        quote! {
            #[doc = #doc]
            #[must_use]
            pub fn #name(mut self, value: impl ::std::convert::Into<#core::output::Input<#one>>) -> Self {
                #target.push(value.into());
                self
            }
        }
    });
    let doc = format!("Sets `{}`. {doc}", field.name);
    quote! {
        #[doc = #doc]
        #[must_use]
        pub fn #ident(mut self, value: impl ::std::convert::Into<#core::output::Input<#ty>>) -> Self {
            #assign
            self
        }
        #entry
        #item
    }
}

fn types(input: &DeriveInput, fields: &[Field<'_>], core: &TokenStream) -> TokenStream {
    let vis = &input.vis;
    let (args, state) = (format_ident!("{}Args", input.ident), format_ident!("{}State", input.ident));
    let serde = format!("{core}::__private::serde").replace(' ', "");
    let member = |field: &Field<'_>| {
        let (ident, ty, doc) = (field.ident, field.inner, &field.doc);
        match field.sort {
            Sort::Optional => quote! {
                #[doc = #doc]
                #[serde(default, skip_serializing_if = "::std::option::Option::is_none")]
                pub #ident: ::std::option::Option<#ty>
            },
            _ => quote!(#[doc = #doc] pub #ident: #ty),
        }
    };
    let inputs = fields.iter().filter(|f| f.sort != Sort::Computed).map(member);
    let computed = fields.iter().filter(|f| f.sort == Sort::Computed).map(member);
    let (inputs_doc, state_doc) = (
        format!("The resolved inputs of a [`{}`].", input.ident),
        format!("The computed fields of a [`{}`].", input.ident),
    );
    let derives = quote! {
        #[derive(
            ::std::clone::Clone, ::std::fmt::Debug,
            #core::__private::serde::Serialize, #core::__private::serde::Deserialize
        )]
        #[serde(crate = #serde)]
    };
    quote! {
        #[doc = #inputs_doc]
        #derives
        #vis struct #args { #(#inputs),* }
        #[doc = #state_doc]
        #derives
        #vis struct #state { #(#computed),* }
    }
}

fn outputs(input: &DeriveInput, fields: &[Field<'_>], core: &TokenStream) -> TokenStream {
    let vis = &input.vis;
    let name = format_ident!("{}Outputs", input.ident);
    let accessors = fields.iter().map(|field| {
        let (ident, ty, doc, key) = (field.ident, field.inner, &field.doc, &field.name);
        let ty = match field.sort {
            Sort::Optional => quote!(::std::option::Option<#ty>),
            _ => quote!(#ty),
        };
        quote! {
            #[doc = #doc]
            pub fn #ident(&self) -> #core::output::Output<#ty> {
                #core::output::Output::from_expr(#core::expr::Expr::Field(self.node.clone(), ::std::borrow::Cow::Borrowed(#key)))
            }
        }
    });
    let doc = format!("The fields of a declared [`{}`].", input.ident);
    quote! {
        #[doc = #doc]
        #[derive(::std::clone::Clone, ::std::fmt::Debug)]
        #vis struct #name { node: #core::expr::NodeRef }
        impl #name { #(#accessors)* }
    }
}

fn implementation(
    input: &DeriveInput,
    kind: &Kind,
    fields: &[Field<'_>],
    id: &str,
    core: &TokenStream,
) -> TokenStream {
    let name = &input.ident;
    let (args, state, outputs) =
        (format_ident!("{name}Args"), format_ident!("{name}State"), format_ident!("{name}Outputs"));
    let inserts = fields.iter().map(|field| {
        let (ident, key) = (field.ident, &field.name);
        match field.sort {
            Sort::Computed => quote!(let _ = &self.#ident;),
            Sort::Optional => quote! {
                if let ::std::option::Option::Some(input) = self.#ident { inputs.insert(::std::borrow::Cow::Borrowed(#key), input.into_expr()); }
            },
            _ => quote!(inputs.insert(::std::borrow::Cow::Borrowed(#key), self.#ident.into_expr());),
        }
    });
    let inherited =
        fields.iter().filter_map(|field| Some(inherit(field, field.options.inherit.as_ref()?, fields, core)));
    let schema = schema(input, kind, fields, id, core);
    let sort = if kind.lookup { quote!(Lookup) } else { quote!(Managed) };
    let text = kind.kind.value();
    let mut words = text.split(':');
    let provider = number_of(words.next().unwrap_or_default());
    let provider = quote!(#core::resource::Of<#provider>);
    let instance =
        is_instance(&text).then(|| quote!(impl #core::resource::InstanceOf<#provider> for #name {}));
    let recovery = &kind.recovery;
    let mut inputs = fields.iter().filter(|f| f.sort != Sort::Computed);
    let renews = fields.iter().any(|f| f.options.renew_at);
    let change = if !renews && inputs.all(|f| f.options.force_new.as_ref().is_some_and(Vec::is_empty)) {
        quote!(Replaced)
    } else {
        quote!(InPlace)
    };
    let readiness = if fields.iter().any(|f| f.options.early) { quote!(Later) } else { quote!(AtOnce) };
    quote! {
        impl #core::resource::#sort for #name {}
        #instance
        impl #core::resource::Resource for #name {
            type Args = #args;
            type State = #state;
            type Outputs = #outputs;
            type Provider = #provider;
            type Recovery = #core::resource::#recovery;
            type Change = #core::resource::#change;
            type Readiness = #core::resource::#readiness;
            fn schema() -> ::std::sync::Arc<#core::schema::Schema> {
                static SCHEMA: ::std::sync::OnceLock<::std::sync::Arc<#core::schema::Schema>> =
                    ::std::sync::OnceLock::new();
                ::std::sync::Arc::clone(SCHEMA.get_or_init(|| ::std::sync::Arc::new(#schema)))
            }
            fn into_inputs(self) -> ::std::collections::BTreeMap<#core::schema::Text, #core::expr::Expr> {
                let mut inputs = ::std::collections::BTreeMap::new();
                #(#inserts)*
                #(#inherited)*
                inputs
            }
            fn outputs(node: &#core::expr::NodeRef) -> #outputs {
                #outputs { node: node.clone() }
            }
        }
    }
}

/// Returns a number that stands for a provider's name in types: FNV-1a of it, in 128 bits.
fn number_of(name: &str) -> u128 {
    name.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |sum, byte| {
        (sum ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

fn schema(
    input: &DeriveInput,
    kind: &Kind,
    fields: &[Field<'_>],
    id: &str,
    core: &TokenStream,
) -> TokenStream {
    let Kind { kind: kind_text, version, idempotency, visibility, create, made, update, delete, .. } = kind;
    let (delete_first, asks, guarded) = (kind.delete_first, kind.asks, kind.guarded);
    let may_be_away = kind.may_be_away;
    let role = match kind.lookup {
        true => quote!(Lookup),
        false if is_instance(&kind_text.value()) => quote!(Instance),
        false => quote!(Resource),
    };
    let name = &input.ident;
    let migrate = option(
        (*version > 1)
            .then(|| quote!(<#name as #core::resource::Migrate>::migrate as #core::schema::Migration)),
    );
    let parallel = option(kind.parallel.map(|n| quote!(#n)));
    let updates = option(kind.updates.map(|n| quote!(#n)));
    let deleting = option(kind.deleting.as_ref().map(|text| quote!(::std::borrow::Cow::Borrowed(#text))));
    let replacing = option(kind.replacing.as_ref().map(|text| match text.parse::<syn::Path>() {
        Ok(path) => quote!(#path as #core::schema::Replacing),
        Err(error) => error.to_compile_error(),
    }));
    let unique = kind.unique.iter().map(|key| unique(key, fields));
    let doc = first_paragraph(&input.attrs);
    let fields = fields.iter().map(|field| field_schema(field, core));
    let millis = |n: &u64| quote!(::std::time::Duration::from_millis(#n));
    let (visibility, create, made, update, delete) =
        (millis(visibility), millis(create), millis(made), millis(update), millis(delete));
    quote! {
        #core::schema::Schema {
            kind: #core::__private::kind(#kind_text),
            rust: ::std::borrow::Cow::Borrowed(::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name))),
            doc: ::std::borrow::Cow::Borrowed(#doc),
            version: #version,
            migrate: #migrate,
            fields: ::std::vec![#(#fields),*],
            idempotency: #core::schema::Idempotency::#idempotency,
            visibility: #visibility,
            expected: #core::schema::Durations {
                create: #create,
                made: #made,
                update: #update,
                delete: #delete,
            },
            delete_first: #delete_first,
            deleting: #deleting,
            asks: #asks,
            guarded: #guarded,
            may_be_away: #may_be_away,
            replacing: #replacing,
            unique: ::std::vec![#(#unique),*],
            role: #core::schema::Role::#role,
            id_field: ::std::borrow::Cow::Borrowed(#id),
            parallel: #parallel,
            parallel_updates: #updates,
        }
    }
}

/// Tells whether a kind is that of a provider's instances: `NAME:provider:Instance`.
fn is_instance(kind: &str) -> bool {
    kind.split(':').nth(1) == Some("provider")
}

/// Takes what the program leaves out from the resource that another input names.
fn inherit(field: &Field<'_>, path: &syn::LitStr, fields: &[Field<'_>], core: &TokenStream) -> TokenStream {
    let (text, name) = (path.value(), &field.name);
    let of = |by: &str| fields.iter().find(|field| field.name == by)?.options.reference.as_ref();
    match text.split_once('.').and_then(|(by, theirs)| Some((by, theirs, of(by)?))) {
        Some((by, theirs, kind)) => quote!(#core::expr::inherit(&mut inputs, #name, (#by, #kind), #theirs);),
        None => {
            let message = "write an input with a `reference` and a field of that kind, as in \
                           `inherit = \"target_group_arn.port\"`";
            Error::new_spanned(path, message).to_compile_error()
        }
    }
}

/// Returns the fields of a key, each an input of the resource.
fn unique(key: &syn::LitStr, fields: &[Field<'_>]) -> TokenStream {
    let text = key.value();
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_input = |name: &str| fields.iter().any(|f| f.name == name && f.sort != Sort::Computed);
    match names.iter().find(|name| !is_input(name)) {
        Some(name) => {
            let message = format!(
                "`{name}` is no input of this kind; write them as in `unique = \"table, destination\"`"
            );
            Error::new_spanned(key, message).to_compile_error()
        }
        None => quote!(::std::vec![#(::std::borrow::Cow::Borrowed(#names)),*]),
    }
}

fn option(tokens: Option<TokenStream>) -> TokenStream {
    match tokens {
        Some(tokens) => quote!(::std::option::Option::Some(#tokens)),
        None => quote!(::std::option::Option::None),
    }
}

fn field_schema(field: &Field<'_>, core: &TokenStream) -> TokenStream {
    let (name, doc, ty, o) = (&field.name, &field.doc, field.inner, &field.options);
    let (required, computed) = (field.sort == Sort::Required, field.sort == Sort::Computed);
    // What an update makes anew has another end.
    let (volatile, secret) = (o.volatile || o.renew_at || o.expires, o.secret);
    let moment = |marked: bool| match marked {
        true => quote!(<#ty as #core::schema::Moment>::mark()),
        false => quote!(false),
    };
    let (renew_at, expires) = (moment(o.renew_at), moment(o.expires));
    let force_new = o.force_new.as_ref().is_some_and(Vec::is_empty);
    let force_new_parts = paths(field, o.force_new.as_deref().unwrap_or_default(), core);
    let owned_entries = match o.owned_entries.as_deref() {
        None => quote!(::std::vec::Vec::new()),
        Some([]) => quote!(::std::vec![#core::value::FieldPath::of(#name)]),
        Some(parts) => paths(field, parts, core),
    };
    let entries_of = option(o.entries_of.as_ref().map(|name| quote!(::std::borrow::Cow::Borrowed(#name))));
    let (place, write_only, cloud_default) = (o.place, o.write_only, o.cloud_default);
    let (early, live, holds) = (o.early, o.live, o.holds);
    let default = option(o.default.as_ref().map(|default| {
        let value = match default {
            Some(expr) => quote!(#expr),
            None => quote!(<#ty as ::std::default::Default>::default()),
        };
        quote!({
            let value: #ty = #value;
            #core::value::Value::of(&value).unwrap_or_default()
        })
    }));
    let normaliser = normaliser(o.normaliser.as_ref(), core);
    let rule = option(o.rule.as_ref().map(|text| match text.parse::<syn::Expr>() {
        Ok(rule) => quote!(|value| #core::schema::Rule::broken(&#rule, value)),
        Err(error) => error.to_compile_error(),
    }));
    let reference = option(o.reference.as_ref().map(|text| quote!(::std::borrow::Cow::Borrowed(#text))));
    let pattern = option(o.pattern.as_ref().map(|text| quote!(::std::borrow::Cow::Borrowed(#text))));
    quote! {
        #core::schema::Field {
            name: ::std::borrow::Cow::Borrowed(#name),
            doc: ::std::borrow::Cow::Borrowed(#doc),
            shape: <#ty as #core::schema::Shape>::shape(),
            required: #required,
            computed: #computed,
            force_new: #force_new,
            force_new_parts: #force_new_parts,
            secret: #secret || <#ty as #core::schema::Shape>::is_secret(),
            volatile: #volatile,
            renew_at: #renew_at,
            expires: #expires,
            place: #place,
            write_only: #write_only,
            cloud_default: #cloud_default,
            owned_entries: #owned_entries,
            entries_of: #entries_of,
            early: #early,
            live: #live,
            holds: #holds,
            normaliser: #normaliser,
            rule: #rule,
            default: #default,
            reference: #reference,
            pattern: #pattern,
        }
    }
}

/// Returns how the values of a field are compared.
fn normaliser(normaliser: Option<&LitStr>, core: &TokenStream) -> TokenStream {
    match normaliser.map(|text| (text, text.value())) {
        None => quote!(#core::schema::Normaliser::Exact),
        Some((_, word)) if word == "cidr" => quote!(#core::schema::Normaliser::Cidr),
        Some((_, word)) if word == "json" => quote!(#core::schema::Normaliser::Json),
        Some((_, word)) if word == "json_sets" => quote!(#core::schema::Normaliser::JsonSets),
        Some((_, word)) if word == "set" => quote!(#core::schema::Normaliser::Set),
        Some((_, word)) if word == "case_insensitive" => quote!(#core::schema::Normaliser::CaseInsensitive),
        Some((_, word)) if word == "base64" => quote!(#core::schema::Normaliser::Base64),
        Some((text, _)) => match text.parse::<syn::Path>() {
            Ok(path) => quote!(#core::schema::Normaliser::Function(#path)),
            Err(error) => error.to_compile_error(),
        },
    }
}

/// Returns the paths of parts of a field, which an attribute names.
fn paths(field: &Field<'_>, parts: &[LitStr], core: &TokenStream) -> TokenStream {
    let name = &field.name;
    let path = |text: &LitStr| {
        let value = text.value();
        let path = value.trim();
        if path.strip_prefix(name.as_str()).is_some_and(is_part) {
            quote!(#core::__private::path(#path))
        } else {
            let message = format!(
                "`{path}` is no part of `{name}`; write it as in `{name}.labels` or `{name}[*].port`"
            );
            Error::new_spanned(text, message).to_compile_error()
        }
    };
    let parts = parts.iter().map(path);
    quote!(::std::vec![#(#parts),*])
}

/// Tells whether a text is what follows a field's name in the path of a part of it: `.labels`, `[*].port`, `.**`.
fn is_part(rest: &str) -> bool {
    let plain =
        |key: &str| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let mut segments = rest.split('.');
    let steps = |text: &str| text.is_empty() || text.split("[*]").all(str::is_empty);
    let first = segments.next().unwrap_or_default();
    let mut left = segments.peekable();
    let mut good = steps(first) && !rest.is_empty();
    while let Some(segment) = left.next() {
        let key = segment.split('[').next().unwrap_or_default();
        let last = left.peek().is_none();
        good &= match segment {
            "*" => true,
            "**" => last,
            _ => plain(key) && steps(&segment[key.len()..]),
        };
    }
    good
}
