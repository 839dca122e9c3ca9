//! Looking a script through before it runs.

use super::meta::Variables;
use super::parsed::{Parsed, only_handles_rows};
use super::place::Place;
use super::reader::{Reader, Script, Step};
use super::remark::{Gathered, Renamed};
use super::roles::Roles;
use crate::Result;

/// What scripts need and hold, found without running them.
#[derive(Debug, Default)]
pub struct Survey {
    /// How many statements there are, COPY included.
    pub statements: u64,
    /// How many bytes were read, included files and all.
    pub bytes: u64,
    /// The roles that are named and made.
    pub roles: Roles,
    /// The first statement that PostgreSQL refuses inside a transaction block.
    pub refused_in_transaction: Option<Place>,
    /// What is said to have had another name, or why that cannot be told.
    pub renamed: Vec<Result<Renamed>>,
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
        let mut remarks = Gathered::default();
        while let Some(step) = reader.next()? {
            match step {
                Step::Note(_) => {}
                Step::Remark(remark) => self.renamed.extend(remarks.remark(remark).transpose()),
                Step::Copy(statement) | Step::CopyFile(statement, _) => {
                    self.statements += 1;
                    self.renamed.extend(remarks.statement(&statement, None).err().map(Err));
                }
                Step::Statement(statement) => {
                    self.statements += 1;
                    let parsed = if only_handles_rows(&statement.sql) { None } else { Parsed::of(&statement.sql) };
                    match remarks.statement(&statement, parsed.as_ref().and_then(Parsed::single)) {
                        Ok(renamed) => self.renamed.extend(renamed.into_iter().map(Ok)),
                        Err(error) => self.renamed.push(Err(error)),
                    }
                    let Some(parsed) = parsed else { continue };
                    reader.observe(&parsed, &statement.place)?;
                    parsed.statements().iter().for_each(|node| self.roles.add(node));
                    if self.refused_in_transaction.is_none() && parsed.cannot_run_in_transaction() {
                        self.refused_in_transaction = Some(statement.place);
                    }
                }
            }
        }
        self.renamed.extend(remarks.end().err().map(Err));
        self.bytes += reader.bytes();
        Ok(())
    }
}
