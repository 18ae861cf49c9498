//! Schematics that a factory is told of.

use async_trait::async_trait;
use sskuba_core::provider::{
    Class, Cx, Failure, Foresight, Handler, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba_core::schema::FieldError;
use sskuba_core::value::{Map, Value};

use super::{Api, invalid};
use crate::client::{Factory, FactoryError};
use crate::resources::{Image, ImageArgs, ImageState, Kind};

fn failed(error: FactoryError) -> Failure {
    match error {
        FactoryError::Silent { .. } => Failure::new(Class::Transient, error.to_string()),
        FactoryError::Refused { status, .. } if status >= 500 || status == 429 => {
            Failure::new(Class::Transient, error.to_string())
        }
        FactoryError::Refused { status: 400 | 422, .. } => invalid("schematic", error),
        _ => Failure::new(Class::Terminal, error.to_string())
            .hint("compare the factory's version with what this release knows of schematics"),
    }
}

impl Api {
    /// Tells the factory, if there is one.
    async fn image(&self, args: &ImageArgs) -> Result<TypedObject<Image>, Failure> {
        let id = args.schematic.id();
        if let Some(url) = &args.factory {
            Factory::new(url, self.settings.deadline).post(&args.schematic).await.map_err(failed)?;
        }
        Ok(TypedObject::new(id.clone(), ImageState { id }))
    }
}

#[async_trait]
impl Handler<Image> for Api {
    async fn create(&self, _: &Cx, args: ImageArgs) -> Result<TypedObject<Image>, Failure> {
        self.image(&args).await
    }

    /// A factory forgets nothing.
    async fn read(&self, _: &Cx, prior: TypedPrior<Image>) -> Result<Option<TypedObject<Image>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Image>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Image>>, Failure> {
        Err(Failure::unlisted("a factory does not say what it was told"))
    }

    fn check(&self, args: &ImageArgs) -> Vec<FieldError> {
        Image::mistakes(args)
    }

    fn foresee(&self, _: Option<&ImageArgs>, args: &ImageArgs) -> Foresight {
        let id = Value::from(args.schematic.id().as_str());
        Foresight { outputs: Map::from([("id".to_owned(), id)]), ..Foresight::default() }
    }
}

#[async_trait]
impl Update<Image> for Api {
    /// Another factory is told.
    async fn update(&self, _: &Cx, change: TypedChange<Image>) -> Result<TypedObject<Image>, Failure> {
        self.image(&change.args).await
    }
}
