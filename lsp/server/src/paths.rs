//! URIs of documents, and the paths by which the compiler knows them.
//!
//! A module of the standard library is shown as a real file: its text is written below the
//! user's cache folder when somebody goes to it, and a document of that folder is the module.
//! A document that is no file, such as a new one without a name, has its URI for a path.

use std::path::{Path, PathBuf};

use prism_source::normalize;
use tower_lsp::ls_types::Uri;

/// Where the texts of the standard library are written.
#[derive(Debug, Clone)]
pub struct Paths {
    /// `None` when this user has no folder for such things.
    std: Option<PathBuf>,
}

impl Paths {
    /// The folder carries a digest of the texts: two versions of the compiler do not meet.
    pub fn new() -> Paths {
        let var = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let cache = var("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = cache
            .or_else(|| var("LOCALAPPDATA").map(PathBuf::from))
            .or_else(|| var("HOME").map(|home| Path::new(&home).join(".cache")));
        let std = cache.map(|cache| cache.join("prism").join(format!("std-{:016x}", digest())));
        Paths { std }
    }

    /// The normalized path of a document.
    pub fn path(&self, uri: &Uri) -> String {
        let is_file = uri.scheme().as_str().eq_ignore_ascii_case("file");
        let Some(path) = uri.to_file_path().filter(|_| is_file) else {
            return uri.as_str().to_owned();
        };
        let path = normalize(&path.to_string_lossy());
        self.module(&path).unwrap_or(path)
    }

    /// `@prism/execution` for the file that shows it.
    fn module(&self, path: &str) -> Option<String> {
        let std = normalize(&self.std.as_ref()?.to_string_lossy());
        let inside = path.strip_prefix(&std)?.strip_prefix('/')?;
        Some(format!("@prism/{}", inside.strip_suffix(".prism")?))
    }

    /// The URI of a path; the text of a module is written, unless it is there.
    pub fn uri(&self, path: &str, text: &str) -> Option<Uri> {
        let Some(module) = path.strip_prefix("@prism/") else {
            return match path.starts_with('/') || Path::new(path).is_absolute() {
                true => Uri::from_file_path(path),
                false => path.parse().ok(),
            };
        };
        let file = self.std.as_ref()?.join(format!("{module}.prism"));
        let is_there = std::fs::read(&file).is_ok_and(|found| found == text.as_bytes());
        if !is_there {
            write(&file, text).ok()?;
        }
        Uri::from_file_path(&file)
    }
}

/// At once and read-only: somebody may look at it already.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder)?;
    let beside = file.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, text)?;
    let mut permissions = std::fs::metadata(&beside)?.permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&beside, permissions)?;
    std::fs::rename(&beside, file)
}

/// FNV-1a over the texts of the standard library.
fn digest() -> u64 {
    let bytes =
        prism_stdlib::files().iter().flat_map(|(name, text)| name.bytes().chain(text.bytes()));
    bytes.fold(0xcbf2_9ce4_8422_2325, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
