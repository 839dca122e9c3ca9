//! Stories told at a shell: what is typed and what comes back, as one text to review.

use std::collections::HashMap;
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder in which somebody works, and what they have seen so far.
pub struct Story {
    directory: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
    transcript: String,
}

/// Tells a story on every server there is, and compares it with the snapshot of this name.
pub fn on_every_server(name: &str, tell: impl Fn(&mut Story)) {
    for server in every_server() {
        let mut story = Story::new(Some(&server));
        tell(&mut story);
        story.compare(name);
    }
}

/// The programs of every server there is: in the folders of `PLEACH_TEST_PG_BINS`, or where Debian
/// keeps them.
pub fn every_server() -> Vec<PathBuf> {
    if let Some(bins) = std::env::var_os("PLEACH_TEST_PG_BINS").filter(|bins| !bins.is_empty()) {
        return std::env::split_paths(&bins).collect();
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut bins: Vec<PathBuf> = installed.map(|entry| entry.path().join("bin")).collect();
    bins.retain(|bin| bin.join("postgres").exists());
    bins.sort();
    assert!(!bins.is_empty(), "no PostgreSQL server found; name its bin folder in PLEACH_TEST_PG_BINS");
    bins
}

impl Story {
    /// An empty folder called `shop`.
    pub fn new(server: Option<&Path>) -> Self {
        let directory = tempfile::Builder::new().prefix("pleach-story-").tempdir().unwrap();
        // A server that root starts runs as somebody else, who must pass.
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(directory.path().join("shop")).unwrap();
        let pleach = Path::new(env!("CARGO_BIN_EXE_pleach")).parent().unwrap().display().to_string();
        let path = format!("{pleach}:{}", std::env::var("PATH").unwrap_or_default());
        let mut environment = vec![
            ("PATH", path),
            ("HOME", directory.path().display().to_string()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("COLUMNS", "100".to_owned()),
            ("PLEACH_ACTOR", "ann".to_owned()),
            ("PLEACH_NO_BACKGROUND", "skip".to_owned()),
            ("PLEACH_PG_OPTIONS", "-c fsync=off".to_owned()),
        ];
        environment.extend(server.map(|server| ("PLEACH_PG_BIN", server.display().to_string())));
        Self { directory, environment, transcript: String::new() }
    }

    /// The project's folder.
    pub fn folder(&self) -> PathBuf {
        self.directory.path().join("shop")
    }

    /// Writes a file into the project's folder, unseen.
    pub fn file(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Sets a variable for what is typed from here on.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.environment.push((name, value.into()));
    }

    /// Says something to the reader.
    pub fn say(&mut self, text: &str) {
        writeln!(self.transcript, "\n# {text}").unwrap();
    }

    /// Types a line at a shell.
    pub fn sh(&mut self, line: &str) {
        let (text, code) = self.quietly(line);
        writeln!(self.transcript, "$ {line}").unwrap();
        self.transcript.push_str(&text);
        if !text.is_empty() && !text.ends_with('\n') {
            self.transcript.push('\n');
        }
        if code != Some(0) {
            writeln!(self.transcript, "[exit code {}]", code.map_or("none".to_owned(), |code| code.to_string()))
                .unwrap();
        }
    }

    /// Types lines, one after the other.
    pub fn type_in(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix("# ") {
                Some(text) => self.say(text),
                None => self.sh(line),
            }
        }
    }

    /// Types a line that the reader does not see. Returns what it printed, and its exit code.
    pub fn quietly(&self, line: &str) -> (String, Option<i32>) {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("exec 2>&1 </dev/null\n{line}")).current_dir(self.folder()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        let output = command.output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    }

    /// The program with arguments, as it is typed here, to be run by the caller.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pleach"));
        command.args(arguments).current_dir(self.folder()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }

    /// Compares what was seen with the snapshot of this name.
    pub fn compare(&self, name: &str) {
        let text = number_hashes(&self.transcript.replace(&self.directory.path().display().to_string(), "/home/ann"));
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.set_prepend_module_to_snapshot(false);
        for (pattern, replacement) in FILTERS {
            settings.add_filter(pattern, *replacement);
        }
        settings.bind(|| insta::assert_snapshot!(name, text.trim_start()));
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if self.folder().join(".pleach").exists() {
            self.quietly("pleach down --destroy --yes");
        }
    }
}

/// What differs from run to run and says nothing.
const FILTERS: &[(&str, &str)] = &[
    (r"PostgreSQL \d+\.\d+", "PostgreSQL [version]"),
    (r#""version":"\d+\.\d+""#, r#""version":"[version]""#),
    (r"(took|about) \d+(\.\d+)? (ms|s|min)\b", "$1 [n] ms"),
    (r"\d+(\.\d+)? ms\b", "[n] ms"),
    (r"  +\d+(\.\d)? MB\b", "  [n] MB"),
    (r"\d+(\.\d)? (bytes|kB|MB)\b", "[n] MB"),
    (r"\b(just now|\d+ (second|minute)s? ago)\b", "[age]"),
    (r"\[age\]  +", "[age]  "),
    (r"/tmp/pleach-test-\d+-\d+", "/run/postgresql"),
    (r"%2Ftmp%2Fpleach-test-\d+-\d+", "%2Frun%2Fpostgresql"),
    (r"\btest_\d+\b", "production"),
    (r"process \d+ of the server, since [^,\n]+", "process [n] of the server, since [time]"),
    (r", clones are copy-on-write", ""),
    (r"cloned (by copy-on-write|by copying files|through the log)", "[cloned]"),
    (r"\((copy_on_write|file_copy|wal_log)\)", "([cloned])"),
    (r"Read \d+ objects, (\d+) commits, \d+ databases", "Read [n] objects, $1 commits, [n] databases"),
    (r"port \d+", "port [n]"),
    (r"\b20\d{12}_", "[time]_"),
    (r"_20\d{12}", "_[time]"),
    (r"_20\d{12}", "_[time]"),
    (r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)", "[time]"),
    (r"\bpleach_[0-9a-f]{17}\b", "pleach_[aside]"),
    (r"_[0-9a-f]{10}\b", "_[id]"),
    (r":[0-9a-f]{64}@", ":[password]@"),
    (r"(host=|port=|shop_data:\[password\]@127\.0\.0\.1:)[%\w.-]+", "$1[place]"),
    (
        r#""(microseconds|milliseconds|clone_ms|run_ms|read_ms|bytes|wal_bytes|bytes_read|bytes_written|port|pid|data_bytes)":\d+"#,
        r#""$1":0"#,
    ),
    (r"[ ]+\n", "\n"),
];

/// Replaces hashes by `#1`, `#2`, … in the order in which they appear.
fn number_hashes(text: &str) -> String {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        let (before, word) = rest.split_at(start);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        out.push_str(before);
        let is_hash = matches!(word.len(), 10 | 64)
            && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            // A password is none.
            && !(before.ends_with(':') && after.starts_with('@'));
        if is_hash {
            let next = numbers.len() + 1;
            let number = *numbers.entry(word[..10].to_owned()).or_insert(next);
            write!(out, "#{number}").unwrap();
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out + rest
}
