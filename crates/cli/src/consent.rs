//! Asking whoever is at the terminal.

use crate::app::App;
use crate::failure::Outcome;
use pleach_core::{Class, Error};
use std::io::{BufRead, IsTerminal};

/// Goes on with consent: given as an argument, or by whoever is at the terminal and types `y`.
/// `what` is what would be done, on `object`.
pub fn require(app: &App, given: bool, what: &str, object: &str) -> Outcome<()> {
    if given {
        return Ok(());
    }
    let needed = |message: String| {
        let error = Error::new(Class::Unsafe, "consent_needed", message).on(object.to_owned());
        error.hint("nothing was changed; to go on without being asked: `--yes`")
    };
    if !std::io::stdin().is_terminal() || app.ui.is_json() {
        return Err(needed(format!("this would {what}, and nobody is there to be asked")).into());
    }
    app.ui.aside_for_people(&format!("This would {what}: {object}. Go on? [y/N]"));
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    let yes = matches!(typed.trim().to_lowercase().as_str(), "y" | "yes");
    if read.is_ok() && yes { Ok(()) } else { Err(needed(format!("consent to {what} was not given")).into()) }
}
