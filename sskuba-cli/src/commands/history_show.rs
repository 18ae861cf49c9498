//! `history show`

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use sskuba_core::engine::{Became, ObjectChange, RunChanges, StateDiff};
use sskuba_core::plan::{FieldChange, SavedChange};

use super::history;
use crate::context::{Access, Context};
use crate::render::paint::{Paint, one_line};
use crate::render::{difference, duration, plan, value};
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, revision: u64) -> Result<Code, Stop> {
    let engine = context.engine(Access::Read)?;
    let past = engine.run_changes(&context.stack, revision).await?;
    if context.screen.json {
        context.screen.document(&document(&past));
        return Ok(Code::Done);
    }
    let (paint, whole) = (context.screen.paint, context.screen.verbose);
    let mut text = head(&past, paint);
    match &past.changes {
        Some(done) => text.push_str(&body(done, paint, whole)),
        None => {
            let _ = writeln!(
                text,
                "\nWhat it did to each object is not kept any more: that is told from the copies that runs leave, of which \
                 the last few stay; `backups = 50` in the table [sskuba] of {} keeps more of those to come",
                context.settings()?.name()
            );
        }
    }
    context.screen.raw(&text);
    Ok(Code::Done)
}

fn document(past: &RunChanges) -> Json {
    let fields =
        |changes: &[FieldChange]| -> Vec<SavedChange> { changes.iter().map(SavedChange::of).collect() };
    let object = |object: &ObjectChange| {
        json!({
            "address": object.address, "became": object.became, "id": object.id, "from": object.from,
            "fields": fields(&object.fields),
        })
    };
    let mut document = history::document(&past.run);
    document["kept"] = past.changes.is_some().into();
    if let Some(StateDiff { objects, outputs, with, opened }) = &past.changes {
        document["objects"] = objects.iter().map(object).collect();
        document["outputs"] = json!(fields(outputs));
        document["with"] = json!(with);
        document["secrets_opened"] = (*opened).into();
    }
    document
}

fn head(past: &RunChanges, paint: Paint) -> String {
    let run = &past.run;
    let took = run.ended.map(|ended| format!(", {}", duration::passed(ended.since(run.started))));
    let title = format!("{} at revision {}", one_line(&run.command), run.revision);
    let mut text = format!(
        "{}  {} by {}{}: {}\n",
        paint.strong(title),
        history::started(run),
        one_line(&run.who),
        took.unwrap_or_default(),
        history::result(run)
    );
    if let Some(message) = &run.message {
        let _ = writeln!(text, "    {}", one_line(message));
    }
    for read in &run.reads {
        let _ = writeln!(text, "    read {} at revision {}", read.stack, read.revision);
    }
    let counts = plan::done(&run.changes);
    if !counts.is_empty() {
        let _ = writeln!(text, "    {counts}");
    }
    text
}

fn body(done: &StateDiff, paint: Paint, whole: bool) -> String {
    let StateDiff { objects, outputs, with, opened } = done;
    let mut text = String::from("\n");
    for object in objects {
        entry(&mut text, object, paint, whole);
    }
    if !outputs.is_empty() {
        let _ = writeln!(text, "{}{}", if objects.is_empty() { "" } else { "\n" }, paint.strong("Outputs"));
        outputs.iter().for_each(|change| {
            for line in difference::output(change, paint, whole) {
                let _ = writeln!(text, "  {line}");
            }
        });
    }
    if objects.is_empty() && outputs.is_empty() {
        text.push_str("No object and no output was changed\n");
    }
    if !with.is_empty() {
        let list: Vec<String> = with.iter().map(u64::to_string).collect();
        let _ = writeln!(
            text,
            "\nThis is what the runs at {} did as well: no copy is kept between them",
            list.join(", ")
        );
    }
    if !opened {
        text.push_str("\nThe secrets are sealed to somebody else: whether they changed cannot be told\n");
    }
    text
}

fn entry(text: &mut String, object: &ObjectChange, paint: Paint, whole: bool) {
    let ObjectChange { address, became, id, from, fields } = object;
    let (sign, tint): (&str, fn(Paint, String) -> String) = match became {
        Became::Created => ("+", |paint, text| paint.good(text)),
        Became::Deleted => ("-", |paint, text| paint.bad(text)),
        Became::Replaced => ("±", |paint, text| paint.warn(text)),
        Became::Moved => ("»", |paint, text| paint.dim(text)),
        _ => ("~", |paint, text| paint.warn(text)),
    };
    let was = from.as_ref().map(|from| format!(", was {from}")).unwrap_or_default();
    let word = tint(paint, format!("{became}{was}"));
    let _ = writeln!(
        text,
        "  {} {}  {word}  {}",
        tint(paint, sign.to_owned()),
        paint.strong(address),
        paint.dim(one_line(id))
    );
    if *became == Became::Created {
        for change in fields {
            let shown = change.to.as_ref().map(|to| value::show(to, whole)).unwrap_or_default();
            let _ = writeln!(text, "      {}: {shown}", one_line(&change.field));
        }
    } else if *became != Became::Deleted {
        for line in difference::lines(fields, paint, whole) {
            let _ = writeln!(text, "      {line}");
        }
    }
}
