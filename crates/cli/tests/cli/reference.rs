//! The reference names every error code there is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn every_error_code_is_in_the_reference() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let reference = std::fs::read_to_string(root.join("docs/reference.md")).unwrap();
    let mut codes = BTreeSet::new();
    for part in ["schema", "change", "postgres", "core", "cli"] {
        for file in rust_files(&root.join("crates").join(part).join("src")) {
            let text = std::fs::read_to_string(file).unwrap();
            codes.extend(codes_in(&text).map(str::to_owned));
        }
    }
    assert!(codes.len() > 100, "only {} codes were found", codes.len());
    let missing: Vec<_> = codes.iter().filter(|code| !reference.contains(&format!("| `{code}` |"))).collect();
    assert!(missing.is_empty(), "not in docs/reference.md: {missing:?}");
}

/// The text after `Class::Input, ` or `code: `, where that is one in snake case.
fn codes_in(text: &str) -> impl Iterator<Item = &str> {
    let after_class = text.split("Class::").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        literal(rest.strip_prefix(',')?)
    });
    let after_code = ["code: ", "code = "].into_iter().flat_map(|word| text.split(word).skip(1)).filter_map(literal);
    after_class.chain(after_code)
}

fn literal(rest: &str) -> Option<&str> {
    let code = rest.trim_start().strip_prefix('"')?.split('"').next()?;
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_code.then_some(code)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
