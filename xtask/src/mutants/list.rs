//! The mutations, as data: a promise, how it is broken, and the test that has to notice.

/// One way to break the engine.
pub(crate) struct Mutation {
    /// Its name, for `--only`.
    pub(crate) name: &'static str,
    /// What is broken, for people.
    pub(crate) breaks: &'static str,
    /// The file.
    pub(crate) file: &'static str,
    /// The text that is replaced; it stands once in the file.
    pub(crate) from: &'static str,
    /// What takes its place.
    pub(crate) to: &'static str,
    /// Where the test is, as `cargo test` takes it.
    pub(crate) target: &'static [&'static str],
    /// The test's name, or a part of it.
    pub(crate) filter: &'static [&'static str],
}

impl Mutation {
    /// Returns the test that notices, for people.
    pub(crate) fn test(&self) -> String {
        let place =
            self.target.iter().filter(|word| !word.starts_with("--")).copied().collect::<Vec<_>>().join(" ");
        format!("{place}: {}", self.filter.join(" "))
    }
}

const MODEL: &[&str] = &["--package", "sskuba-testkit", "--test", "model"];
const AGREE: &[&str] = &["engine_cloud_and_model_agree"];
const FOUND: &[&str] = &["what_was_found_once"];
const CORE: &[&str] = &["--package", "sskuba-core", "--lib"];
const IT: &[&str] = &["--package", "sskuba", "--test", "it"];
const PROCESS: &[&str] = &["--package", "sskuba", "--test", "process"];
const STORES: &[&str] = &["--package", "sskuba-testkit", "--test", "stores"];

