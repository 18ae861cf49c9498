//! Policies of repositories.

use super::prelude::*;

/// The policy of a repository: who may push and pull, also of other accounts.
///
/// A repository has one: two of the same repository are the same object, whatever they are called. AWS can neither tag it nor
/// takes a token for it, and would silently write over one that is there: a create asks first, and refuses with the line that
/// imports it; only what an interrupted create of this resource left, with the same document, counts as made. Its id is the
/// repository's name.
#[derive(Resource)]
#[resource(
    kind = "aws:ecr:RepositoryPolicy",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "repository_name"
)]
pub struct RepositoryPolicy {
    /// The name of the repository.
    #[resource(force_new, reference = "aws:ecr:Repository")]
    repository_name: Input<String>,
    /// The policy, as JSON, at most 10,240 characters.
    #[resource(normaliser = "json_sets", rule = "AtMost(10_240)")]
    policy: Input<String>,
    /// The repository's name.
    #[resource(computed, id, pattern = "{field:repository_name}")]
    id: Computed<String>,
}

impl Kind for RepositoryPolicy {}

#[cfg(feature = "ecr")]
#[async_trait]
impl Operations for RepositoryPolicy {
    type Api = Ecr;
    /// The document.
    type Item = String;
    const NAME: &'static str = "policy of a repository";

    /// Those of all are those of each repository.
    async fn describe(ecr: &Aws<Ecr>, which: Which) -> Result<Vec<Found<String>>, Failure> {
        let mut all = Vec::new();
        for repository in super::Repository::describe(ecr, which).await? {
            all.extend(Self::of(ecr, &text(repository.repository_name())).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<String>>, Failure> {
        Self::of(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: RepositoryPolicyArgs) -> Result<Report<Self>, Failure> {
        let (may_be_ours, name) = (call.aws.sent_creates.may_have_made(call), &args.repository_name);
        if let Some(there) = Self::of(call.aws, name).await?
            && !(may_be_ours && same_document(&there.item, &args.policy))
        {
            return Err(Failure::exists(format!("the repository {name} has a policy already"), name));
        }
        call.aws.sent_creates.send(call, Self::put(call, args)).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let delete = call.aws.delete_repository_policy().repository_name(&prior.id);
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<String>) -> Result<Report<Self>, Failure> {
        let (repository_name, policy) = (found.id.clone(), found.item.clone());
        Ok(object(RepositoryPolicyArgs { repository_name, policy }))
    }
}

#[cfg(feature = "ecr")]
#[async_trait]
impl UpdateOperation for RepositoryPolicy {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        Self::put(call, change.args).await
    }
}

#[cfg(feature = "ecr")]
impl RepositoryPolicy {
    async fn of(ecr: &Aws<Ecr>, name: &str) -> Result<Option<Found<String>>, Failure> {
        let found = there(ecr.get_repository_policy().repository_name(name).send().await.asked(ecr))?;
        let policy = found.and_then(|found| given(found.policy_text()));
        Ok(policy.map(|item| Found { id: name.to_owned(), tags: BTreeMap::new(), item }))
    }

    async fn put(call: &Call<'_>, args: RepositoryPolicyArgs) -> Result<Report<Self>, Failure> {
        let put = call.aws.set_repository_policy().repository_name(&args.repository_name);
        put.policy_text(&args.policy).send().await.sent(call)?;
        Ok(object(args))
    }
}

#[cfg(feature = "ecr")]
fn object(args: RepositoryPolicyArgs) -> Report<RepositoryPolicy> {
    let id = args.repository_name.clone();
    Report::new(id.clone(), RepositoryPolicyState { id }).args(args)
}
