{
// `key` is secret, or never given back: add it to the program's `Config`, and `config set key --secret`.
// `next`: better `base.id()` instead of base-1.
stack.add(
    "main",
    it::imported::Thing::new("it's \"\u{1b}[2J", sskuba::core::output::Literal::json("{\"note\":null,\"parts\":[{\"labels\":{\"a\":\"b\\n\\\"\"}}],\"width\":3}"), settings.key.clone())
        .count(7_u32)
        .ratio(1.5_f64)
        .on(true)
        .color(sskuba::core::output::Literal::json("\"dark_blue\""))
        .names(["x", "y"])
        .ports(vec![80_u16, 443_u16])
        .labels(std::collections::BTreeMap::from([("a".to_owned(), "b\n\"".to_owned())]))
        .limits(std::collections::BTreeMap::from([("n".to_owned(), -4_i64)]))
        .colors(sskuba::core::output::Literal::json("[\"red\",\"dark_blue\"]"))
        .policy(sskuba::core::output::Literal::json("{\"a\":[1,null,{\"b\":true}]}"))
        .r#type("odd")
        .next("base-1"),
)?;
}
