//! Looking a script through before it runs.

use super::meta::Variables;
use super::parsed::{Parsed, only_handles_rows};
use super::place::Place;
use super::reader::{Reader, Script, Step};
use super::roles::Roles;
use crate::Result;

/// What scripts need and hold, found without running them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many statements there are, COPY included.
    pub statements: u64,
    /// How many bytes were read, included files and all.
    pub bytes: u64,
    /// The roles that are named and made.
    pub roles: Roles,
    /// The first statement that PostgreSQL refuses inside a transaction block.
    pub refused_in_transaction: Option<Place>,
}

/// Looks scripts through in their order: one pass over the text, rows of COPY passed over.
pub fn survey<'a>(scripts: impl IntoIterator<Item = &'a Script>, variables: &Variables) -> Result<Survey> {
    let mut survey = Survey::default();
    for script in scripts {
        survey.add(script, variables)?;
    }
    Ok(survey)
}

impl Survey {
    fn add(&mut self, script: &Script, variables: &Variables) -> Result<()> {
        let mut reader = Reader::open(script, variables)?;
        while let Some(step) = reader.next()? {
            match step {
                Step::Note(_) => {}
                Step::Copy(_) | Step::CopyFile(..) => self.statements += 1,
                Step::Statement(statement) => {
                    self.statements += 1;
                    if only_handles_rows(&statement.sql) {
                        continue;
                    }
                    let Some(parsed) = Parsed::of(&statement.sql) else { continue };
                    reader.observe(&parsed, &statement.place)?;
                    parsed.statements().iter().for_each(|node| self.roles.add(node));
                    if self.refused_in_transaction.is_none() && parsed.cannot_run_in_transaction() {
                        self.refused_in_transaction = Some(statement.place);
                    }
                }
            }
        }
        self.bytes += reader.bytes();
        Ok(())
    }
}
