//! Files of credentials: read, written, merged, and taken out of archives.

use proptest::prelude::*;
use sskuba_core::clock::SeededIds;

use super::{ArchiveError, Context, Kubeconfig, OnConflict, Talosconfig};
use crate::archive::tests::pack;
use crate::secrets::tests::{NOW, bundle};
use crate::secrets::{AUTHORITY_LIFETIME, CLIENT_LIFETIME, Role};
use crate::yaml::read;

const MINE: &str = "\
future: {key: 1}
context: home
contexts:
  home: {endpoints: [10.0.0.1], nodes: [10.0.0.2], cluster: x, auth: {siderov1: {identity: me}}}
  base: {endpoints: [10.0.0.3], nodes: [10.0.0.4], colour: red}
";

fn talosconfig(seed: u64) -> Talosconfig {
    let bundle = bundle(seed);
    let client = bundle.client_certificate(&[Role::Admin], CLIENT_LIFETIME, NOW, &SeededIds::new(8)).unwrap();
    bundle.talosconfig("base", &["10.0.0.9".to_owned()], client)
}

fn kubeconfig(seed: u64) -> Kubeconfig {
    bundle(seed).kubeconfig("base", "https://base:6443", CLIENT_LIFETIME, NOW, &SeededIds::new(8)).unwrap()
}

#[test]
fn a_talosconfig_comes_back_as_it_was_written() {
    let made = talosconfig(1);
    assert_eq!(Talosconfig::read(made.write().expose()).unwrap(), made);
    let context = made.context("base").unwrap();
    assert_eq!(context.authority.as_ref(), Some(&bundle(1).certificates.os.certificate));
    assert_eq!(context.client.unwrap().organizations().unwrap(), ["os:admin"]);
    let mine = Talosconfig::read(MINE).unwrap();
    assert_eq!(read(mine.write().expose()).unwrap(), read(MINE).unwrap(), "what is unknown is kept");
    let old = Talosconfig::read("contexts: {a: {target: 10.0.0.1}}").unwrap();
    assert_eq!(old.context("a").unwrap().endpoints, ["10.0.0.1"]);
    let empty = Talosconfig::read("").unwrap();
    assert_eq!((empty.current(), empty.names().count()), (None, 0));
    assert_eq!(read(empty.write().expose()).unwrap(), read("context: ''\ncontexts: {}").unwrap());
}

#[test]
fn contexts_are_renamed_when_they_differ() {
    let mut mine = Talosconfig::read(MINE).unwrap();
    let other = talosconfig(1);
    let renamed = mine.merge(&other, OnConflict::Rename);
    assert_eq!(renamed[0].to_string(), "base is now base-1");
    assert_eq!(mine.names().collect::<Vec<_>>(), ["home", "base", "base-1"]);
    assert_eq!(mine.current(), Some("base-1"));
    assert_eq!(mine.context("base-1").unwrap(), other.context("base").unwrap());
    let before = mine.clone();
    mine.merge(&other, OnConflict::Rename);
    assert_eq!(mine, before, "it is there already");
    mine.merge(&talosconfig(2), OnConflict::Rename);
    assert_eq!(mine.current(), Some("base-2"));
    let mut same = other.clone();
    assert_eq!(same.merge(&other, OnConflict::Rename), []);
    assert_eq!(same, other);
}

#[test]
fn a_new_name_is_not_that_of_another_that_comes() {
    let mut mine = Talosconfig::read("contexts: {a: {endpoints: [x]}}").unwrap();
    let other = Talosconfig::read("contexts: {a: {endpoints: [y]}, a-1: {endpoints: [z]}}").unwrap();
    mine.merge(&other, OnConflict::Rename);
    let found = |name: &str| mine.context(name).unwrap().endpoints.concat();
    assert_eq!((found("a"), found("a-1"), found("a-2")), ("x".to_owned(), "z".to_owned(), "y".to_owned()));
    let users = |list: &str| Kubeconfig::read(&format!("users: [{list}]")).unwrap();
    let mut mine = users("{name: a, user: {token: x}}");
    let other = users("{name: a, user: {token: y}}, {name: a-1, user: {token: z}}");
    mine.merge(&other, OnConflict::Rename);
    let all = "{name: a, user: {token: x}}, {name: a-2, user: {token: y}}, {name: a-1, user: {token: z}}";
    assert_eq!(mine, users(all));
}

