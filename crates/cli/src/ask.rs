//! Questions to whoever sits at the terminal.

use crate::output::Ui;
use pleach_core::Suspect;
use std::io::{BufRead, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks about renames that nobody declared, where somebody is there to answer.
pub struct Renames<'a> {
    ui: &'a Ui,
    /// Whether questions are answered: on a terminal, until somebody says no to all.
    open: AtomicBool,
}

impl<'a> Renames<'a> {
    /// Questions are asked on standard error and answered on standard input.
    pub fn new(ui: &'a Ui) -> Self {
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self { ui, open: AtomicBool::new(terminal && !ui.is_json()) }
    }

    /// Whether this is a rename. Without an answer it is none.
    pub fn ask(&self, suspect: &Suspect) -> bool {
        if !self.open.load(Ordering::Relaxed) {
            return false;
        }
        let Suspect { old, new, same } = suspect;
        let like = if *same { "just like it" } else { "much like it" };
        self.ui.question(&format!("{old} is gone, and {new} is new and {like}. Was it renamed? [y/N/none] "));
        let mut answer = String::new();
        if std::io::stdin().lock().read_line(&mut answer).is_err() {
            return false;
        }
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => return true,
            // Who has no more to say says so by closing the input.
            "none" => self.open.store(false, Ordering::Relaxed),
            _ if answer.is_empty() => self.open.store(false, Ordering::Relaxed),
            _ => {}
        }
        false
    }
}
