//! What is being done, for people who wait at a terminal.

use crate::cli::{Color, Format, Global};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A line at the bottom of a terminal that says what is being done; nothing anywhere else.
pub struct Spinner {
    shown: bool,
    plain: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Spinner {
    /// Shown when standard error is a terminal and people want to see it.
    pub fn new(global: &Global) -> Self {
        let shown = !global.quiet && global.format != Some(Format::Json) && std::io::stderr().is_terminal();
        Self { shown, plain: global.color == Color::Never, bar: Mutex::default() }
    }

    /// Says what is being done.
    pub fn say(&self, what: &str) {
        if !self.shown {
            return;
        }
        let mut bar = self.lock();
        let bar = bar.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            let template = if self.plain { "{spinner} {wide_msg}" } else { "{spinner:.cyan} {wide_msg}" };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.tick_strings(&["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "]));
            }
            bar.enable_steady_tick(Duration::from_millis(80));
            bar
        });
        bar.set_message(what.to_owned());
    }

    /// Takes the line away, before something else is printed.
    pub fn clear(&self) {
        if let Some(bar) = self.lock().take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
