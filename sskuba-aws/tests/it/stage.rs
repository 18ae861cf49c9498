//! The stage: a provider as a program has it, and resources that live their life on it.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sskuba_aws::Provider as Settings;
use sskuba_core::address::{Address, StackId, Token};
use sskuba_core::provider::{Change, Cx, Failure, Instance, Object, Prior, Provider, Readiness};
use sskuba_core::resource::Resource;
use sskuba_core::schema::Schema;
use sskuba_core::value::{Map, Value};
use sskuba_testkit::aws::{Moto, REGION};

const INSIDE: &str = "SSKUBA_TEST_SCENE";

/// A test: it is played in a process of its own, against a server.
macro_rules! scene {
    ($(#[$attribute:meta])* async fn $name:ident($stage:ident: $ty:ty) $body:block) => {
        $(#[$attribute])*
        #[test]
        fn $name() {
            let path = concat!(module_path!(), "::", stringify!($name));
            crate::stage::play(path, &[], async move |$stage: $ty| $body);
        }
    };
}
pub(crate) use scene;

/// Plays a scene. The outer process starts the server and this very test again, with the variables that
/// configure it; `changed` are added to them, or taken away where they are empty.
pub(crate) fn play(path: &str, changed: &[(&str, &str)], scene: impl AsyncFnOnce(Stage)) {
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    if std::env::var(INSIDE).is_ok_and(|inside| inside == name) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        return runtime.block_on(async { scene(Stage::new(name).await).await });
    }
    let Some(server) = Moto::shared() else { return };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads", "1"]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env(INSIDE, name)
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nowhere")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
    for (name, value) in changed {
        match *value {
            "" => command.env_remove(name),
            value => command.env(name, value),
        };
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    print!("{text}");
    assert!(output.status.success(), "{name} failed");
    assert!(text.contains("1 passed"), "{name} was not played");
}

/// A resource that was made.
pub(crate) struct Live<R: Resource> {
    pub(crate) cx: Cx,
    pub(crate) object: Object,
    pub(crate) inputs: Map,
    kind: std::marker::PhantomData<R>,
}

impl<R: Resource> Live<R> {
    pub(crate) fn id(&self) -> String {
        self.object.id.clone()
    }

    /// Returns a computed field.
    pub(crate) fn output(&self, name: &str) -> String {
        self.object.outputs.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(crate) fn prior(&self) -> Prior {
        Prior { id: self.id(), inputs: self.inputs.clone(), outputs: self.object.outputs.clone() }
    }
}

/// What a scene is played on.
pub(crate) struct Stage {
    pub(crate) factory: Arc<dyn Provider>,
    pub(crate) provider: Arc<dyn Instance>,
    pub(crate) settings: Option<Map>,
    pub(crate) stack: StackId,
    next: AtomicU8,
    seed: u8,
}

impl Stage {
    async fn new(name: &str) -> Self {
        let stack = name.replace("::", ".").replace('_', "-");
        // Scenes share the server, so that their tokens must differ: the physical names are made of them.
        let seed = name.bytes().fold(7_u8, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte));
        let stack = StackId::parse(&format!("local/moto/{stack}")).unwrap();
        let factory = sskuba_aws::provider();
        let provider = factory.configure(None).await.unwrap();
        Self { factory, provider, settings: None, stack, next: AtomicU8::new(1), seed }
    }

    /// Returns an instance of these settings.
    pub(crate) async fn with_provider(&self, settings: Settings) -> Arc<dyn Instance> {
        self.factory.configure(Some(&inputs(settings))).await.unwrap()
    }

    /// Goes on with a provider of these settings.
    pub(crate) async fn with(self, settings: Settings) -> Self {
        let settings = Some(inputs(settings));
        Self { provider: self.factory.configure(settings.as_ref()).await.unwrap(), settings, ..self }
    }

    pub(crate) fn cx<R: Resource>(&self, name: &str) -> Cx {
        let mut token = [self.seed; 16];
        token[0] = self.next.fetch_add(1, Ordering::Relaxed);
        Cx::new(
            self.stack.clone(),
            Address::parse(&format!("{}::{name}", R::schema().kind)).unwrap(),
            Token::new(token),
            Duration::from_secs(30),
        )
    }

    /// Makes an object and waits until it can be used, as the engine does.
    pub(crate) async fn create<R: Resource>(&self, name: &str, resource: R) -> Live<R> {
        let mut live = self.try_create(self.cx::<R>(name), resource).await.unwrap();
        while R::schema().has_early() {
            match self.provider.ready(&live.cx, &live.prior()).await.unwrap() {
                Readiness::Ready(object) => {
                    self.early(&live, &object);
                    live.object = object;
                    break;
                }
                Readiness::Pending(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                other => panic!("{}: {other:?}", live.cx.address),
            }
        }
        live
    }

    /// What was known early is final.
    fn early<R: Resource>(&self, live: &Live<R>, object: &Object) {
        for field in R::schema().outputs().filter(|field| field.early) {
            let (early, late) = (live.object.outputs.get(&*field.name), object.outputs.get(&*field.name));
            assert_eq!(early, late, "{} of {}", field.name, live.cx.address);
            // A list may be empty, such as the name servers of a private zone.
            let is_empty = late.is_none_or(|late| late.as_str() == Some(""));
            assert!(!is_empty, "{}", field.name);
        }
    }

    pub(crate) async fn try_create<R: Resource>(&self, cx: Cx, resource: R) -> Result<Live<R>, Failure> {
        let inputs = inputs(resource);
        let object = self.provider.create(&cx, &inputs).await?;
        assert!(!object.id.is_empty());
        assert_eq!(
            object.outputs.get(&*R::schema().id_field).and_then(Value::as_str),
            Some(object.id.as_str())
        );
        for field in R::schema().outputs() {
            assert!(object.outputs.contains_key(&*field.name), "{} has no {}", cx.address, field.name);
        }
        Ok(Live { cx, object, inputs, kind: std::marker::PhantomData })
    }

    pub(crate) async fn read<R: Resource>(&self, live: &Live<R>) -> Option<Object> {
        self.provider.read(&live.cx, &live.prior()).await.unwrap()
    }

    /// Returns the fields that the program set and that the service reports otherwise.
    pub(crate) async fn drift<R: Resource>(&self, live: &Live<R>) -> Vec<String> {
        let found = self.read(live).await.expect("the object is there");
        assert_eq!(found.outputs, live.object.outputs, "{}", live.cx.address);
        differing(&R::schema(), &live.inputs, &found.inputs)
    }

    /// Brings an object to other inputs, twice: an update may be repeated after an interruption.
    pub(crate) async fn update<R: Resource>(&self, live: &mut Live<R>, resource: R) {
        let change = Change { prior: live.prior(), inputs: inputs(resource) };
        self.provider.update(&live.cx, &change).await.unwrap();
        live.object = self.provider.update(&live.cx, &change).await.unwrap();
        live.inputs = change.inputs;
    }

    /// Deletes an object, twice, and sees that it is gone.
    pub(crate) async fn delete<R: Resource>(&self, live: &Live<R>) {
        self.provider.delete(&live.cx, &live.prior()).await.unwrap();
        assert_eq!(self.read(live).await, None, "{} is there after its delete", live.cx.address);
        self.provider.delete(&live.cx, &live.prior()).await.unwrap();
    }

    /// Finds an object by its token and compares it with what was made.
    pub(crate) async fn found<R: Resource>(&self, live: &Live<R>) {
        let found = self.provider.find(&live.cx).await.unwrap().expect("found by its token");
        assert_eq!(found.id, live.id());
        assert_eq!(found.outputs, live.object.outputs);
        assert_eq!(differing(&R::schema(), &live.inputs, &found.inputs), [""; 0], "{}", live.cx.address);
        let other = self.cx::<R>("other");
        assert_eq!(self.provider.find(&other).await.unwrap(), None);
    }

    /// Makes the object again with the same token: nothing new comes of it.
    pub(crate) async fn same_again<R: Resource>(&self, live: &Live<R>) {
        let again = self.provider.create(&live.cx, &live.inputs).await.unwrap();
        assert_eq!(again.id, live.id());
    }
}

/// Returns the inputs as the engine hands them in.
pub(crate) fn inputs<R: Resource>(resource: R) -> Map {
    let schema = R::schema();
    let known = resource.into_inputs().into_iter().map(|(name, expr)| {
        (name.to_string(), expr.evaluate(&|_, _| unreachable!("a scene has values, not outputs")).unwrap())
    });
    let inputs = schema.complete(known.collect());
    assert_eq!(schema.check(&inputs), []);
    inputs
}

fn differing(schema: &Schema, wanted: &Map, found: &Map) -> Vec<String> {
    let fields = schema.inputs().filter(|field| match (wanted.get(&*field.name), found.get(&*field.name)) {
        (Some(Value::Map(wanted)), Some(Value::Map(found))) if !field.owned_entries.is_empty() => {
            wanted.iter().any(|(key, value)| found.get(key) != Some(value))
        }
        (Some(wanted), Some(found)) => !field.normaliser.same(wanted, found),
        _ => false,
    });
    fields.map(|field| field.name.to_string()).collect()
}