/// Every mutation.
pub(crate) const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "call-before-intent",
        breaks: "a provider is called before the intent is durable",
        file: "sskuba-core/src/applying/begin.rs",
        from: "self.ready.push(Ready { step: id, call, started });",
        to: "let _ = |call, started| Ready { step: id, call, started };
        self.options.events.emit(started);
        let handle = self.tasks.spawn(async move { Back::Ended(Box::new(super::call::perform(call).await)) });
        self.task_steps.insert(handle.id(), id);",
        target: IT,
        filter: &["durable::no_call_before_its_intent"],
    },
    Mutation {
        name: "new-token-in-recovery",
        breaks: "an interrupted create is asked again under a new token",
        file: "sskuba-core/src/applying/pending.rs",
        from: "let cx = Cx { recovering: true, ..Cx::new(stack.clone(), address, token, timeout) };",
        to: "let token = if intent.verb == Verb::Create { tools.ids.token() } else { token };
    let cx = Cx { recovering: true, ..Cx::new(stack.clone(), address, token, timeout) };",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "recovery-waits",
        breaks: "a recovery waits for what only the plan after it would bring",
        file: "sskuba-core/src/applying/pending.rs",
        from: "let cx = Cx { recovering: true, ..Cx::new(stack.clone(), address, token, timeout) };",
        to: "let cx = Cx::new(stack.clone(), address, token, timeout);",
        target: IT,
        filter: &["crash::what_waits"],
    },
    Mutation {
        name: "refusal-is-an-answer",
        breaks: "a refused question counts as proof that the interrupted create took no effect",
        file: "sskuba-core/src/applying/recover.rs",
        from: "match if refused { look(call).await? } else { None } {",
        to: "match if refused && false { look(call).await? } else { None } {",
        target: MODEL,
        filter: FOUND,
    },
    Mutation {
        name: "no-visibility-window",
        breaks: "an object that cannot be seen yet counts as gone",
        file: "sskuba-core/src/applying/call.rs",
        from: "let window = schema.map_or(Duration::ZERO, |schema| schema.visibility);",
        to: "let window = schema.map_or(Duration::ZERO, |_| Duration::ZERO);",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "unknown-is-nothing",
        breaks: "a call of unknown effect counts as one without",
        file: "sskuba-core/src/applying/call.rs",
        from: "Effect::Unknown => Outcome::Unknown { cause },",
        to: "Effect::Unknown => Outcome::NotApplied { cause },",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "partial-is-whole",
        breaks: "what was left half made counts as whole",
        file: "sskuba-core/src/state/replay.rs",
        from: "Outcome::Partial { .. } => Status::Partial,",
        to: "Outcome::Partial { .. } => Status::Live,",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "half-made-is-done",
        breaks: "an interrupted update of what is half made counts as done because its inputs are as wanted",
        file: "sskuba-core/src/applying/recover.rs",
        from: "if agrees && call.status != Some(Status::Partial) {",
        to: "if agrees {",
        target: MODEL,
        filter: FOUND,
    },
    Mutation {
        name: "old-generation-stays",
        breaks: "the generation that was replaced is not deleted",
        file: "sskuba-core/src/applying/end.rs",
        from: "self.frontier.activate(delete);",
        to: "let _ = delete;",
        target: IT,
        filter: &["replace::the_new_one_is_made"],
    },
    Mutation {
        name: "old-generation-forgotten",
        breaks: "the record of a replaced generation is dropped before its object is deleted",
        file: "sskuba-core/src/state/replay.rs",
        from: "record.status = Status::Superseded;
            self.touched.push(old);",
        to: "record.status = Status::Superseded;
            self.records.remove(&old);
            self.touched.push(old);",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "edges-not-stored",
        breaks: "a record does not say what the resource depends on",
        file: "sskuba-core/src/plan/recorded.rs",
        from: "found.push(graph.node(next).address.clone());",
        to: "let _ = graph.node(next).address.clone();",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "delete-before-dependants",
        breaks: "a resource is deleted before those that need it",
        file: "sskuba-core/src/planning/removals.rs",
        from: "edges.push(if goes_with { (theirs, id) } else { (id, theirs) });",
        to: "edges.push((theirs, id));",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "delete-before-switch",
        breaks: "a replaced generation is deleted before what used it is switched over",
        file: "sskuba-core/src/planning/removals.rs",
        from: "edges.push((id, declared));",
        to: "let _ = (id, declared);",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "retained-is-deleted",
        breaks: "an object that is to be kept is deleted",
        file: "sskuba-core/src/planning/removals.rs",
        from: "if record.flags.retain {",
        to: "if record.flags.retain && self.request.down {",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "protected-is-deleted",
        breaks: "what is protected is deleted",
        file: "sskuba-core/src/planning/removals.rs",
        from: "if record.flags.protect && step.part_of.is_none()",
        to: "if record.flags.protect && self.request.down && step.part_of.is_none()",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "excluded-is-deleted",
        breaks: "what is left out of a plan and has a new name is deleted under its former one",
        file: "sskuba-core/src/planning/declared.rs",
        from: "self.moved.insert(from, id);
            self.records_change = true;",
        to: "let _ = (from, id);
            self.records_change = true;",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "stale-plan",
        breaks: "a plan of an earlier revision is carried out",
        file: "sskuba-core/src/engine/session.rs",
        from: "if planned != current {",
        to: "if planned > current {",
        target: IT,
        filter: &["bad_input::saved::a_plan_in_memory"],
    },
    Mutation {
        name: "failure-counts-as-done",
        breaks: "what needs a step that failed is done all the same",
        file: "sskuba-core/src/applying/begin.rs",
        from: "let lost = self.frontier.fail(id);",
        to: "self.frontier.complete(id);
        let lost = Vec::<NodeId>::new();",
        target: IT,
        filter: &["options::a_failure_skips"],
    },
    Mutation {
        name: "lease-not-proved",
        breaks: "a program that lost its lease while it slept calls a provider",
        file: "sskuba-core/src/applying/holding.rs",
        from: "if known.is_some_and(|known| known.elapsed() < every * BELIEVED) {",
        to: "if known.is_none_or(|known| known.elapsed() < every * BELIEVED || every.is_zero() || true) {",
        target: IT,
        filter: &["deaths::a_sleeper"],
    },
    Mutation {
        name: "drift-unseen",
        breaks: "what others changed is not brought back",
        file: "sskuba-core/src/plan/decide.rs",
        from: "if known && !wanted.has_unknown() && drifts(field, sent, seen) {",
        to: "if known && wanted.has_unknown() && drifts(field, sent, seen) {",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "fencing-not-checked",
        breaks: "a lease that was taken over still writes",
        file: "sskuba-core/src/stores/memory.rs",
        from: "if fence != self.fence {",
        to: "if fence > self.fence {",
        target: STORES,
        filter: &["memory"],
    },
    Mutation {
        name: "mark-not-compared",
        breaks: "a database that lost its end is taken for an older one",
        file: "sskuba-core/src/stores/sled/database.rs",
        from: "found.fence < mark.fence || found.revision < mark.revision",
        to: "found.fence > mark.fence && found.revision < mark.revision",
        target: CORE,
        filter: &["a_database_that_lost_its_end"],
    },
    Mutation {
        name: "sum-not-compared",
        breaks: "a database that lost records is taken for whole",
        file: "sskuba-core/src/stores/sled/database.rs",
        from: "if sum != self.sum()? {",
        to: "if sum != self.sum()? && revision == 0 {",
        target: CORE,
        filter: &["a_record_that_is_gone_or_old"],
    },
    Mutation {
        name: "whole-leaves-the-rest",
        breaks: "whoever writes all records, as with a new key, leaves those that were deleted",
        file: "sskuba-core/src/stores/sled/database.rs",
        from: "changes.insert(item.map_err(self.fault(\"read\"))?.to_vec(), None);",
        to: "drop(item.map_err(self.fault(\"read\"))?);",
        target: IT,
        filter: &["whole::deleted_records_stay_deleted_in_sled"],
    },
    Mutation {
        name: "rekey-adds",
        breaks: "a new key adds records to those that are stored",
        file: "sskuba-core/src/applying/journal.rs",
        from: "Ok(Fold { upto: state.revision(), records: Records::All(all), ..Fold::default() })",
        to: "Ok(Fold { upto: state.revision(), records: Records::put(all), ..Fold::default() })",
        target: IT,
        filter: &["whole::"],
    },
    Mutation {
        name: "repair-without-pieces",
        breaks: "a repair gives up what the database no longer finds in its own file",
        file: "sskuba-core/src/stores/sled/carve.rs",
        from: "Frame::find_all(&bytes).for_each(|frame| found.take(&frame));",
        to: "let _ = |frame: &Frame<'_>| found.take(frame);",
        target: PROCESS,
        filter: &["repairing::without_any_copy"],
    },
    Mutation {
        name: "repair-without-copies",
        breaks: "a repair does not look at the copies that runs left",
        file: "sskuba-core/src/stores/sled/rebuild.rs",
        from: "leftovers.parts.extend(copied);",
        to: "drop(copied);",
        target: PROCESS,
        filter: &["repairing::a_copy_that_is_newer"],
    },
    Mutation {
        name: "repair-brings-back",
        breaks: "what was deleted comes back from a copy that is older than the delete",
        file: "sskuba-core/src/applying/gather.rs",
        from: "if revision > self.known_upto(&entry) => {",
        to: "if revision > self.known_upto(&entry) && !matches!(entry, Entry::Outcome { .. }) => {",
        target: PROCESS,
        filter: &["repairing::what_was_deleted"],
    },
    Mutation {
        name: "stale-copy",
        breaks: "a reader believes a copy that is older than the database",
        file: "sskuba-core/src/stores/sled/copy.rs",
        from: "bytes.strip_prefix(origin(file, mark)?.as_bytes())?",
        to: "bytes.split_at_checked(bytes.iter().position(|byte| *byte == b'\\n')? + 1)?.1",
        target: CORE,
        filter: &["a_copy_is_as_good"],
    },
    Mutation {
        name: "stale-offer",
        breaks: "readers are given what was offered before the last write",
        file: "sskuba-core/src/stores/sled/slot.rs",
        from: "drop(self.take_offer());",
        to: "",
        target: CORE,
        filter: &["readers_are_given"],
    },
    Mutation {
        name: "lost-append",
        breaks: "what a failed write was to write is dropped though the state has it",
        file: "sskuba-core/src/applying/journal.rs",
        from: "Err(_) => drop(self.staged.splice(..0, entries)),",
        to: "Err(_) => drop(entries),",
        target: IT,
        filter: &["store_faults::a_session_goes_on"],
    },
    Mutation {
        name: "another-place",
        breaks: "objects are asked for where they are not",
        file: "sskuba-core/src/engine/placing.rs",
        from: "wrong.extend(elsewhere(state, &instance, &here, &records));",
        to: "let _ = elsewhere(state, &instance, &here, &records);",
        target: IT,
        filter: &["places::another_ambient_place"],
    },
    Mutation {
        name: "possible-follower",
        breaks: "a protected resource is drawn into a replacement that only the apply decides",
        file: "sskuba-core/src/planning/declared.rs",
        from: "false => self.steps[id.index()].obstacles.push(MAY_NOT_BE_REPLACED.to_owned()),",
        to: "false => {}",
        target: IT,
        filter: &["guards::a_possible_replacement"],
    },
    Mutation {
        name: "one-object-twice",
        breaks: "one object has two records",
        file: "sskuba-core/src/planning/keys.rs",
        from: "if node.schema.unique.is_empty() {",
        to: "if node.schema.unique.len() < usize::MAX {",
        target: MODEL,
        filter: AGREE,
    },
    Mutation {
        name: "ghost-of-an-owner",
        breaks: "what went with a replaced owner counts as there",
        file: "sskuba-core/src/planning/causes.rs",
        from: "node.deleted_with.filter(|owner| self.is_replaced(*owner));",
        to: "node.deleted_with.filter(|owner| self.is_replaced(*owner) && owner.index() > usize::MAX - 1);",
        target: IT,
        filter: &["guards::what_goes_with_an_owner"],
    },
    Mutation {
        name: "too-deep",
        breaks: "a value is written that cannot be read again",
        file: "sskuba-core/src/value/limits.rs",
        from: "pub const MOST_DEPTH: usize = 64;",
        to: "pub const MOST_DEPTH: usize = 640;",
        target: IT,
        filter: &["bad_input::limits"],
    },
    Mutation {
        name: "clear-secret",
        breaks: "a value that became a secret stays in the clear",
        file: "sskuba-core/src/plan/decide.rs",
        from: "self.reasons.iter().any(|reason| matches!(reason, Reason::Secrecy { .. }))",
        to: "false",
        target: IT,
        filter: &["secre"],
    },
    Mutation {
        name: "chosen-is-drift",
        breaks: "what a service chose is taken back",
        file: "sskuba-core/src/plan/diff.rs",
        from: "(_, None) if field.cloud_default => Difference::None,",
        to: "",
        target: CORE,
        filter: &["plan::"],
    },
    Mutation {
        name: "given-up-is-good",
        breaks: "what its service gave up counts as usable",
        file: "sskuba-core/src/applying/waiting.rs",
        from: "self.journal.stage(Entry::GivenUp { token, why: why.clone() })?;",
        to: "",
        target: IT,
        filter: &["readiness::what_its_service_gave_up"],
    },
];
