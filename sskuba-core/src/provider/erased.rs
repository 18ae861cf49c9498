//! Handlers without their types: what a provider keeps of each kind.

use std::marker::PhantomData;

use async_trait::async_trait;

use super::contract::{Change, Cx, Object, Prior, Readiness};
use super::error::{Class, Failure};
use super::foresight::Foresight;
use super::handler::{Complete, LookupHandler};
use super::typed::{TypedChange, TypedObject, TypedPrior, TypedReadiness};
use crate::address::{StackId, Token};
use crate::resource::Resource;
use crate::schema::FieldError;
use crate::value::{Map, Value, get_map, map_of};

/// A handler without its type.
#[async_trait]
pub(super) trait Erased: Send + Sync {
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure>;
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure>;
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure>;
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure>;
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure>;
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure>;
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure>;
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure>;
    fn check(&self, inputs: &Map) -> Vec<FieldError>;
    /// See [`Provider::foresee`](super::Provider::foresee).
    fn foresee(&self, prior: Option<&Map>, inputs: &Map) -> Foresight {
        let _ = (prior, inputs);
        Foresight::default()
    }
    /// See [`Provider::settled`](super::Provider::settled).
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        let _ = (stack, is_settled);
    }
    /// See [`Instance::preview`](super::Instance::preview).
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        let _ = (cx, change);
        Ok(Vec::new())
    }
}

/// A kind that the program was built without the client of.
pub(super) struct Declared<C> {
    /// What every call is refused with.
    pub(super) refusal: Failure,
    /// Checks inputs.
    pub(super) check: C,
}

pub(super) struct Resourceful<R, H>(pub(super) H, pub(super) PhantomData<fn() -> R>);
pub(super) struct Lookup<R, H>(pub(super) H, pub(super) PhantomData<fn() -> R>);

pub(super) fn args_of<R: Resource>(inputs: &Map) -> Result<R::Args, Failure> {
    get_map(inputs).map_err(|error| {
        Failure::new(
            Class::Terminal,
            format!("the inputs of {} do not fit its type: {error}", R::schema().kind),
        )
    })
}

fn prior_of<R: Resource>(prior: &Prior) -> TypedPrior<R> {
    TypedPrior {
        id: prior.id.clone(),
        args: get_map(&prior.inputs).ok(),
        state: get_map(&prior.outputs).ok(),
    }
}

/// Marks what the caller gave as secret: a handler's types know only the fields that are always secret. That a field is
/// not set is worth a word only where the caller has set it.
fn keep_secrets(mut object: Object, given: &Map) -> Object {
    object.inputs.retain(|name, value| *value != Value::Null || given.contains_key(name));
    for (name, value) in &mut object.inputs {
        if given.get(name).is_some_and(Value::has_secret) && !value.has_secret() {
            *value = std::mem::take(value).into_secret();
        }
    }
    object
}

#[async_trait]
impl<R: Resource, H: Complete<R>> Erased for Resourceful<R, H> {
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let object = self.0.create(cx, args_of::<R>(inputs)?).await?.erase()?;
        Ok(keep_secrets(object, inputs))
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        Ok(match self.0.readiness(cx, prior_of(prior)).await? {
            TypedReadiness::Ready(object) => Readiness::Ready(keep_secrets(object.erase()?, &prior.inputs)),
            TypedReadiness::Pending(again) => Readiness::Pending(again),
            TypedReadiness::Failed(why) => Readiness::Failed(why),
        })
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        let object = self.0.read(cx, prior_of(prior)).await?.map(TypedObject::erase).transpose()?;
        Ok(object.map(|object| keep_secrets(object, &prior.inputs)))
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        let args = args_of::<R>(&change.inputs)?;
        let object =
            self.0.updated(cx, TypedChange { prior: prior_of(&change.prior), args }).await?.erase()?;
        Ok(keep_secrets(object, &change.inputs))
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.0.delete(cx, prior_of(prior)).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        let found = self.0.found(cx).await?.map(TypedObject::erase).transpose()?;
        Ok(found.map(|object| keep_secrets(object, &Map::new())))
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        let erased = self.0.list(cx).await?.into_iter().map(TypedObject::erase);
        erased.map(|object| Ok(keep_secrets(object?, &Map::new()))).collect()
    }
    async fn lookup(&self, cx: &Cx, _: &Map) -> Result<Map, Failure> {
        Err(Failure::new(Class::Terminal, format!("{} is not a lookup", cx.address.kind_str())))
    }
    fn check(&self, inputs: &Map) -> Vec<FieldError> {
        match get_map(inputs) {
            Ok(args) => self.0.check(&args),
            Err(_) => self.0.check_known(inputs),
        }
    }
    fn foresee(&self, prior: Option<&Map>, inputs: &Map) -> Foresight {
        let prior = prior.and_then(|prior| get_map(prior).ok());
        let args = get_map(inputs);
        args.map(|args| self.0.foresee(prior.as_ref(), &args)).unwrap_or_default()
    }
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        self.0.settled(stack, is_settled);
    }
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        let args = args_of::<R>(&change.inputs)?;
        self.0.preview(cx, TypedChange { prior: prior_of(&change.prior), args }).await
    }
}

