//! Reading what arguments point to: SQL files, URLs.

use crate::failure::Outcome;
use crate::surroundings::variable;
use pleach_core::connect::Target;
use pleach_core::state::DataStep;
use pleach_core::{Class, Error};
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

/// A file's text; `-` is standard input.
pub fn read_text(path: &Path) -> Outcome<String> {
    if path.as_os_str() == "-" {
        return read_stdin();
    }
    std::fs::read_to_string(path).map_err(|error| Error::unreadable(path, &error).into())
}

/// All of standard input.
pub fn read_stdin() -> Outcome<String> {
    if std::io::stdin().is_terminal() {
        return Err(Error::new(Class::Input, "nothing_given", "there is nothing on standard input")
            .hint("pipe something in, or name a file")
            .into());
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Error::unreadable(Path::new("standard input"), &error))?;
    Ok(text)
}

/// A file as a data step that is called as the file is.
pub fn data_step(path: &Path) -> Outcome<DataStep> {
    let name = match path.file_name() {
        Some(name) if path.as_os_str() != "-" => name.to_string_lossy().into_owned(),
        _ => "stdin".to_owned(),
    };
    Ok(DataStep::new(name, read_text(path)?))
}

/// A time such as `30m`, `1h 30m` or `10s`.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}: write it as 30m, 1h or 10s"))
}

/// Files as data steps, in order.
pub fn data_steps(paths: &[impl AsRef<Path>]) -> Outcome<Vec<DataStep>> {
    paths.iter().map(|path| data_step(path.as_ref())).collect()
}

/// A URL as it is given, from the environment variable that `env:NAME` names, or with `-` from
/// standard input. The last two keep a password out of the list of processes.
pub fn target(given: &str) -> Outcome<Target> {
    let text = if given == "-" {
        read_stdin()?
    } else if let Some(name) = given.strip_prefix("env:") {
        variable(name).ok_or_else(|| {
            Error::new(Class::Input, "variable_missing", "the environment variable is not set")
                .on(name.to_owned())
                .hint(format!("export {name}=postgres://… first"))
        })?
    } else {
        given.to_owned()
    };
    if text.trim().is_empty() {
        return Err(Error::new(Class::Input, "nothing_given", "the URL is empty")
            .hint("name a server: postgres://user@host/database")
            .into());
    }
    Ok(Target::parse(text.trim())?)
}
