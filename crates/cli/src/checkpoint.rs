//! Crashing on purpose, so that tests can see what the next command makes of it.

use crate::failure::Outcome;
use crate::surroundings::variable;
use nix::sys::signal::{Signal, raise};
use pleach_core::{Class, Error};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the core calls at every place where a crash must do no harm.
type Checkpoint = Arc<dyn Fn(&str) + Send + Sync>;

/// What `PLEACH_CRASH_AT` asks for: `NAME[:N]` kills the process with SIGKILL the Nth time it
/// comes to the place of this name; `stop:NAME[:N]` stops it there until somebody continues it;
/// `list:FILE` adds the name of every place to a file.
pub fn from_environment() -> Outcome<Option<Checkpoint>> {
    let Some(asked) = variable("PLEACH_CRASH_AT") else { return Ok(None) };
    if let Some(file) = asked.strip_prefix("list:") {
        return Ok(Some(lister(PathBuf::from(file))));
    }
    let (signal, place) = match asked.strip_prefix("stop:") {
        Some(place) => (Signal::SIGSTOP, place),
        None => (Signal::SIGKILL, asked.as_str()),
    };
    let (name, times) = match place.rsplit_once(':') {
        Some((name, times)) => (name, times.parse().ok().filter(|times| *times > 0)),
        None => (place, Some(1)),
    };
    let times = times.ok_or_else(|| {
        Error::new(
            Class::Input,
            "bad_crash_point",
            "PLEACH_CRASH_AT is NAME, NAME:N, stop:NAME, stop:NAME:N or list:FILE",
        )
        .on(asked.clone())
    })?;
    Ok(Some(sender(signal, name.to_owned(), times)))
}

fn sender(signal: Signal, name: String, times: usize) -> Checkpoint {
    let left = AtomicUsize::new(times);
    Arc::new(move |at| {
        if at == name && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = raise(signal);
        }
    })
}

fn lister(file: PathBuf) -> Checkpoint {
    Arc::new(move |at| {
        let line = OpenOptions::new().create(true).append(true).open(&file);
        if let Err(error) = line.and_then(|mut file| writeln!(file, "{at}")) {
            tracing::warn!(%error, "cannot list checkpoints");
        }
    })
}
