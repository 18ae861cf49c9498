//! `stack recipients list|add|rm`

use serde_json::json;
use sskuba_core::engine::Session;
use sskuba_core::state::AgeKeyring;

use crate::args::{Opening, Recipients};
use crate::context::{Access, Context};
use crate::render::table;
use crate::session::Opens;
use crate::settings::{Entry, Place, StackFile, open, seal};
use crate::stop::Stop;

pub(super) async fn run(context: &mut Context<'_, '_>, command: Recipients) -> Result<(), Stop> {
    match command {
        Recipients::List => list(context).await,
        Recipients::Add { recipient } => change(context, &recipient, true).await,
        Recipients::Rm { recipient } => change(context, &recipient, false).await,
    }
}

/// Returns whom secrets are sealed to: those of the file, or the user alone.
fn listed(context: &mut Context<'_, '_>, file: &StackFile) -> Result<Vec<String>, Stop> {
    let listed = file.recipients();
    if listed.is_empty() { Ok(context.identities(Access::Read)?.recipients()) } else { Ok(listed) }
}

async fn list(context: &mut Context<'_, '_>) -> Result<(), Stop> {
    let file = context.settings()?;
    let (wanted, own) = (listed(context, &file)?, context.identities(Access::Read)?.recipients());
    let engine = context.engine(Access::Read)?;
    let sealed = match engine.store().stacks().await?.contains(&context.stack) {
        true => engine.sealed_to(&context.stack).await?,
        false => None,
    };
    let sealed: Vec<&str> = sealed.iter().flat_map(|text| text.split(", ")).collect();
    let extra = sealed.iter().filter(|key| !wanted.iter().any(|other| other == *key));
    let all: Vec<String> = wanted.iter().cloned().chain(extra.map(|key| (*key).to_owned())).collect();
    let documents: Vec<_> = all
        .iter()
        .map(|key| {
            let (opens, listed) = (sealed.contains(&key.as_str()), wanted.contains(key));
            json!({"recipient": key, "own": own.contains(key), "opens": opens, "listed": listed})
        })
        .collect();
    if context.screen.json {
        context.screen.document(&documents);
        return Ok(());
    }
    let row = |key: &String| {
        let own = if own.contains(key) { "you" } else { "" };
        let note = match (sealed.contains(&key.as_str()), wanted.contains(key)) {
            (true, false) => "opens the secrets, and is not in the file: `stack recipients rm` takes it out",
            (false, true) if !sealed.is_empty() => {
                "in the file, and the secrets are not sealed to it yet: `stack recipients add`"
            }
            _ => "",
        };
        [key.clone(), own.to_owned(), note.to_owned()]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    context.screen.say(table::table(["recipient", "", ""], &rows).trim_end());
    Ok(())
}

/// Adds or removes a recipient: in the stack's file, for the secrets in it, and for those in the state. Whatever is
/// done already is done again, so that a run that was cut short is simply repeated.
async fn change(context: &mut Context<'_, '_>, recipient: &str, add: bool) -> Result<(), Stop> {
    let recipient = recipient.trim();
    AgeKeyring::new(&[recipient.to_owned()], &[]).map_err(Stop::usage)?;
    let (mut file, _alone) = context.settings_to_change()?;
    let identities = context.identities(Access::Write)?;
    if identities.recipients().is_empty() {
        return Err(Stop::failed(
            "a passphrase has no recipients; give an identity in SSKUBA_IDENTITY beside SSKUBA_PASSPHRASE, and add \
             its recipient first",
        ));
    }
    let mut wanted = listed(context, &file)?;
    wanted.retain(|other| other != recipient);
    let command = if add {
        wanted.push(recipient.to_owned());
        "stack recipients add"
    } else {
        "stack recipients rm"
    };
    if !wanted.iter().any(|key| identities.recipients().contains(key)) {
        return Err(Stop::failed(format!(
            "none of your identities ({}) would be among the recipients, so nobody here could go on with the stack; \
             nothing was changed: let one of those who stay do it, or `stack recipients add` your own first",
            identities.recipients().join(", ")
        )));
    }
    let keyring = AgeKeyring::new(&wanted, &[]).map_err(Stop::failed)?;
    let stack = context.stack.clone();
    for (key, entry) in file.entries()? {
        let Entry::Sealed(sealed) = entry else { continue };
        let place = Place { stack: &stack, key: &key };
        let again = open(place, &sealed, &identities);
        let again = again.and_then(|text| seal(place, &text, &wanted, None));
        let again = again.map_err(|why| {
            Stop::failed(format!(
                "failed to seal `{key}` of {} again: {why}; nothing was changed",
                file.name()
            ))
        })?;
        file.set_sealed(&key, &again)?;
    }
    file.set_recipients(&wanted);
    let engine = context.engine(Access::Write)?;
    if engine.store().stacks().await?.contains(&context.stack) {
        // Who leaves has had the key, so there is a new one.
        let work = async |_: &mut Context<'_, '_>, session: &mut Session| match add {
            true => Ok(session.reseal(&keyring).await?),
            false => Ok(session.rotate_key(&keyring).await?),
        };
        context.with_session(&engine, Opens::as_it_is(command, &Opening::default()), work).await?;
    }
    file.save()?;
    let (count, name) = (wanted.len(), file.name());
    if context.screen.json {
        context.screen.document(&json!({"recipients": wanted}));
    }
    context.screen.say(match add {
        true => format!("{recipient} opens the secrets of {} now; {name} lists {count} recipients", context.stack),
        false => format!(
            "{recipient} no longer opens the secrets of {}; {name} lists {count} recipients. What it has seen it \
             knows: change the secrets themselves too",
            context.stack
        ),
    });
    Ok(())
}
