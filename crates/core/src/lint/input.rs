//! The files that are linted.

use pleach_change::{Plan, Stage};
use pleach_postgres::Result;
use pleach_postgres::import::{Migrations, Tool};
use pleach_postgres::script::{self, Script, Variables, Wrap};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Something to lint.
#[derive(Debug, Clone)]
pub enum LintInput {
    /// A file, or a folder of migrations.
    Path(PathBuf),
    /// A text with the name that it has in findings.
    Text {
        /// The name.
        name: String,
        /// The text.
        text: String,
    },
}

/// The files in the order in which they apply.
pub(super) struct Files {
    pub files: Vec<File>,
    pub notes: Vec<String>,
}

/// A file with its text.
pub(super) struct File {
    pub name: String,
    pub script: Script,
    pub text: Arc<str>,
}

/// Finds the files and reads them.
pub(super) fn gather(inputs: &[LintInput], tool: Option<&str>) -> Result<Files> {
    let tool: Option<Tool> = tool.map(str::parse).transpose()?;
    let mut out = Files { files: Vec::new(), notes: Vec::new() };
    for input in inputs {
        match input {
            LintInput::Text { name, text } => out.files.push(File::new(Script::text(name.as_str(), text.as_str()))?),
            LintInput::Path(path) if path.is_dir() => {
                let migrations = Migrations::find(path, tool)?;
                if tool.is_none() && migrations.tool != Tool::Plain {
                    let sign = &migrations.sign;
                    out.notes.push(format!("{} is read as {}'s folder: {sign}", path.display(), migrations.tool));
                }
                out.notes.extend(migrations.notes);
                for file in migrations.files {
                    out.files.push(File::new(file.script)?);
                }
            }
            LintInput::Path(path) => out.files.push(File::new(Script::file(path))?),
        }
    }
    Ok(out)
}

impl Files {
    /// The roles that the files name and do not make.
    pub fn roles(&self) -> Result<BTreeSet<String>> {
        let mut roles = BTreeSet::new();
        for file in &self.files {
            // What is wrong with the text is a finding later on.
            if let Ok(survey) = script::survey([&file.script], &Variables::new()) {
                roles.extend(survey.roles.needed());
            }
        }
        Ok(roles)
    }
}

impl File {
    fn new(script: Script) -> Result<Self> {
        let text = script.read()?;
        Ok(Self { name: script.name().to_owned(), script, text })
    }

    /// A plan as a file: definitions are read with nothing on the search path, data steps with the
    /// usual one.
    pub fn of_plan(name: String, plan: &Plan) -> Self {
        let mut text = String::from("SET search_path TO '';\n");
        let mut usual = false;
        for step in &plan.steps {
            let data = step.stage == Stage::Data;
            if data != usual {
                text.push_str(if data { "RESET search_path;\n" } else { "SET search_path TO '';\n" });
                usual = data;
            }
            text.push_str(&step.statement());
            text.push('\n');
        }
        let script = Script::text(name.as_str(), text.as_str());
        Self { name, script, text: text.into() }
    }

    /// Whether it runs in one transaction.
    pub fn is_wrapped(&self, assume: Option<bool>) -> Result<bool> {
        Ok(match self.script.wrap {
            Wrap::Whole => true,
            Wrap::WholeIfAllowed => script::survey([&self.script], &Variables::new())
                .is_ok_and(|found| found.refused_in_transaction.is_none()),
            Wrap::AsWritten => assume.unwrap_or_default(),
        })
    }
}