#[async_trait]
impl<R: Resource, H: LookupHandler<R>> Erased for Lookup<R, H> {
    async fn create(&self, cx: &Cx, _: &Map) -> Result<Object, Failure> {
        Err(only_lookup(cx))
    }
    async fn ready(&self, cx: &Cx, _: &Prior) -> Result<Readiness, Failure> {
        Err(only_lookup(cx))
    }
    async fn read(&self, cx: &Cx, _: &Prior) -> Result<Option<Object>, Failure> {
        Err(only_lookup(cx))
    }
    async fn update(&self, cx: &Cx, _: &Change) -> Result<Object, Failure> {
        Err(only_lookup(cx))
    }
    async fn delete(&self, cx: &Cx, _: &Prior) -> Result<(), Failure> {
        Err(only_lookup(cx))
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        Err(only_lookup(cx))
    }
    async fn list(&self, _: &Cx) -> Result<Vec<Object>, Failure> {
        Ok(Vec::new())
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        let state = self.0.lookup(cx, args_of::<R>(inputs)?).await?;
        let outputs = map_of(&state).map_err(|error| Failure::new(Class::Terminal, error.to_string()))?;
        Ok(R::schema().seal_outputs(outputs))
    }
    fn check(&self, inputs: &Map) -> Vec<FieldError> {
        match get_map(inputs) {
            Ok(args) => self.0.check(&args),
            Err(_) => self.0.check_known(inputs),
        }
    }
}

#[async_trait]
impl<C: Fn(&Map) -> Vec<FieldError> + Send + Sync> Erased for Declared<C> {
    async fn create(&self, _: &Cx, _: &Map) -> Result<Object, Failure> {
        Err(self.refusal.clone())
    }
    async fn ready(&self, _: &Cx, _: &Prior) -> Result<Readiness, Failure> {
        Err(self.refusal.clone())
    }
    async fn read(&self, _: &Cx, _: &Prior) -> Result<Option<Object>, Failure> {
        Err(self.refusal.clone())
    }
    async fn update(&self, _: &Cx, _: &Change) -> Result<Object, Failure> {
        Err(self.refusal.clone())
    }
    async fn delete(&self, _: &Cx, _: &Prior) -> Result<(), Failure> {
        Err(self.refusal.clone())
    }
    async fn find(&self, _: &Cx) -> Result<Option<Object>, Failure> {
        Err(self.refusal.clone())
    }
    async fn list(&self, _: &Cx) -> Result<Vec<Object>, Failure> {
        Err(self.refusal.clone())
    }
    async fn lookup(&self, _: &Cx, _: &Map) -> Result<Map, Failure> {
        Err(self.refusal.clone())
    }
    fn check(&self, inputs: &Map) -> Vec<FieldError> {
        (self.check)(inputs)
    }
}

