//! The disk as a file system.

use std::fs;

use prism_project::Disk;
use prism_source::{FileSystem, MAX_FILE_BYTES, ReadError};

#[test]
fn what_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(path("good.prism"), "1").expect("a file of the test");
    fs::write(path("latin1.prism"), b"ab\xe9").expect("a file of the test");
    let large = fs::File::create(path("large.prism")).expect("a file of the test");
    large.set_len(MAX_FILE_BYTES + 1).expect("a file of the test");
    assert_eq!(Disk.read(&path("good.prism")).as_deref(), Ok("1"));
    assert_eq!(Disk.read(&path("latin1.prism")), Err(ReadError::NotUtf8 { at: 2 }));
    assert_eq!(Disk.read(&path("large.prism")), Err(ReadError::TooLarge(MAX_FILE_BYTES + 1)));
    assert_eq!(Disk.read(&path("none.prism")), Err(ReadError::NotFound));
    assert!(matches!(Disk.read(&path("")), Err(ReadError::Unreadable(_))));
}

#[test]
fn sources_are_found_in_order_and_hidden_folders_are_not_entered() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for name in ["b.prism", "a/c.prism", ".git/d.prism", "node_modules/e.prism", "f.txt"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of the test");
        fs::write(path, "1").expect("a file of the test");
    }
    let found = Disk.sources_below(&folder.path().to_string_lossy()).expect("a readable folder");
    let name = |path: &String| path.rsplit('/').next().map(str::to_owned);
    assert_eq!(found.iter().filter_map(name).collect::<Vec<_>>(), ["c.prism", "b.prism"]);
}
