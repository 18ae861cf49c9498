//! NAT gateways.

use async_trait::async_trait;
use aws_sdk_ec2::types::{ConnectivityType, NatGateway as Found, NatGatewayState as Phase, ResourceType};
use sskuba_core::provider::{Class, Failure, TypedChange, TypedObject, TypedPrior, TypedReadiness};

use super::super::call::Call;
use super::super::cloud::{Cloud, given, text};
use super::super::failure::{Outcome, gone_is_fine, is, refusal};
use super::super::stranger::met;
use super::super::tagging::{self, reported};
use super::super::wait::{self, Look};
use super::super::{Manage, not_there};
use super::{owned, the_one};
use crate::ec2::{Connectivity, NatGateway, NatGatewayArgs, NatGatewayState};

/// The code for an address that something else has: of a refusal, or of a gateway that failed.
const TAKEN: &str = "Resource.AlreadyAssociated";

#[async_trait]
impl Manage<NatGateway> for Cloud {
    async fn create(
        &self,
        call: &Call<'_>,
        args: NatGatewayArgs,
    ) -> Result<TypedObject<NatGateway>, Failure> {
        let connectivity = match args.connectivity {
            Connectivity::Public => ConnectivityType::Public,
            Connectivity::Private => ConnectivityType::Private,
        };
        let create = self.ec2.create_nat_gateway().subnet_id(&args.subnet_id).connectivity_type(connectivity);
        let create = create.set_allocation_id(args.allocation_id.clone()).client_token(call.token());
        let create = create.tag_specifications(self.spec(call, ResourceType::Natgateway, &args.tags));
        let made = match create.send().await {
            Err(error) if is(&error, &[TAKEN]) => {
                let refusal = refusal(&error, call.place);
                return Err(self.user_of(call, refusal, args.allocation_id.as_deref()).await);
            }
            other => other.sent(call.place)?.nat_gateway.ok_or_else(|| call.lacking("NAT gateway"))?,
        };
        Ok(TypedObject::new(text(made.nat_gateway_id()), state(&made)))
    }

    async fn ready(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<NatGateway>,
    ) -> Result<TypedReadiness<NatGateway>, Failure> {
        let found = self.known.nat_gateways.get(&prior.id).await?.ok_or_else(|| not_there(call))?;
        Ok(match found.state() {
            Some(Phase::Available) => TypedReadiness::Ready(object(&found)),
            Some(Phase::Failed) => {
                let (code, why) = (text(found.failure_code()), text(found.failure_message()));
                let mut failure = Failure::new(Class::Conflict, format!("{why} ({code})"));
                if code == TAKEN {
                    let address = found.nat_gateway_addresses().iter().find_map(|used| used.allocation_id());
                    failure = self.user_of(call, failure, address).await;
                }
                TypedReadiness::Failed(failure.message)
            }
            Some(Phase::Deleting | Phase::Deleted) => {
                TypedReadiness::Failed("it was deleted before it was available".to_owned())
            }
            _ => TypedReadiness::Pending(None),
        })
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<NatGateway>,
    ) -> Result<Option<TypedObject<NatGateway>>, Failure> {
        let found = self.known.nat_gateways.get(&prior.id).await?.filter(alive);
        Ok(found.map(|found| object(&found)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<NatGateway>,
    ) -> Result<TypedObject<NatGateway>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.nat_gateways.get(id).await?.ok_or_else(|| call.lacking("NAT gateway"))?;
        Ok(object(&found))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<NatGateway>) -> Result<(), Failure> {
        match self.known.nat_gateways.get(&prior.id).await? {
            Some(found) if found.state() != Some(&Phase::Deleted) => {}
            _ => return Ok(()),
        }
        let delete = self.ec2.delete_nat_gateway().nat_gateway_id(&prior.id);
        gone_is_fine(delete.send().await.sent(call.place))?;
        wait::until(call, &prior.id, || async {
            Ok(match self.known.nat_gateways.get(&prior.id).await? {
                None => Look::Done(()),
                Some(found) if found.state() == Some(&Phase::Deleted) => Look::Done(()),
                Some(found) => Look::Not(text(found.state().map(Phase::as_str))),
            })
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<NatGateway>>, Failure> {
        let found = self.ec2.describe_nat_gateways().filter(owned(call)).send().await.asked(call.place)?;
        let found = found.nat_gateways.unwrap_or_default().into_iter().filter(alive).collect();
        Ok(the_one(call, found, |found| found.tags())?.map(|found| object(&found)))
    }
}

fn alive(found: &Found) -> bool {
    !matches!(found.state(), Some(Phase::Deleted | Phase::Deleting))
}

fn state(found: &Found) -> NatGatewayState {
    let address = found.nat_gateway_addresses().first();
    NatGatewayState {
        id: text(found.nat_gateway_id()),
        public_ip: text(address.and_then(|address| address.public_ip())),
        private_ip: text(address.and_then(|address| address.private_ip())),
    }
}

fn object(found: &Found) -> TypedObject<NatGateway> {
    let connectivity = match found.connectivity_type() {
        Some(ConnectivityType::Private) => Connectivity::Private,
        _ => Connectivity::Public,
    };
    let address = found.nat_gateway_addresses().first();
    let args = NatGatewayArgs {
        subnet_id: text(found.subnet_id()),
        allocation_id: given(address.and_then(|address| address.allocation_id())),
        connectivity,
        tags: reported(found.tags()),
    };
    TypedObject::new(text(found.nat_gateway_id()), state(found)).args(args)
}

impl Cloud {
    /// Adds to a refusal which gateway has the address, if one has; else what uses it.
    async fn user_of(&self, call: &Call<'_>, mut refusal: Failure, address: Option<&str>) -> Failure {
        let of_address = |found: &Found| {
            found.nat_gateway_addresses().iter().any(|used| used.allocation_id() == address)
                && !matches!(found.state(), Some(Phase::Deleted | Phase::Failed))
        };
        let mut pages = self.ec2.describe_nat_gateways().into_paginator().items().send();
        while let Some(Ok(found)) = pages.next().await {
            if of_address(&found) {
                let (id, tags) = (text(found.nat_gateway_id()), tagging::all(found.tags()));
                return met(call, refusal.clone(), id, &tags).err().unwrap_or(refusal);
            }
        }
        let used = match address {
            Some(address) => self.known.addresses.get(address).await.ok().flatten(),
            None => None,
        };
        let user = used.as_ref().and_then(|used| used.instance_id().or(used.network_interface_id()));
        if let Some(user) = user.filter(|user| !user.is_empty()) {
            refusal.message = format!("{}: {user} has it", refusal.message);
        }
        refusal
    }
}
