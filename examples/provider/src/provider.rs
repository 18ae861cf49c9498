//! The provider of the hut: two kinds, found again by their tag. Their fields are called as the API calls them, so that
//! one handler serves both.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use sskuba::prelude::*;
use sskuba::provider::*;

/// A machine in the hut.
#[derive(Resource)]
#[resource(
    kind = "hut:compute:Server",
    idempotency = "tag",
    visibility = "1s",
    create = "2s",
    made = "100ms"
)]
pub struct Server {
    /// What it is called.
    name: Input<String>,
    /// What it runs.
    #[resource(force_new)]
    image: Input<String>,
    /// What people should know of it.
    note: Option<Input<String>>,
    /// Its number.
    #[resource(computed, id, early, pattern = "srv-{digits:6}")]
    id: Computed<String>,
    /// Where it is reached, once it is up.
    address: Computed<Option<String>>,
}

/// A name that leads to a server.
#[derive(Resource)]
#[resource(kind = "hut:net:Domain", idempotency = "tag", visibility = "1s", unique = "name")]
pub struct Domain {
    /// The name.
    #[resource(force_new)]
    name: Input<String>,
    /// The id of the server.
    #[resource(reference = "hut:compute:Server")]
    server: Input<String>,
    /// Its number.
    id: Computed<String>,
}

/// A client of the API.
#[derive(Clone)]
struct Hut {
    url: Arc<str>,
    http: reqwest::Client,
}

/// Makes the provider; `url` is where the API is.
pub fn provider(url: &str) -> Arc<dyn Provider> {
    let hut = Hut { url: url.into(), http: reqwest::Client::new() };
    let here = hut.clone();
    let provider = Handlers::located("hut", move || here.clone().place());
    Arc::new(provider.resource::<Server>(hut.clone()).resource::<Domain>(hut))
}

impl Hut {
    /// Makes one call.
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        // Whether a change was made before the connection broke cannot be told.
        let make = if method == Method::GET { Failure::new } else { Failure::unknown };
        let broken = |error: reqwest::Error| make(Class::Transient, error.to_string());
        let request = self.http.request(method, format!("{}/{path}", self.url));
        let answer = body.iter().fold(request, |r, body| r.json(body)).send().await.map_err(broken)?;
        match answer.status() {
            status if status.is_success() => answer.json().await.map_err(broken),
            status => Err(Failure::of_http(status.as_u16(), answer.text().await.unwrap_or_default())),
        }
    }

    /// Finds out whose hut it is.
    async fn place(self) -> Result<Place, Failure> {
        let account = self.call(Method::GET, "account", None).await?;
        Ok(Place::of([("account", account["id"].as_str().unwrap_or_default())]))
    }

    /// Returns the objects of a kind, page by page.
    async fn all<R: Resource>(&self, filter: &str) -> Result<Vec<TypedObject<R>>, Failure> {
        let (mut found, mut next) = (Vec::new(), Some(0));
        while let Some(page) = next {
            let page = self.call(Method::GET, &path::<R>(&format!("?page={page}{filter}")), None).await?;
            let items = page["items"].as_array().into_iter().flatten();
            found.extend(items.map(TypedObject::of_json).collect::<Result<Vec<_>, _>>()?);
            next = page["next"].as_u64();
        }
        Ok(found)
    }
}

/// Returns the path of a kind's objects: `servers` of `hut:compute:Server`.
fn path<R: Resource>(rest: &str) -> String {
    format!("{}s{rest}", R::schema().kind.type_name().to_lowercase())
}

#[async_trait]
impl<R: Resource> Handler<R> for Hut {
    async fn create(&self, cx: &Cx, args: R::Args) -> Result<TypedObject<R>, Failure> {
        let body = json!({"tag": cx.token.to_string(), "fields": args});
        TypedObject::of_json(&self.call(Method::POST, &path::<R>(""), Some(body)).await?)
    }
    async fn read(&self, _: &Cx, prior: TypedPrior<R>) -> Result<Option<TypedObject<R>>, Failure> {
        let item = self.call(Method::GET, &path::<R>(&format!("/{}", prior.id)), None).await;
        Failure::unless_gone(item)?.as_ref().map(TypedObject::of_json).transpose()
    }
    async fn delete(&self, _: &Cx, prior: TypedPrior<R>) -> Result<(), Failure> {
        let gone = self.call(Method::DELETE, &path::<R>(&format!("/{}", prior.id)), None).await;
        Failure::unless_gone(gone).map(drop)
    }
    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<R>>, Failure> {
        self.all("").await
    }
    fn check(&self, _: &R::Args) -> Vec<FieldError> {
        Vec::new()
    }
}

#[async_trait]
impl<R: Resource> Update<R> for Hut {
    async fn update(&self, _: &Cx, change: TypedChange<R>) -> Result<TypedObject<R>, Failure> {
        let (path, body) = (path::<R>(&format!("/{}", change.prior.id)), json!({"fields": change.args}));
        TypedObject::of_json(&self.call(Method::PUT, &path, Some(body)).await?)
    }
}

#[async_trait]
impl<R: Resource> Find<R> for Hut {
    async fn find(&self, cx: &Cx) -> Result<Option<TypedObject<R>>, Failure> {
        Ok(self.all(&format!("&tag={}", cx.token)).await?.pop())
    }
}

#[async_trait]
impl Ready<Server> for Hut {
    async fn ready(&self, _: &Cx, prior: TypedPrior<Server>) -> Result<TypedReadiness<Server>, Failure> {
        let item = self.call(Method::GET, &format!("servers/{}", prior.id), None).await?;
        Ok(match item["status"].as_str() {
            Some("up") => TypedReadiness::Ready(TypedObject::of_json(&item)?),
            Some("failed") => TypedReadiness::Failed(item["reason"].to_string()),
            _ => TypedReadiness::Pending(None),
        })
    }
}
