//! Runs a program again from its own journal: the same effects, the same result, no host.

use std::sync::Arc;

use prism_cli::session::From;
use prism_engine::{Script, recorded};
use prism_journal::{Batch, Entry, Memory, Payload, Store};

use crate::program::{Code, Ran, drive};

/// The run as it was before its last entry, driven to its end by what the journal knows.
pub fn replay(ran: &Ran) -> Result<Ran, String> {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let mut entries = ran.store.read(ran.run, 0).map_err(|error| error.to_string())?;
    entries.pop().ok_or("a run that has ended has entries")?;
    let blobs = blobs(ran, &entries)?;
    let claim = store.claim(ran.run).map_err(|error| error.to_string())?;
    let (sender, receiver) = std::sync::mpsc::channel();
    let batch = Batch { entries, blobs, ..Batch::default() };
    store.append(&claim, batch, Box::new(move |fate| drop(sender.send(fate))));
    receiver.recv().map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    drop(claim);
    drive(store, Script::default(), From::Resume(ran.run), Code::Interpreted)
}

type Blobs = Vec<(prism_journal::Reference, Arc<[u8]>)>;

/// What the entries refer to, and the program itself.
fn blobs(ran: &Ran, entries: &[Entry]) -> Result<Blobs, String> {
    let artifact = recorded(&*ran.store, ran.run).map_err(|error| error.to_string())?.artifact;
    let mut references = vec![artifact];
    references.extend(entries.iter().filter_map(|entry| match &entry.payload {
        Payload::Blob(reference) => Some(*reference),
        Payload::Inline(_) => None,
    }));
    let blob = |reference| {
        let bytes = ran.store.blob(reference).map_err(|error| error.to_string())?;
        Ok((reference, bytes))
    };
    references.into_iter().map(blob).collect()
}