#[test]
fn contexts_are_replaced_key_by_key_on_request() {
    let mut mine = Talosconfig::read(MINE).unwrap();
    assert_eq!(mine.merge(&talosconfig(1), OnConflict::Replace), []);
    let text = mine.write();
    let root = &read(text.expose()).unwrap()[0];
    assert_eq!(root.at(&["contexts", "base", "colour"]).unwrap().as_str(), Some("red"));
    let context = mine.context("base").unwrap();
    assert_eq!(
        (context.endpoints, context.nodes),
        (vec!["10.0.0.9".to_owned()], vec!["10.0.0.4".to_owned()])
    );
    assert!(context.client.is_some());
    assert_eq!(mine.current(), Some("base"));
}

#[test]
fn contexts_are_selected_and_removed_as_talosctl_does() {
    let mut mine = Talosconfig::read(MINE).unwrap();
    assert_eq!(
        mine.remove("home").unwrap_err().to_string(),
        "in the talosconfig: contexts.home is the current context; select another one first"
    );
    mine.select("base").unwrap();
    mine.remove("home").unwrap();
    assert_eq!(mine.names().collect::<Vec<_>>(), ["base"]);
    assert!(mine.select("home").unwrap_err().to_string().contains("contexts.home is no context"));
    assert!(mine.context("home").is_err() && mine.remove("home").is_err());
    mine.insert("new", &Context { endpoints: vec!["10.0.0.7".to_owned()], ..Context::default() });
    assert_eq!(mine.context("new").unwrap().endpoints, ["10.0.0.7"]);
}

#[test]
fn a_kubeconfig_is_that_of_an_administrator() {
    let made = kubeconfig(1);
    assert_eq!(Kubeconfig::read(made.write().expose()).unwrap(), made);
    assert_eq!(made.current(), Some("admin@base"));
    let access = made.access("admin@base").unwrap();
    assert_eq!((access.cluster.as_str(), access.user.as_str()), ("base", "admin@base"));
    assert_eq!(access.server, "https://base:6443");
    assert_eq!(access.authority.as_ref(), Some(&bundle(1).certificates.kubernetes.certificate));
    assert_eq!(access.expires.unwrap().0, NOW.after(CLIENT_LIFETIME).0 / 1000 * 1000);
    for endpoint in
        ["http://base:6443", "base:6443", "https://", "https://:6443", "https://a b", "https:///x"]
    {
        let error = bundle(1).kubeconfig("base", endpoint, AUTHORITY_LIFETIME, NOW, &SeededIds::new(1));
        assert!(error.unwrap_err().to_string().contains("https://"), "{endpoint}");
    }
    let unnamed = bundle(1).kubeconfig("", "https://base", CLIENT_LIFETIME, NOW, &SeededIds::new(1));
    assert_eq!(unnamed.unwrap_err().to_string(), "the cluster has no name");
}

#[test]
fn kubeconfigs_merge_by_name_and_keep_together_what_belongs_together() {
    let text = kubeconfig(1).write();
    let mut mine = Kubeconfig::read(&format!("preferences: {{colors: true}}\n{}", text.expose())).unwrap();
    let other = kubeconfig(2);
    let renamed = mine.merge(&other, OnConflict::Rename);
    let shown: Vec<String> = renamed.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["base is now base-1", "admin@base is now admin@base-1", "admin@base is now admin@base-1"]
    );
    assert_eq!(mine.current(), Some("admin@base-1"));
    let (old, new) = (mine.access("admin@base").unwrap(), mine.access("admin@base-1").unwrap());
    assert_eq!((new.cluster.as_str(), new.user.as_str()), ("base-1", "admin@base-1"));
    assert_eq!(new.authority, other.access("admin@base").unwrap().authority);
    assert_ne!(old.authority, new.authority);
    let before = mine.clone();
    mine.merge(&other, OnConflict::Rename);
    assert_eq!(mine, before, "it is there already");
    mine.merge(&other, OnConflict::Replace);
    assert_eq!(mine.access("admin@base").unwrap(), other.access("admin@base").unwrap());
    assert_eq!(mine.current(), Some("admin@base"));
    assert!(mine.write().expose().starts_with("preferences:\n    colors: true\n"));
    let mut same = other.clone();
    assert_eq!(same.merge(&other, OnConflict::Rename), [], "what is equal is no conflict");
    assert_eq!(same, other);
    let mut empty = Kubeconfig::read("").unwrap();
    empty.merge(&other, OnConflict::Rename);
    assert_eq!(empty, other);
}

