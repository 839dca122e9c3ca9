//! The corpus of pairs of changes in `footprint/`: a base schema, and what comes of each pair.

use std::path::{Path, PathBuf};

/// Two changes of the base schema.
#[derive(Debug, Clone)]
pub struct Pair {
    pub a: String,
    pub b: String,
    /// What is written below them: a verdict, or one for each version.
    pub said: Vec<String>,
}

/// The pairs of one file.
pub struct Topic {
    pub path: PathBuf,
    pub pairs: Vec<Pair>,
}

impl Pair {
    /// The verdict that is written for a version.
    pub fn said_on(&self, version: u32) -> Option<&str> {
        let own = format!("{version}: ");
        let expected = self.said.iter().find_map(|line| line.strip_prefix(&own));
        expected.or_else(|| self.said.iter().find(|line| !line.contains(": ")).map(String::as_str))
    }

    /// Whether a text occurs in one of them.
    pub fn mentions(&self, text: &str) -> bool {
        self.a.contains(text) || self.b.contains(text)
    }
}

/// Whether two changes with this verdict can both be applied, whoever comes first.
pub fn is_harmless(verdict: &str) -> bool {
    matches!(verdict, "commutes" | "identical")
}

/// Where the corpus lies.
pub fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../postgres/tests/footprint")).to_owned()
}

/// The schema that every pair starts from.
pub fn base() -> String {
    std::fs::read_to_string(folder().join("base.sql")).unwrap()
}

/// All pairs, by file; where `PAIR` is set, those that have its text in them.
pub fn topics() -> Vec<Topic> {
    let entries = std::fs::read_dir(folder().join("pairs")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let only = std::env::var("PAIR").ok();
    let wanted = |pair: &Pair| only.as_ref().is_none_or(|only| pair.mentions(only));
    let topic = |path: PathBuf| {
        let pairs = parse(&std::fs::read_to_string(&path).unwrap());
        Topic { path, pairs: pairs.into_iter().filter(wanted).collect() }
    };
    paths.into_iter().map(topic).collect()
}

fn parse(text: &str) -> Vec<Pair> {
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    let pair = |block: &str| {
        let line = |start: &str| block.lines().find_map(|line| line.strip_prefix(start)).map(str::to_owned);
        let said = block.lines().filter_map(|line| line.strip_prefix("= ")).map(str::to_owned).collect();
        Pair { a: line("A: ").expect(block), b: line("B: ").expect(block), said }
    };
    blocks.map(pair).collect()
}
