//! Checking and unpacking the archive of a managed server.

use super::files::{cannot, set_mode};
use crate::{Class, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use sha2::{Digest, Sha512};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use tar::{Archive, EntryType};

/// Where the server is in the archive.
const ROOT: &str = "package/native";

/// A link that the archive could not carry: paths from the root of the package.
#[derive(Deserialize)]
struct Link {
    /// What it points to.
    source: String,
    /// Where the link itself is.
    target: String,
}

/// Checks an archive against the integrity text of its registry (`sha512-…`, in base64).
pub(super) fn check_integrity(archive: &Path, integrity: &str) -> Result<()> {
    let expected = integrity.split_whitespace().find_map(|part| part.strip_prefix("sha512-")).ok_or_else(|| {
        unusable(archive, "the registry gives no sha512 hash for it")
            .hint("try another version with `pleach pg install`")
    })?;
    let mut file = File::open(archive).map_err(cannot("read", archive))?;
    let mut hasher = Sha512::new();
    io::copy(&mut file, &mut hasher).map_err(cannot("read", archive))?;
    if STANDARD.encode(hasher.finalize()) == expected {
        return Ok(());
    }
    Err(Error::new(
        Class::Unavailable,
        "integrity_mismatch",
        "the downloaded server is not what the registry says it is",
    )
    .on(archive.display().to_string())
    .hint("nothing was installed; try again, and distrust the network or the mirror if it happens again"))
}

/// Unpacks the server of a checked archive into an empty folder: `bin`, `lib`, `share`.
pub(super) fn unpack(archive: &Path, into: &Path) -> Result<()> {
    let file = File::open(archive).map_err(cannot("read", archive))?;
    let mut entries = Archive::new(GzDecoder::new(file));
    for entry in entries.entries().map_err(cannot("read", archive))? {
        let mut entry = entry.map_err(cannot("read", archive))?;
        let path = entry.path().map_err(cannot("read", archive))?.into_owned();
        let Some(place) = place_of(archive, &path, ROOT)? else { continue };
        let place = into.join(place);
        match entry.header().entry_type() {
            EntryType::Directory => make_parents(into, &place)?,
            EntryType::Regular => {
                make_parents(into, place.parent().unwrap_or(into))?;
                let executable = entry.header().mode().unwrap_or(0) & 0o111 != 0 || place.starts_with(into.join("bin"));
                write(&mut entry, &place)?;
                set_mode(&place, if executable { 0o755 } else { 0o644 })?;
            }
            kind => return Err(unusable(archive, &format!("{} is a {kind:?}, not a file", path.display()))),
        }
    }
    make_links(archive, into)
}

/// Makes the links that the archive lists because it cannot carry them.
fn make_links(archive: &Path, into: &Path) -> Result<()> {
    let list = into.join("pg-symlinks.json");
    let text = match fs::read_to_string(&list) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot("read", &list)(error)),
    };
    let links: Vec<Link> = serde_json::from_str(&text)
        .map_err(|error| unusable(archive, &format!("its list of links cannot be read: {error}")))?;
    for link in links {
        let (Some(source), Some(target)) = (
            place_of(archive, Path::new(&link.source), "native")?,
            place_of(archive, Path::new(&link.target), "native")?,
        ) else {
            return Err(unusable(archive, &format!("a link leaves the package: {}", link.target)));
        };
        let place = into.join(&target);
        make_parents(into, place.parent().unwrap_or(into))?;
        // Relative, because the folder is renamed when all is done.
        let mut way: PathBuf = target.components().skip(1).map(|_| Component::ParentDir).collect();
        way.push(&source);
        symlink(&way, &place).map_err(cannot("make the link", &place))?;
    }
    Ok(())
}

/// The path below `root`, `None` for one outside of it; a path that climbs is an error.
fn place_of(archive: &Path, path: &Path, root: &str) -> Result<Option<PathBuf>> {
    if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(Error::new(
            Class::Unavailable,
            "archive_unsafe",
            format!("the archive wants to write outside of its folder: {}", path.display()),
        )
        .on(archive.display().to_string())
        .hint("nothing was installed; do not trust where the archive comes from"));
    }
    Ok(path.strip_prefix(root).ok().filter(|rest| !rest.as_os_str().is_empty()).map(Path::to_owned))
}

/// Makes a folder and its parents up to the root, readable by everybody: the server may run as
/// another user.
fn make_parents(root: &Path, folder: &Path) -> Result<()> {
    if folder.is_dir() || !folder.starts_with(root) {
        return Ok(());
    }
    make_parents(root, folder.parent().unwrap_or(root))?;
    fs::create_dir(folder).map_err(cannot("make the folder", folder))?;
    set_mode(folder, 0o755)
}

fn write(content: &mut impl Read, place: &Path) -> Result<()> {
    let mut file = File::create_new(place).map_err(cannot("write", place))?;
    io::copy(content, &mut file).map_err(cannot("write", place))?;
    Ok(())
}

fn unusable(archive: &Path, why: &str) -> Error {
    Error::new(Class::Unavailable, "archive_unusable", format!("the archive cannot be used: {why}"))
        .on(archive.display().to_string())
        .hint("nothing was installed; try another version, or install a server with your system's packages")
}
