use serde_json::json;

use super::*;
use crate::output::{Input, Output};
use crate::value::MOST_DEPTH;

fn node(name: &str, options: Options) -> NodeRef {
    let address = Address::parse(&format!("it:some:Thing::{name}")).unwrap();
    NodeRef::new(StackMark::default(), 0, address, options)
}

fn field(name: &str) -> Output<i64> {
    Output::from_expr(Expr::Field(node(name, Options::default()), "id".into()))
}

fn known(_: &NodeRef, _: &str) -> Value {
    Value::from(1)
}

fn references(expr: &Expr) -> usize {
    let mut count = 0;
    expr.references(&mut |_| count += 1);
    count
}

/// In a thread with the stack that threads have by themselves.
fn on_a_thread(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 << 10).spawn(test).unwrap().join().unwrap();
}

#[test]
fn a_chain_of_a_hundred_thousand_maps_is_walked_by_loops() {
    on_a_thread(|| {
        let mut output = field("a");
        for _ in 0..100_000 {
            output = output.map(|n| n + 1);
        }
        assert_eq!(format!("{output:?}"), "Output⟨Joined(Call(it:some:Thing::a.id))⟩");
        let (expr, clone) = (output.clone().into_expr(), output);
        assert_eq!(references(&expr), 1);
        assert_eq!(expr.evaluate(&known), Ok(Value::from(100_001)));
        drop(clone);
        drop(expr);
    });
}

#[test]
fn what_is_used_twice_at_each_of_many_levels_is_computed_once() {
    on_a_thread(|| {
        let mut output = field("a");
        for _ in 0..10_000 {
            output = output.zip(&output.clone()).map(|(a, b): (i64, i64)| (a + b) % 1_000_007);
        }
        let expr = output.into_expr();
        assert_eq!(references(&expr), 2);
        let mut expected = 1;
        (0..10_000).for_each(|_| expected = expected * 2 % 1_000_007);
        assert_eq!(expr.evaluate(&known), Ok(Value::from(expected)));
    });
}

#[test]
fn what_doubles_at_each_level_is_refused_before_it_fills_the_memory() {
    let text = Output::<String>::from_expr(Expr::Value("x".into()));
    let mut list = Output::all(vec![text]).into_expr();
    for _ in 0..60 {
        list = Expr::list(vec![list.clone(), list]);
    }
    let error = list.evaluate(&known).unwrap_err();
    assert!(error.contains("a value may have 16777216 (16 MiB)"), "{error}");
}

#[test]
fn a_value_that_is_nested_too_deep_is_an_error_and_not_an_abort() {
    on_a_thread(|| {
        let mut expr = Expr::Value(Value::Null);
        for _ in 0..100_000 {
            expr = Expr::list(vec![expr]);
        }
        let error = expr.evaluate(&known).unwrap_err();
        assert_eq!(error, format!("is nested {} deep; a value may be nested 64 deep", MOST_DEPTH + 1));
        let mut map = Input::<std::collections::BTreeMap<String, i64>>::from_expr(expr);
        map.insert("a", 1.into());
        assert!(map.into_expr().evaluate(&known).is_err());
    });
}

#[test]
fn a_function_gives_neither_what_is_no_number_nor_what_is_too_deep() {
    let evaluate = |expr: Expr| expr.evaluate(&known).unwrap_err();
    let error = evaluate(field("a").map(|_| f64::NAN).into_expr());
    assert_eq!(error, "is NaN, which is no number that can be recorded");
    let deep = || (0..65).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    let error = evaluate(Expr::call(Vec::new(), move |_| Ok(deep())));
    assert_eq!(error, "is nested 65 deep; a value may be nested 64 deep");
    let error = evaluate(Input::<f64>::from(f64::INFINITY).into_expr());
    assert_eq!(error, "is infinite, which is no number that can be recorded");
}

#[test]
fn a_chain_of_dependencies_is_dropped_by_a_loop() {
    on_a_thread(|| {
        let mut last = node("first", Options::default());
        for _ in 0..100_000 {
            last = node("next", Options { depends_on: vec![last], ..Options::default() });
        }
        drop(last);
    });
}

#[test]
fn lists_and_maps_keep_the_order_of_what_was_put() {
    let mut map = Input::<std::collections::BTreeMap<String, i64>>::unset();
    let mut list = Input::<Vec<i64>>::unset();
    for (key, n) in [("b", 1), ("a", 2), ("b", 3)] {
        let shared = (map.clone(), list.clone());
        map.insert(key, n.into());
        list.push((&field("x").map(move |_| n)).into());
        drop(shared);
    }
    let value = |expr: Expr| expr.evaluate(&known).unwrap().masked().to_string();
    assert_eq!(value(map.into_expr()), r#"{"a":2,"b":3}"#);
    assert_eq!(value(list.into_expr()), "[1,2,3]");
}

#[test]
fn entries_of_two_maps_are_one_map_also_where_some_are_not_known() {
    let map = |json: serde_json::Value| Value::from_json(json);
    let joined = |all: Value, own: Value| {
        let all = Expr::Value(all).with_entries(Expr::Value(own));
        all.evaluate(&known).unwrap()
    };
    let (defaults, own) = (map(json!({"team": "data", "cost": "7"})), map(json!({"team": "own"})));
    assert_eq!(joined(defaults.clone(), own.clone()), map(json!({"team": "own", "cost": "7"})));
    assert_eq!(
        (joined(defaults.clone(), Value::Null), joined(Value::Null, own.clone())),
        (defaults.clone(), own)
    );
    assert_eq!(joined(Value::Unknown, Value::Null), Value::Unknown);
    let late = Value::Map([("late".to_owned(), Value::Unknown)].into());
    let Value::Map(with_late) = joined(defaults.clone(), late) else { panic!("a map") };
    assert_eq!((&with_late["late"], &with_late["cost"]), (&Value::Unknown, &Value::from("7")));
    assert!(joined(defaults, map(json!({"key": "x"})).into_secret()).has_secret());
}

#[test]
fn what_is_left_out_is_taken_from_the_resource_that_another_input_names() {
    let port = |group: Expr, given: Expr| {
        let mut inputs = BTreeMap::from([("group".into(), group), ("port".into(), given)]);
        inherit(&mut inputs, "port", ("group", "it:some:Thing"), "serves");
        format!("{:?}", inputs["port"])
    };
    let of = |name: &str| Expr::Field(node(name, Options::default()), "id".into());
    let unset = || Expr::Value(Value::Null);
    assert_eq!(
        port(of("a"), unset()),
        format!("{:?}", Expr::Field(node("a", Options::default()), "serves".into()))
    );
    let given = || Expr::Value(Value::from(7));
    assert_eq!(port(of("a"), given()), format!("{:?}", given()));
    assert_eq!(port(Expr::Value(Value::from("arn")), unset()), format!("{:?}", unset()));
    // The field of another kind says nothing of the resource that it names.
    let other = NodeRef::new(
        StackMark::default(),
        0,
        Address::parse("it:other:Thing::a").unwrap(),
        Options::default(),
    );
    assert_eq!(port(Expr::Field(other, "group".into()), unset()), format!("{:?}", unset()));
}