#[test]
fn what_is_wrong_with_a_file_is_said_all_together() {
    let error =
        Talosconfig::read("context: 5\ncontexts: {a: {endpoints: x, ca: '%', crt: AAAA}, b: 1}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "in the talosconfig: context is a number and has to be a text; contexts.a.endpoints has to be a list of texts; \
         contexts.a.ca is not the base64 of PEM; contexts.a has only one of crt and key; \
         contexts.b is a number and has to be a mapping"
    );
    let text = "kind: Pod\nclusters: {}\nusers: [{name: a}, {name: a}, {user: {}}]\ncontexts: [{name: c, context: 1}]";
    assert_eq!(
        Kubeconfig::read(text).unwrap_err().to_string(),
        "in the kubeconfig: kind is not Config; clusters is a mapping and has to be a list; users.a is there twice; \
         users[2] has no name; contexts[0].context is a number and has to be a mapping"
    );
    let file = "contexts: [{name: c, context: {cluster: x, user: y}}]\nusers: [{name: y, user: {client-certificate-data: AAAA, client-key-data: AAAA}}]";
    assert_eq!(
        Kubeconfig::read(file).unwrap().access("c").unwrap_err().to_string(),
        "in the kubeconfig: clusters.x is not in the file; \
         users.y.client-certificate-data is of no use: the certificate is not PEM: no line begins a block"
    );
    for text in ["[", "- a", "a", "a: 1\n---\nb: 1"] {
        assert!(Talosconfig::read(text).is_err() && Kubeconfig::read(text).is_err(), "{text}");
    }
}

/// A tar with one file and nothing after it, the way Go writes it.
fn tar(content: &[u8], kind: u8) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..10].copy_from_slice(b"kubeconfig");
    header[100..108].copy_from_slice(b"0000600\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    [header.as_slice(), content].concat()
}

#[test]
fn an_archive_that_is_not_closed_is_read() {
    let made = kubeconfig(1);
    let text = made.write();
    let archive = pack(&tar(text.expose().as_bytes(), b'0'));
    assert_eq!(Kubeconfig::from_archive(&archive).unwrap(), made);
    let more = pack(&[tar(text.expose().as_bytes(), 0), vec![0xff; 3000]].concat());
    assert_eq!(Kubeconfig::from_archive(&more).unwrap(), made, "what comes after is not looked at");
    // Without the sum of gzip, as when the stream breaks after the last byte of the file.
    assert_eq!(Kubeconfig::from_archive(&archive[..archive.len() - 8]).unwrap(), made);
}

