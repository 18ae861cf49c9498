//! Random programs, one after the other on what the ones before left, some of them interrupted: every plan lints
//! clean, is made the same way twice, goes along all edges, and once it is carried out there is nothing left to do.

use proptest::prelude::*;

use super::kinds::{Host, Name, Net, Zones};
use super::show::show;
use super::world::World;
use crate::plan::{Action, Plan, Step, Subject, Verdict};
use crate::planning::PlanOptions;
use crate::prelude::*;
use crate::state::Status;

/// One resource: which kind, which values, whom it uses, which options.
#[derive(Debug, Clone, Copy)]
struct Spec {
    there: bool,
    /// What it is called in this round; the place in the list says who it is.
    renamed: bool,
    soft: u8,
    hard: u8,
    uses: [u8; 2],
    options: u8,
}

/// A round: what is declared, how many calls are made before the run is cut off, who drifted.
#[derive(Debug, Clone)]
struct Round {
    specs: Vec<Spec>,
    calls: usize,
    order: u64,
    broken: Vec<(u8, bool)>,
}

const RESOURCES: usize = 9;

fn spec() -> impl Strategy<Value = Spec> {
    let parts = (prop::bool::weighted(0.8), prop::bool::weighted(0.2), 0..3_u8, 0..3_u8);
    (parts, any::<[u8; 2]>(), any::<u8>()).prop_map(|((there, renamed, soft, hard), uses, options)| Spec {
        there,
        renamed,
        soft,
        hard,
        uses,
        options,
    })
}

fn round() -> impl Strategy<Value = Round> {
    let specs = prop::collection::vec(spec(), RESOURCES);
    let calls = prop_oneof![2 => Just(usize::MAX), 1 => 1..6_usize];
    let broken = prop::collection::vec((0..RESOURCES as u8, any::<bool>()), 0..2);
    (specs, calls, any::<u64>(), broken).prop_map(|(specs, calls, order, broken)| Round {
        specs,
        calls,
        order,
        broken,
    })
}

/// The ids of those that were declared before, and what changes whenever one of them does.
#[derive(Default)]
struct Known {
    ids: Vec<Output<String>>,
    etags: Vec<Output<String>>,
}

impl Known {
    fn pick(&self, at: u8) -> Option<Output<String>> {
        self.ids.get(usize::from(at).checked_rem(self.ids.len() + 1)?).cloned()
    }

    fn etag(&self, at: u8) -> Option<Output<String>> {
        self.etags.get(usize::from(at).checked_rem(self.etags.len() + 2)?).cloned()
    }
}

/// Gentle programs have nothing that is deleted before it is made anew.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    Gentle,
    Harsh,
}

fn options<R: Resource>(handle: Handle<R>, spec: Spec, i: usize, manner: Manner) -> Handle<R> {
    let former = if spec.renamed { format!("r{i}") } else { format!("r{i}-new") };
    let handle = handle.alias(&former);
    let handle =
        if spec.options & 3 == 0 && manner == Manner::Harsh { handle.delete_before_create() } else { handle };
    if spec.options & 60 == 0 { handle.retain_on_delete() } else { handle }
}

fn declare_name(stack: &mut Stack, known: &mut Known, name: String, spec: &Spec, i: usize) -> Result {
    let [first, second] = spec.uses;
    let mut named = match known.etag(first).filter(|_| spec.options & 8 == 0) {
        Some(etag) => Name::new(etag),
        None => Name::new(format!("n{}", spec.hard)),
    };
    if let Some(target) = known.pick(second) {
        named = named.target(target);
    }
    known.ids.push(options(stack.add(name, named)?, *spec, i, Manner::Harsh).id());
    Ok(())
}

fn declare(stack: &mut Stack, specs: &[Spec], manner: Manner) -> Result {
    let mut known = Known::default();
    for (i, spec) in specs.iter().enumerate().filter(|(_, spec)| spec.there) {
        let name = if spec.renamed { format!("r{i}-new") } else { format!("r{i}") };
        let [first, second] = spec.uses;
        match i % 3 {
            0 => {
                let cidr = format!("10.{}.0.0/16", spec.hard);
                let net = stack.add(name, Net::new(cidr).tag("soft", spec.soft.to_string()))?;
                let net = options(net, *spec, i, manner);
                known.etags.push(net.etag());
                known.ids.push(net.id());
            }
            2 if manner == Manner::Harsh => declare_name(stack, &mut known, name, spec, i)?,
            _ => {
                let net = known
                    .pick(first)
                    .or(known.etag(second))
                    .unwrap_or(Output::from_expr(crate::expr::Expr::Value("nowhere".into())));
                let mut host = Host::new(net).size(u32::from(spec.soft) + 1);
                if let Some(peer) = known.pick(second) {
                    host = host.peer(peer);
                }
                if spec.options & 7 == 1 {
                    let zones = stack.read(
                        format!("z{i}"),
                        match known.etag(first) {
                            Some(etag) => Zones::new().region(etag),
                            None => Zones::new(),
                        },
                    )?;
                    host = host.peers(zones.names());
                }
                known.ids.push(options(stack.add(name, host)?, *spec, i, manner).id());
            }
        }
    }
    if let Some(id) = known.ids.last() {
        stack.export("last", id.clone());
    }
    Ok(())
}

