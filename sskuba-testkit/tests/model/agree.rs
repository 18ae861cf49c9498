//! Whether what the engine has recorded, what exists, and what the model says are the same.

use std::collections::BTreeMap;

use sskuba_core::state::{Intent, PlaceId, Record, State, Status, Verb as EngineVerb};
use sskuba_core::value::{Map, Value};
use sskuba_testkit::model::{Edges, Fields, Forecast, Kind, Note, Open, Readiness, Truth, Verb};

use crate::player::Player;

fn number(map: &Map, name: &str) -> Option<u32> {
    map.get(name).and_then(|value| value.get().ok())
}

fn text(map: &Map, name: &str) -> Option<String> {
    map.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn sent(map: &Map) -> Fields {
    Fields {
        soft: number(map, "soft").unwrap_or(u32::MAX),
        hard: number(map, "hard").unwrap_or(u32::MAX),
        near: text(map, "near"),
        far: text(map, "far"),
    }
}

/// Tells whether the changeable field is secret.
fn is_secret(map: &Map) -> bool {
    map.get("soft").is_some_and(|value| matches!(value, Value::Secret(_)))
}

fn is_instance(address: &str) -> bool {
    address.contains(":provider:")
}

/// Returns the number of the place where an object is recorded.
fn place(state: &State, place: Option<PlaceId>) -> u32 {
    let region = place.and_then(|place| state.place(place)?.parts().find(|(part, _)| *part == "region"));
    match region {
        Some((_, "sim-1")) => 0,
        Some((_, region)) => {
            region.trim_start_matches("elsewhere-").parse::<u32>().map_or(u32::MAX, |n| n + 1)
        }
        None => u32::MAX,
    }
}

fn note(state: &State, record: &Record) -> Note {
    let needs =
        record.dependencies.iter().map(ToString::to_string).filter(|need| !is_instance(need)).collect();
    Note {
        address: record.address.to_string(),
        token: record.token.to_string(),
        id: record.id.clone(),
        sent: sent(&record.applied),
        seen: number(&record.observed, "soft"),
        edges: Edges {
            needs,
            protect: record.flags.protect,
            retain: record.flags.retain,
            sealed: is_secret(&record.applied),
            place: place(state, record.place),
        },
        partial: record.status == Status::Partial,
        superseded: record.status == Status::Superseded,
        readiness: match record.status {
            Status::Made => Readiness::Made,
            // What is half made was never usable.
            Status::Partial if record.address.kind_str() == Kind::Gate.text() => Readiness::Made,
            Status::Failed => Readiness::GivenUp,
            _ => Readiness::Usable,
        },
        site: text(&record.outputs, "site"),
    }
}

fn open(state: &State, intent: &Intent) -> Open {
    let needs =
        intent.dependencies.iter().map(ToString::to_string).filter(|need| !is_instance(need)).collect();
    let verb = match intent.verb {
        EngineVerb::Create => Verb::Create,
        EngineVerb::Update => Verb::Update,
        EngineVerb::Delete => Verb::Delete,
    };
    Open {
        verb,
        address: intent.address.to_string(),
        fields: (verb != Verb::Delete).then(|| sent(&intent.inputs)),
        edges: Edges {
            needs,
            protect: intent.flags.protect,
            retain: intent.flags.retain,
            sealed: is_secret(&intent.inputs),
            place: place(state, intent.place),
        },
        made: None,
    }
}

impl Player {
    /// The cloud is as the model says.
    pub(crate) fn same_world(&mut self) {
        let world = self.stage.world.clone();
        let fields = |inputs| crate::stage::fields(&world, inputs);
        let objects = world.objects().unwrap();
        let there: BTreeMap<&str, _> = objects.iter().map(|object| (object.id.as_str(), object)).collect();
        let mut wrong = Vec::new();
        for (id, thing) in &self.truth.things {
            match there.get(id.as_str()) {
                None => wrong.push(format!("{id} should exist")),
                Some(object) if fields(&object.inputs) != thing.fields || object.partial != thing.partial => {
                    let (has, partial) = (fields(&object.inputs), object.partial);
                    wrong.push(format!("{id} has {has:?}, partial {partial}, and should be {thing:?}"));
                }
                Some(_) => {}
            }
        }
        let more = there.keys().filter(|id| !self.truth.things.contains_key(**id));
        wrong.extend(more.map(|id| format!("{id} exists and should not")));
        self.wrong.extend(wrong);
    }

    /// Record, cloud and model agree. After a run that went well to its end (`settled`) the record has to be just
    /// what the model says; after any other, each resource is as it was or as it should have become.
    pub(crate) async fn agree(&mut self, settled: Option<&Forecast>) {
        let exists = self.stage.engine.store().stacks().await.unwrap().contains(&self.stage.stack);
        if !exists {
            return;
        }
        let snapshot = match self.stage.engine.read(&self.stage.stack).await {
            Ok(snapshot) => snapshot,
            Err(error) => return self.complain(format!("the state cannot be read: {error}")),
        };
        let ours = snapshot.state.records().filter(|record| !is_instance(record.address.as_str()));
        let mut recorded: Vec<Note> = ours.map(|record| note(&snapshot.state, record)).collect();
        if self.unplaced {
            // A repair could not tell where objects are: the next run that calls for them finds it out.
            for note in recorded.iter_mut().filter(|note| note.edges.place == u32::MAX) {
                note.edges.place = self.truth.note(&note.token).map_or(u32::MAX, |note| note.edges.place);
            }
        }
        let pending = snapshot.state.pending().filter(|intent| !is_instance(intent.address.as_str()));
        let mut pending: BTreeMap<String, Open> =
            pending.map(|intent| (intent.token.to_string(), open(&snapshot.state, intent))).collect();
        let mut ideal = self.truth.clone();
        if let Some(told) = settled.or(Some(&self.told)) {
            ideal.settle(&self.draft, told);
        }
        let mut wrong = Vec::new();
        for record in snapshot.state.records() {
            let is_known = |map: &Map| map.get("soft").is_some();
            if is_known(&record.observed) && is_secret(&record.applied) != is_secret(&record.observed) {
                wrong.push(format!("{} has one value in the clear and as a secret", record.address));
            }
        }
        self.made_of_open(&mut pending);
        // What is to be kept is let go before what takes its place is made, which may fail.
        let told = settled.unwrap_or(&self.told);
        let let_go = |note: &Note| told.removed.get(&note.token) == Some(&true);
        let gone = |id: &str| !recorded.iter().any(|note| note.id == id);
        let kept: Vec<String> = self
            .truth
            .notes
            .iter()
            .filter(|note| let_go(note) && gone(&note.id))
            .map(|n| n.id.clone())
            .collect();
        let compared = (&self.truth, &ideal);
        compare_notes(&recorded, compared, &pending, (settled.is_some(), &kept), &mut wrong);
        let strays = ideal.strays.iter().filter(|id| gone(id)).cloned();
        self.truth.strays.extend(strays.chain(kept));
        self.truth.notes = recorded;
        self.truth.open = pending;
        whole(&self.truth, &mut wrong);
        self.wrong.extend(wrong);
    }

    /// Remembers what open calls have done although nobody recorded it.
    fn made_of_open(&mut self, pending: &mut BTreeMap<String, Open>) {
        for (token, open) in pending {
            let before = self.truth.open.get(token).and_then(|open| open.made.clone());
            let note = self.truth.note(token).cloned();
            open.made = match open.verb {
                Verb::Create => note.or(before),
                Verb::Update => note.filter(|note| Some(&note.sent) == open.fields.as_ref()).or(before),
                Verb::Delete => None,
            };
        }
    }
}

fn compare_notes(
    recorded: &[Note],
    (truth, ideal): (&Truth, &Truth),
    pending: &BTreeMap<String, Open>,
    (strict, kept): (bool, &[String]),
    wrong: &mut Vec<String>,
) {
    for note in recorded {
        let token = &note.token;
        if pending.contains_key(token) {
            continue;
        }
        let made = truth.open.get(token).and_then(|open| open.made.as_ref());
        let (was, becomes) = (truth.note(token).or(made), made.or(ideal.note(token)));
        // Which of two generations is the present one turns with the outcome of the newer one's create.
        let mut creates =
            pending.values().chain(truth.open.values()).filter(|open| open.verb == Verb::Create);
        let turning = creates.any(|open| open.address == note.address);
        let alike = |other: Option<&Note>| {
            other.is_some_and(|other| {
                let superseded = if turning { note.superseded } else { other.superseded };
                // Of what is only to be deleted nobody records that it is half made.
                let (readiness, site) = (note.readiness, note.site.clone());
                let partial = other.partial && !superseded;
                // The world keeps no secrets: found by its tag, an object does not say what it was given.
                let seen = other.seen.filter(|_| note.seen.is_some() || !note.edges.sealed);
                let other = Note { superseded, partial, readiness, site, seen, ..other.clone() };
                follows(&other, note) && other == *note
            })
        };
        match (was, becomes) {
            (None, None) => wrong.push(format!("{note:?} is recorded, and nobody made it")),
            (_, becomes) if alike(becomes) => {}
            (was, _) if alike(was) && made.is_none() && !strict => {}
            (was, _) if !strict && mixed(note, was, becomes) => {}
            (was, becomes) => wrong.push(format!(
                "recorded is    {note:?}\n    it should be   {becomes:?}\n    or, unfinished, {was:?}"
            )),
        }
    }
    for note in &truth.notes {
        let there =
            recorded.iter().any(|other| other.token == note.token) || pending.contains_key(&note.token);
        let deleted = truth.open.get(&note.token).is_some_and(|open| open.verb == Verb::Delete)
            && !truth.things.contains_key(&note.id);
        let may_be_gone = kept.contains(&note.id)
            || deleted
            || ideal.note(&note.token).is_none()
            || truth.vanished.contains(&note.id);
        if !there && !may_be_gone {
            wrong.push(format!("{note:?} is recorded no longer"));
        }
        if there && strict && ideal.note(&note.token).is_none() {
            wrong.push(format!("{note:?} is still recorded"));
        }
    }
}

/// Tells whether what can be said of an object's readiness may follow what was said before.
fn follows(was: &Note, note: &Note) -> bool {
    note.superseded || was.readiness == Readiness::Made || was.readiness == note.readiness
}

/// Each part is as it was or as it should become.
fn mixed(note: &Note, was: Option<&Note>, becomes: Option<&Note>) -> bool {
    let (Some(was), Some(becomes)) = (was.or(becomes), becomes.or(was)) else { return false };
    if !follows(was, note) && !follows(becomes, note) {
        return false;
    }
    let either = |same: &dyn Fn(&Note) -> bool| same(was) || same(becomes);
    either(&|n| n.address == note.address)
        && either(&|n| n.edges == note.edges || renamed(&n.edges, &note.edges))
        && either(&|n| n.sent == note.sent)
        && either(&|n| {
            let partial = n.partial && !n.superseded;
            n.id == note.id && partial == note.partial && n.superseded == note.superseded
        })
}

/// The needs of what an unfinished run left may go by former names or by new ones.
fn renamed(a: &Edges, b: &Edges) -> bool {
    let rest = |edges: &Edges| (edges.protect, edges.retain, edges.sealed, edges.place);
    a.needs.len() == b.needs.len() && rest(a) == rest(b)
}

/// Nothing exists that nobody knows, and nothing is recorded that does not exist.
fn whole(truth: &Truth, wrong: &mut Vec<String>) {
    for id in truth.things.keys().filter(|id| !truth.strays.contains(*id)) {
        let recorded = truth.notes.iter().any(|note| note.id == *id);
        let made = truth.open.values().any(|open| open.made.as_ref().is_some_and(|note| note.id == *id));
        if !recorded && !made {
            wrong.push(format!("{id} exists, and nobody knows of it"));
        }
    }
    for note in truth.notes.iter().filter(|note| !note.superseded) {
        let is_known = truth.open.contains_key(&note.token) || truth.meddled.contains(&note.id);
        let site = truth.things.get(&note.id).and_then(|thing| thing.site.as_ref());
        let fits = match note.readiness {
            Readiness::Usable => is_known || note.partial || site.is_none() || note.site.as_ref() == site,
            Readiness::Made => note.site.is_none(),
            // The service said so, or it went before it could be used.
            Readiness::GivenUp => truth.given_up.contains(&note.id) || !truth.things.contains_key(&note.id),
        };
        if !fits {
            wrong.push(format!("{note:?} is recorded, and its site is {site:?}"));
        }
    }
    for note in &truth.notes {
        let open = truth.open.get(&note.token);
        let gone = open.is_some_and(|open| open.verb == Verb::Delete) || truth.vanished.contains(&note.id);
        match truth.things.get(&note.id) {
            None if !gone => wrong.push(format!("{note:?} is recorded, and its object is not there")),
            Some(thing)
                if open.is_none()
                    && !truth.meddled.contains(&note.id)
                    // That a half-made object was completed may be unknown; the next run completes it once more.
                    && (thing.fields != note.sent || thing.partial && !note.partial && !note.superseded) =>
            {
                wrong.push(format!("{note:?} is recorded, and its object is {thing:?}"));
            }
            _ => {}
        }
    }
}