#[test]
fn an_archive_that_is_none_is_refused() {
    let refused = |archive: &[u8]| Kubeconfig::from_archive(archive).unwrap_err().to_string();
    let good = tar(b"kind: Config\n", b'0');
    assert!(refused(b"").contains("ends too early"));
    assert!(refused(b"kind: Config").contains("no gzip"));
    assert!(refused(&pack(&good[..good.len() - 1])).contains("ends too early"));
    assert!(refused(&pack(&good[..300])).contains("ends too early"));
    assert!(refused(&pack(&[0; 1024])).contains("there is no file in it"));
    assert!(refused(&pack(&tar(b"", b'5'))).contains("its first entry is no file"));
    assert!(refused(&pack(&tar(&[0xff; 4], b'0'))).contains("not text"));
    assert!(refused(&pack(&tar(b"[", b'0'))).contains("in the kubeconfig"));
    let mut wrong = good.clone();
    wrong[0] = b'x';
    assert!(refused(&pack(&wrong)).contains("sum of its first header"));
    let mut large = tar(b"", b'0');
    large[124..136].copy_from_slice(b"77777777777\0");
    large[148..156].fill(b' ');
    let sum: u32 = large.iter().map(|byte| u32::from(*byte)).sum();
    large[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let error = Kubeconfig::from_archive(&pack(&large)).unwrap_err();
    assert!(matches!(error, ArchiveError::Archive(_)), "{error}");
    assert!(error.to_string().contains("8589934591 bytes; at most 1048576"), "{error}");
}

#[test]
fn nothing_shows_a_secret() {
    let (talos, kube) = (talosconfig(1), kubeconfig(1));
    let (talos_text, kube_text) = (talos.write(), kube.write());
    let value =
        |text: &str, key: &str| text.split(key).nth(1).unwrap().lines().next().unwrap().trim().to_owned();
    let keys = [value(talos_text.expose(), "    key:"), value(kube_text.expose(), "client-key-data:")];
    let mut shown = format!("{talos:?} {kube:?} {talos_text:?} {:?}", talos.context("base"));
    for (from, to) in [
        ("key: ", "key: %"),
        (": ", ":\n- "),
        ("base:", "base: ["),
        ("client-key-data: ", "client-key-data: 5\nx: "),
    ] {
        shown += &format!(
            "{:?}",
            Talosconfig::read(&talos_text.expose().replace(from, to)).map_err(|e| e.to_string())
        );
        let file = Kubeconfig::read(&kube_text.expose().replace(from, to));
        shown += &format!("{:?}", file.map_err(|e| e.to_string()).map(|file| file.access("admin@base")));
    }
    for key in keys {
        assert!(key.len() > 100 && !shown.contains(&key), "a key in {shown}");
    }
}

/// Pieces that such files are made of, in any order.
const PIECES: &str = "(context|contexts|clusters|users|cluster|user|name|current-context|client-certificate-data|crt|key|ca|endpoints|LS0t|: |:\n  |- |\\{|\\}|\\[|\\]|, |\n|  |&a |\\*a |[a-z0-9])*";

proptest! {
    #[test]
    fn no_text_panics(text in PIECES, noise in any::<String>()) {
        for text in [text, noise] {
            if let Ok(mut file) = Talosconfig::read(&text) {
                let names: Vec<String> = file.names().map(str::to_owned).collect();
                for name in names {
                    let _ = file.context(&name);
                }
                file.merge(&talosconfig_of(&text), OnConflict::Rename);
                prop_assert_eq!(&Talosconfig::read(file.write().expose()).unwrap().names().count(), &file.names().count());
            }
            if let Ok(mut file) = Kubeconfig::read(&text) {
                let names: Vec<String> = file.names().map(str::to_owned).collect();
                for name in names {
                    let _ = file.access(&name);
                }
                let other = file.clone();
                file.merge(&other, OnConflict::Rename);
                prop_assert_eq!(&file, &other, "merging a file into itself changes nothing");
                let _ = file.write();
            }
            let _ = crate::secrets::Bundle::from_yaml(&text);
            let _ = crate::secrets::Bundle::from_control_plane(&text);
        }
    }

    #[test]
    fn no_archive_panics(noise in any::<Vec<u8>>(), header in proptest::collection::vec(any::<u8>(), 512..600)) {
        let _ = Kubeconfig::from_archive(&noise);
        let _ = Kubeconfig::from_archive(&pack(&noise));
        let _ = Kubeconfig::from_archive(&pack(&header));
        let _ = Kubeconfig::from_archive(&pack(&tar(&noise, b'0')));
    }
}

/// Some other file that has the same names in part.
fn talosconfig_of(text: &str) -> Talosconfig {
    Talosconfig::read(&text.replace('a', "b")).unwrap_or_default()
}