/// Leaves records as a refresh, or an update that was interrupted, would.
fn damage(world: &mut World, broken: &[(u8, bool)]) {
    for (at, drifted) in broken {
        let names: Vec<String> = world
            .state
            .records()
            .filter(|record| record.status != Status::Superseded)
            .map(|record| record.address.name().to_owned())
            .collect();
        let Some(name) = names.get(usize::from(*at).checked_rem(names.len()).unwrap_or(0)) else { return };
        world.edit(name, |record| match drifted {
            true => {
                let (_, value) = record.observed.iter_mut().next().unwrap();
                *value = "elsewhere".into();
            }
            false => record.status = Status::Partial,
        });
    }
}

/// Says which edges the plan's order goes against; the recorded ones count where nothing is deleted first.
fn wrong_order(world: &World, plan: &Plan, manner: Manner) -> Vec<String> {
    let mut place = vec![0; plan.steps.len()];
    plan.dag.order().iter().enumerate().for_each(|(at, id)| place[id.index()] = at);
    let mut wrong = Vec::new();
    for (i, node) in plan.graph.nodes().iter().enumerate() {
        let id = crate::graph::NodeId(i as u32);
        let early = plan.graph.dag().dependencies(id).filter(|d| place[d.index()] > place[i]);
        wrong.extend(early.map(|d| format!("{} before {}", node.address, plan.graph.node(d).address)));
    }
    if manner == Manner::Harsh {
        return wrong;
    }
    let removal = |(_, step): &(usize, &Step)| matches!(step.subject, Subject::Recorded(_)) && step.calls;
    for (i, step) in plan.steps.iter().enumerate().filter(removal) {
        for (j, other) in plan.steps.iter().enumerate().filter(removal) {
            let record = other.prior.and_then(|token| world.state.record(token)).unwrap();
            if record.dependencies.contains(&step.address) && place[j] > place[i] {
                wrong.push(format!("delete {} before delete {}", step.address, other.address));
            }
        }
    }
    wrong
}

fn run(rounds: &[Round], manner: Manner) -> std::result::Result<(), TestCaseError> {
    let mut world = World::new();
    for round in rounds {
        damage(&mut world, &round.broken);
        let program = |stack: &mut Stack| declare(stack, &round.specs, manner);
        let plan = world.plan_with(program, &PlanOptions::default());
        let again = world.plan_with(program, &PlanOptions::default());
        prop_assert_eq!(format!("{:?}", plan.steps), format!("{:?}", again.steps));
        prop_assert_eq!(plan.dag.order(), again.dag.order());
        prop_assert_eq!(wrong_order(&world, &plan, manner), Vec::<String>::new(), "{}", show(&plan));
        let certain = |s: &&Step| s.verdict == Verdict::Certain && s.part_of.is_none();
        let counted = plan.steps.iter().filter(certain).filter(|s| s.action == Action::Create).count();
        prop_assert_eq!(plan.counts().create as usize, counted);
        let order = round.order;
        world.apply_some(&plan, round.calls, |id| order.rotate_left(id.0 % 64));
        let faults = std::mem::take(&mut world.faults);
        prop_assert!(manner == Manner::Harsh || faults.is_empty(), "{faults:?}\n{}", show(&plan));
        if round.calls == usize::MAX {
            prop_assert_eq!(world.plan(program), "nothing", "after\n{}", show(&plan));
        }
    }
    let down = world.planned(None, &PlanOptions::default()).unwrap();
    prop_assert_eq!(wrong_order(&world, &down, manner), Vec::<String>::new(), "{}", show(&down));
    world.apply(&down);
    prop_assert_eq!(std::mem::take(&mut world.faults), Vec::<String>::new(), "{}", show(&down));
    prop_assert!(world.state.is_empty() && world.state.exports().is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_can_be_carried_out_and_leaves_nothing_to_do(rounds in prop::collection::vec(round(), 1..6)) {
        run(&rounds, Manner::Harsh)?;
    }

    #[test]
    fn where_nothing_is_deleted_first_nothing_goes_while_another_one_holds_it(
        rounds in prop::collection::vec(round(), 1..6),
    ) {
        run(&rounds, Manner::Gentle)?;
    }
}
