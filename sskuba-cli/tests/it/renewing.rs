//! What ends is renewed by a plan made late enough, and a saved plan renews what was due when it was saved.

use std::sync::Arc;

use async_trait::async_trait;
use sskuba_cli::{Cli, Environment};
use sskuba_core::clock::{Clock, Timestamp};
use sskuba_core::prelude::*;
use sskuba_core::provider::{Cx, Failure, Handler, Handlers, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;

use crate::bench::{Bench, Ran};

/// A card of a library, which is good for so many milliseconds and renewed before.
#[derive(Resource)]
#[resource(kind = "shelf:card:Card", idempotency = "token")]
struct Card {
    /// For how long it is good; it is renewed after half of that.
    good_for: Input<u64>,
    /// The id.
    id: Computed<String>,
    /// When it is renewed.
    #[resource(renew_at)]
    renew_at: Computed<u64>,
    /// When it ends.
    #[resource(expires)]
    expires: Computed<u64>,
}

/// A clock that stands.
#[derive(Debug, Clone, Copy)]
struct At(u64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp(self.0)
    }
}

impl At {
    fn card(self, id: String, args: &CardArgs) -> TypedObject<Card> {
        let (renew_at, expires) = (self.0 + args.good_for / 2, self.0 + args.good_for);
        TypedObject::new(id.clone(), CardState { id, renew_at, expires })
    }
}

#[async_trait]
impl Handler<Card> for At {
    async fn create(&self, cx: &Cx, args: CardArgs) -> Result<TypedObject<Card>, Failure> {
        Ok(self.card(cx.token.to_string(), &args))
    }
    async fn read(&self, _: &Cx, prior: TypedPrior<Card>) -> Result<Option<TypedObject<Card>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }
    async fn delete(&self, _: &Cx, _: TypedPrior<Card>) -> Result<(), Failure> {
        Ok(())
    }
    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Card>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &CardArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

#[async_trait]
impl Update<Card> for At {
    async fn update(&self, _: &Cx, change: TypedChange<Card>) -> Result<TypedObject<Card>, Failure> {
        Ok(self.card(change.prior.id, &change.args))
    }
}

fn program(stack: &mut Stack) -> Result<()> {
    stack.add("ann", Card::new(2_000_u64))?;
    stack.add("bob", Card::new(4_000_u64))?;
    Ok(())
}

/// Runs the program at a moment.
async fn at(bench: &Bench, now: u64, args: &str) -> Ran {
    let provider = Arc::new(Handlers::anywhere("shelf").resource::<Card>(At(now)));
    let environment = Environment { clock: Arc::new(At(now)), ..bench.environment() };
    bench.run_given(Cli::new("library").program(program).provider(provider), args, environment).await
}

#[tokio::test]
async fn a_plan_says_what_ends_and_a_saved_one_keeps_its_moment() {
    let bench = Bench::new();
    at(&bench, 10_000, "up --yes").await.expect(0);
    at(&bench, 10_999, "preview --expect-no-changes").await.expect(0);
    let said = at(&bench, 11_000, "preview --plan later.json").await.expect(0).out;
    let because = "it expires on 1970-01-01T00:00:12.000Z, and is renewed from 1970-01-01T00:00:11.000Z on";
    assert!(said.contains(because), "{said}");
    assert!(!said.contains("bob"), "{said}");

    // By now the other card is due too; nobody has agreed to that.
    let said = at(&bench, 13_000, "up --plan later.json").await.expect(0).out;
    assert!(said.contains("1 updated"), "{said}");
    let shown = at(&bench, 13_000, "schema shelf:card:Card --json").await.expect(0).document();
    let renewed = shown["outputs"].as_array().into_iter().chain(shown["fields"].as_array()).flatten();
    let marked: Vec<&str> = renewed
        .filter(|field| field["renew_at"] == true)
        .filter_map(|field| field["name"].as_str())
        .collect();
    assert_eq!(marked, ["renew_at"], "{shown}");
    let said = at(&bench, 13_000, "up --yes").await.expect(0).out;
    assert!(said.contains("1 updated") && said.contains("bob"), "{said}");
}