fn only_lookup(cx: &Cx) -> Failure {
    Failure::new(Class::Terminal, format!("{} can only be looked up", cx.address.kind_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::prelude::*;
    use crate::provider::{Handler, Handlers, Instance, Provider};

    /// A page.
    #[derive(Resource, Debug)]
    #[resource(kind = "demo:typed:Page", idempotency = "tag")]
    struct Page {
        /// Its title.
        title: Input<String>,
        /// A note.
        note: Option<Input<String>>,
        /// What the service chooses.
        #[resource(cloud_default)]
        zone: Option<Input<String>>,
        /// What it never gives back.
        #[resource(write_only)]
        key: Option<Input<String>>,
        /// The id.
        id: Computed<String>,
    }

    #[test]
    fn what_is_none_in_a_report_is_not_set_and_what_is_not_reported_says_nothing() {
        let args = PageArgs { title: "t".into(), note: None, zone: None, key: None };
        let object = || TypedObject::<Page>::new("1", PageState { id: "1".into() });
        let reported = |object: TypedObject<Page>, given: &[&str]| {
            let given = given.iter().map(|name| ((*name).to_owned(), Value::from("x"))).collect();
            keep_secrets(object.erase().unwrap(), &given).inputs
        };
        assert_eq!(reported(object(), &["title", "note"]), Map::new(), "nothing is reported");
        let title = || ("title".to_owned(), Value::from("t"));
        let null = |name: &str| (name.to_owned(), Value::Null);
        let whole = || object().args(args.clone());
        assert_eq!(reported(whole(), &["title"]), [title()].into(), "the program says nothing of it");
        assert_eq!(reported(whole(), &["note", "zone", "key"]), [title(), null("note"), null("zone")].into());
        let partly = whole().unreported(["note"]);
        assert_eq!(reported(partly, &["note"]), [title()].into());
    }

    fn cx(kind: &str) -> Cx {
        let stack = StackId::parse("local/demo/dev").unwrap();
        let address = Address::parse(&format!("{kind}::main")).unwrap();
        Cx::new(stack, address, Token::new([7; 16]), std::time::Duration::from_secs(1))
    }

    #[tokio::test]
    async fn a_declared_kind_is_checked_and_its_calls_are_refused() {
        let refusal = Failure::new(Class::Terminal, "no client").hint("build it with one");
        let short = |args: &PageArgs| {
            let message = "is empty".to_owned();
            let empty = args.title.is_empty();
            empty.then(|| FieldError { field: "title".to_owned(), message }).into_iter().collect()
        };
        let handlers = Handlers::anywhere("demo").declared::<Page>(refusal.clone(), short, |_| Vec::new());
        let inputs = |title: Value| Map::from([("title".to_owned(), title)]);
        assert_eq!(handlers.check(&Page::schema(), &inputs("".into())).len(), 1);
        assert_eq!(handlers.check(&Page::schema(), &inputs("a".into())), []);
        assert_eq!(handlers.check(&Page::schema(), &inputs(Value::Unknown)), []);
        let (cx, prior) = (cx("demo:typed:Page"), Prior::default());
        assert_eq!(handlers.create(&cx, &inputs("a".into())).await, Err(refusal.clone()));
        assert_eq!(handlers.read(&cx, &prior).await, Err(refusal.clone()));
        assert_eq!(handlers.delete(&cx, &prior).await, Err(refusal.clone()));
        assert_eq!(handlers.find(&cx).await, Err(refusal.clone()));
        assert_eq!(handlers.list(&cx).await, Err(refusal));
    }

    /// A stone: nothing of it changes.
    #[derive(Resource)]
    #[resource(kind = "demo:typed:Stone", idempotency = "token")]
    struct Stone {
        /// Its weight.
        #[resource(force_new)]
        weight: Input<u32>,
        /// The id.
        id: Computed<String>,
    }

    struct Stones;

    #[async_trait]
    impl Handler<Stone> for Stones {
        async fn create(&self, _: &Cx, _: StoneArgs) -> Result<TypedObject<Stone>, Failure> {
            Ok(TypedObject::new("1", StoneState { id: "1".into() }))
        }
        async fn read(
            &self,
            _: &Cx,
            prior: TypedPrior<Stone>,
        ) -> Result<Option<TypedObject<Stone>>, Failure> {
            Ok(Some(TypedObject::new(prior.id.clone(), StoneState { id: prior.id })))
        }
        async fn delete(&self, _: &Cx, _: TypedPrior<Stone>) -> Result<(), Failure> {
            Ok(())
        }
        async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Stone>>, Failure> {
            Err(Failure::unlisted("nobody counts them"))
        }
        fn check(&self, _: &StoneArgs) -> Vec<FieldError> {
            Vec::new()
        }
    }

    #[tokio::test]
    async fn what_is_only_replaced_is_not_changed_and_is_read_where_its_version_grew() {
        let stones = Handlers::anywhere("demo").resource::<Stone>(Stones);
        let weight = |weight: i64| Map::from([("weight".to_owned(), Value::from(weight))]);
        let cx = cx("demo:typed:Stone");
        let prior = Prior { id: "1".into(), inputs: weight(7), outputs: Map::new() };
        let change = |inputs| Change { prior: prior.clone(), inputs };
        assert_eq!(stones.update(&cx, &change(weight(7))).await.unwrap().id, "1");
        let refused = stones.update(&cx, &change(weight(8))).await.unwrap_err();
        assert_eq!(refused.message, "demo:typed:Stone cannot be changed");
        assert_eq!(stones.find(&cx).await, Ok(None));
        let unlisted = stones.list(&cx).await.unwrap_err();
        assert_eq!(unlisted.message, "there is no list of these: nobody counts them");
    }
}
