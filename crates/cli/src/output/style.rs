//! The few colours there are.

use anstyle::{AnsiColor, Effects, Style};
use std::fmt::Display;

/// What is new.
pub const ADDED: Style = AnsiColor::Green.on_default();
/// What is gone.
pub const REMOVED: Style = AnsiColor::Red.on_default();
/// What is different.
pub const ALTERED: Style = AnsiColor::Yellow.on_default();
/// What is called otherwise.
pub const RENAMED: Style = AnsiColor::Cyan.on_default();
/// What must be looked at.
pub const DANGER: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
/// The word before an error.
pub const ERROR: Style = DANGER;
/// The word before a warning.
pub const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
/// The word before a hint.
pub const HINT: Style = AnsiColor::Cyan.on_default().effects(Effects::BOLD);
/// Commits.
pub const HASH: Style = AnsiColor::Yellow.on_default();
/// Branches.
pub const BRANCH: Style = AnsiColor::Green.on_default().effects(Effects::BOLD);
/// Names of objects, headings.
pub const NAME: Style = Style::new().effects(Effects::BOLD);
/// What matters less.
pub const DIM: Style = Style::new().effects(Effects::DIMMED);

/// A text in a style.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
