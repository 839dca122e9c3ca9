//! What the measurements ran on, without saying whose machine it is.

use std::fs;
use std::path::Path;

/// Cores, processor, memory, operating system and file system, in a line.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let memory = memory.map_or_else(String::new, |kib| format!(", {} GiB of memory", (kib + (1 << 19)) >> 20));
    let files = file_system(&std::env::temp_dir()).map_or_else(String::new, |name| format!(", {name}"));
    format!("{cores} cores ({processor}){memory}, {}{files}", std::env::consts::OS)
}

/// The value behind `name :` in one of the kernel's files.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

/// The type of the file system that a folder is on.
fn file_system(folder: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = |line: &str| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    let mut holding: Vec<_> = mounts.lines().filter_map(mount).filter(|(point, _)| folder.starts_with(point)).collect();
    holding.sort_by_key(|(point, _)| point.len());
    holding.pop().map(|(_, kind)| kind)
}
