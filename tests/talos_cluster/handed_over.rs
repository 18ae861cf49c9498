//! What is handed to others: sealed configs, and schematics that a factory is told of.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sskuba::core::address::StackId;
use sskuba::core::engine::Engine;
use sskuba::core::plan::Action;
use sskuba::core::stack::Program;
use sskuba::core::value::Map;
use sskuba::prelude::*;
use sskuba::talos::resources::{Image, KeyPair, Sealed};
use sskuba::talos::schematic::Schematic;
use sskuba::talos::sealed;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn engine() -> (Engine, StackId) {
    let engine = Engine::builder().provider(sskuba::talos::provider()).build();
    (engine, "local/test/dev".parse().unwrap())
}

fn sealing(config: &'static str, more: Option<String>) -> impl Program {
    move |stack: &mut Stack| {
        let pair = stack.add("cluster", KeyPair::new())?;
        let config = Sealed::new(Secret::new(config.to_owned())).recipient(pair.recipient());
        let config = more.iter().fold(config, |config, recipient| config.recipient(recipient));
        let config = stack.add("config", config)?;
        stack.export("sealed", config.sealed());
        stack.export("identity", pair.identity());
        Ok(())
    }
}

fn text(exports: &Map, name: &str) -> String {
    exports[name].reveal().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_config_is_sealed_once_and_again_when_it_changes() {
    let (engine, stack) = engine();
    let first = engine.up(&stack, sealing("one", None)).await.unwrap();
    assert_eq!((first.counts.create, first.failures.len()), (2, 0));
    let identity = Secret::new(text(&first.exports, "identity"));
    let one = text(&first.exports, "sealed");
    assert!(!first.exports["sealed"].has_secret(), "it can lie anywhere");
    assert_eq!(sealed::open(&one, &identity).unwrap().expose(), "one");
    let same = engine.up(&stack, sealing("one", None)).await.unwrap();
    assert_eq!((same.counts.changes(), text(&same.exports, "sealed")), (0, one));

    let other = sealed::key_pair().unwrap();
    let changed = engine.up(&stack, sealing("two", Some(other.recipient))).await.unwrap();
    assert_eq!((changed.counts.update, changed.counts.changes()), (1, 1));
    let two = text(&changed.exports, "sealed");
    for identity in [&identity, &other.identity] {
        assert_eq!(sealed::open(&two, identity).unwrap().expose(), "two");
    }
    let wrong = engine.up(&stack, sealing("two", Some("age1nobody".to_owned()))).await.unwrap_err();
    assert!(sskuba::core::engine::with_causes(&wrong).contains("recipient 2 is none"), "the plan says so");
}

/// A factory that answers every schematic with an id, and counts.
async fn factory(id: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (count, told) = (Arc::new(AtomicUsize::new(0)), format!(r#"{{"id":"{id}"}}"#));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut asked, mut piece) = (String::new(), [0; 1024]);
            while !asked.contains("customization") {
                let read = stream.read(&mut piece).await.unwrap();
                asked.push_str(&String::from_utf8_lossy(&piece[..read]));
            }
            counted.fetch_add(1, Ordering::Relaxed);
            let length = told.len();
            let answer = format!(
                "HTTP/1.1 201 Created\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{told}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, count)
}

fn schematic() -> Schematic {
    Schematic::default().extension("siderolabs/iscsi-tools")
}

fn imaging(schematic: Schematic, factory: Option<String>) -> impl Program {
    move |stack: &mut Stack| {
        let image = Image::new(schematic.clone());
        let image = match &factory {
            Some(url) => image.factory(url),
            None => image,
        };
        let image = stack.add("workers", image)?;
        stack.export("id", image.id());
        Ok(())
    }
}

#[tokio::test]
async fn a_factory_is_told_once_and_the_id_is_known_before() {
    let (engine, stack) = engine();
    let (url, count) = factory(schematic().id()).await;
    let plan = engine.preview(&stack, imaging(schematic(), Some(url.clone()))).await.unwrap();
    assert_eq!(text(&plan.exports, "id"), schematic().id());
    assert_eq!(count.load(Ordering::Relaxed), 0, "a plan tells nobody");
    for _ in 0..2 {
        let report = engine.up(&stack, imaging(schematic(), Some(url.clone()))).await.unwrap();
        assert_eq!(report.failures.len(), 0);
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    // Another factory is told too; another schematic is another image.
    let (other, told) = factory(schematic().id()).await;
    let report = engine.up(&stack, imaging(schematic(), Some(other.clone()))).await.unwrap();
    assert_eq!((report.counts.update, told.load(Ordering::Relaxed)), (1, 1));
    let more = schematic().kernel_arg("console=ttyS0");
    let plan = engine.preview(&stack, imaging(more.clone(), None)).await.unwrap();
    assert!(plan.steps.iter().any(|step| step.action == Action::Replace));

    // It gives that another id, as a factory that knows other fields would.
    let report = engine.up(&stack, imaging(more, Some(other))).await.unwrap();
    let said = format!("{:?}", report.failures);
    assert!(said.contains("its id by our reckoning is"), "{said}");
}
