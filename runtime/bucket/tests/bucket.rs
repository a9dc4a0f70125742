//! Values in a bucket, on a server that really speaks S3.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/server.rs"]
mod server;

use std::sync::Arc;

use prism_bucket::{open, open_with};
use prism_journal::{Digest, Values};
use server::Server;

fn place(server: &Server, address: &str) -> Arc<dyn Values> {
    open_with(address, server.settings()).unwrap()
}

fn names(server: &Server) -> Vec<String> {
    server.objects().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn values_are_objects_under_the_names_of_their_hashes() {
    let server = Server::start();
    let values = place(&server, "s3://runs/a/store");
    let bytes = vec![b'x'; 300_000];
    let hash = Digest::of(&bytes);
    assert_eq!(values.get(hash).unwrap(), None);
    values.put(hash, &bytes).unwrap();
    values.put(hash, &bytes).unwrap();
    let name = format!("a/store/{}/{}", &hash.to_string()[..2], &hash.to_string()[2..]);
    assert_eq!(server.objects(), [(name.clone(), bytes.clone())]);
    assert_eq!(values.get(hash).unwrap(), Some(bytes.clone()));

    // One that is not whole is written again; what else is wrong with it its reader finds out.
    server.overwrite(&name, b"half");
    assert_eq!(values.get(hash).unwrap(), Some(b"half".to_vec()));
    values.put(hash, &bytes).unwrap();
    assert_eq!(values.get(hash).unwrap(), Some(bytes));
}

#[test]
fn a_sweep_takes_what_nobody_knows_and_only_under_its_own_prefix() {
    let server = Server::start();
    let (one, other) = (place(&server, "s3://runs/one"), place(&server, "s3://runs/one-more"));
    let hashes: Vec<Digest> = (0..5_u8).map(|n| Digest::of(&[n])).collect();
    for (n, hash) in (0..5_u8).zip(&hashes) {
        one.put(*hash, &[n]).unwrap();
    }
    other.put(hashes[0], &[0]).unwrap();
    let kept = [hashes[1], hashes[3]];
    one.sweep(&mut |hash| kept.contains(&hash)).unwrap();
    assert_eq!(names(&server).len(), 3);
    assert_eq!(one.get(hashes[3]).unwrap(), Some(vec![3]));
    assert_eq!(one.get(hashes[0]).unwrap(), None);
    assert_eq!(other.get(hashes[0]).unwrap(), Some(vec![0]));
    one.sweep(&mut |_| false).unwrap();
    assert_eq!(names(&server).len(), 1);
}

/// A store is asked from threads of all kinds, those of other runtimes among them.
#[test]
fn whoever_waits_may_be_inside_of_another_runtime() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime.block_on(async {
        let values = place(&server, "s3://runs/x");
        values.put(Digest::of(b"v"), b"v").unwrap();
        assert_eq!(values.get(Digest::of(b"v")).unwrap(), Some(b"v".to_vec()));
    });
}

#[test]
fn what_is_wrong_is_said_with_the_address() {
    let server = Server::start();
    let hash = Digest::of(b"v");
    for address in ["file:///tmp", "s3://", "s3:///prefix"] {
        let error = open(address).err().unwrap();
        assert_eq!(error.code(), "P2007", "{address}");
        assert!(error.to_string().contains(address), "{error}");
    }
    // Port 9 discards what is sent to it, where anybody listens at all.
    let nobody = [("AWS_ENDPOINT_URL".to_owned(), "http://127.0.0.1:9".to_owned())];
    let settings = server.settings().into_iter().chain(nobody);
    let error = open_with("s3://runs/x", settings).unwrap().put(hash, b"v").unwrap_err();
    assert!(error.to_string().contains("s3://runs/x"), "{error}");
    assert!(error.help().contains("AWS_ACCESS_KEY_ID"), "{}", error.help());
    let mut settings = server.settings();
    settings.last_mut().unwrap().1 = "a wrong secret".to_owned();
    let values = open_with("s3://runs/x", settings).unwrap();
    assert_eq!(values.put(hash, b"v").unwrap_err().code(), "P2007");
    assert_eq!(names(&server), Vec::<String>::new());
}
