//! Reading a script as a whole: its file, the files it includes, psql's variables.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use pg_query::NodeEnum;

use super::meta::{Command, CopyFrom, Meta, Variables, encoding_unsupported, is_utf8};
use super::parsed::Parsed;
use super::place::{Note, Place};
use super::remark::Remark;
use super::split::{Item, Splitter, Statement, not_text};
use crate::{Class, Error, Result};

/// A script to run: a file or a text, and how it is wrapped in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    name: Arc<str>,
    content: Content,
    /// How it is wrapped in a transaction.
    pub wrap: Wrap,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    File(PathBuf),
    Text { text: Arc<str>, folder: Option<PathBuf> },
}

/// How a script is wrapped in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrap {
    /// Not at all: every statement for itself, unless the script begins transactions of its own.
    #[default]
    AsWritten,
    /// In one transaction.
    Whole,
    /// In one transaction, unless it is one statement, or holds one that PostgreSQL refuses inside.
    WholeIfAllowed,
}

impl Script {
    /// A file, read while it runs. It may be compressed with gzip.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { name: path.display().to_string().into(), content: Content::File(path), wrap: Wrap::AsWritten }
    }

    /// A text, with the name it has in errors.
    pub fn text(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let content = Content::Text { text: text.into(), folder: None };
        Self { name: name.into(), content, wrap: Wrap::AsWritten }
    }

    /// What a file says, changed; the name and the folder stay those of the file.
    pub fn text_of(path: &Path, text: impl Into<Arc<str>>) -> Self {
        let folder = path.parent().map(Path::to_owned);
        let content = Content::Text { text: text.into(), folder };
        Self { name: path.display().to_string().into(), content, wrap: Wrap::AsWritten }
    }

    /// The same script, wrapped in a transaction like this.
    #[must_use]
    pub fn wrapped(mut self, wrap: Wrap) -> Self {
        self.wrap = wrap;
        self
    }

    /// What it is called in errors and progress: the path of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text, without what it includes.
    ///
    /// # Errors
    /// When its file cannot be read, or is not text.
    pub fn read(&self) -> Result<Arc<str>> {
        let path = match &self.content {
            Content::Text { text, .. } => return Ok(text.clone()),
            Content::File(path) => path,
        };
        let mut bytes = Vec::new();
        open_file(path)?.read_to_end(&mut bytes).map_err(|error| Error::unreadable(path, &error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
            not_text(&Place { file: self.name.clone(), line, offset: before.len() as u64 })
        })?;
        Ok(text.into())
    }

    /// How many bytes it has, included files left aside; for progress.
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::File(path) => path.metadata().map_or(0, |metadata| metadata.len()),
            Content::Text { text, .. } => text.len() as u64,
        }
    }
}

/// What comes next in a script.
#[derive(Debug)]
pub(super) enum Step {
    Statement(Statement),
    /// Its rows follow in the script: see [`Reader::copy_chunk`].
    Copy(Statement),
    /// Its rows are in this file.
    CopyFile(Statement, PathBuf),
    Note(Note),
    Remark(Remark),
}

type Input = Box<dyn BufRead + Send>;

/// Reads a script and what it includes, one step at a time.
pub(super) struct Reader {
    open: Vec<Open>,
    variables: Variables,
    standard_strings: bool,
    /// The databases that the script connects to by name.
    databases: BTreeSet<String>,
    /// Bytes of the files that are read to their end.
    closed_bytes: u64,
}

struct Open {
    splitter: Splitter<Input>,
    /// The file itself, however it was named; to notice a file that includes itself.
    file: Option<PathBuf>,
    folder: Option<PathBuf>,
}

impl Reader {
    pub fn open(script: &Script, variables: &Variables) -> Result<Self> {
        let open = match &script.content {
            Content::File(path) => Open::file(path, &script.name)?,
            Content::Text { text, folder } => {
                let input: Input = Box::new(Cursor::new(text.to_string()));
                Open { splitter: Splitter::new(script.name.clone(), input), file: None, folder: folder.clone() }
            }
        };
        Ok(Self {
            open: vec![open],
            variables: variables.clone(),
            standard_strings: true,
            databases: BTreeSet::new(),
            closed_bytes: 0,
        })
    }

    /// How many bytes have been read, in all files.
    pub fn bytes(&self) -> u64 {
        self.closed_bytes + self.open.iter().map(|open| open.splitter.bytes()).sum::<u64>()
    }

    pub fn next(&mut self) -> Result<Option<Step>> {
        while let Some(open) = self.open.last_mut() {
            match open.splitter.next(&self.variables)? {
                Some(Item::Statement(statement)) => return Ok(Some(Step::Statement(statement))),
                Some(Item::Remark(remark)) => return Ok(Some(Step::Remark(remark))),
                Some(Item::Copy(statement)) => return Ok(Some(Step::Copy(statement))),
                Some(Item::Meta(meta)) => {
                    if let Some(step) = self.meta(&meta)? {
                        return Ok(Some(step));
                    }
                }
                None => self.close(),
            }
        }
        Ok(None)
    }

    /// The next rows of the COPY that was just given; false when there are no more.
    pub fn copy_chunk(&mut self, rows: &mut Vec<u8>) -> Result<bool> {
        match self.open.last_mut() {
            Some(open) => open.splitter.copy_chunk(rows),
            None => Ok(false),
        }
    }

    /// The line at which the rows of the COPY that was just given begin.
    pub fn copy_line(&self) -> u64 {
        self.open.last().map_or(1, |open| open.splitter.next_line())
    }

    /// Follows settings that change how the rest of the script is to be read.
    pub fn observe(&mut self, parsed: &Parsed, place: &Place) -> Result<()> {
        for node in parsed.statements() {
            let NodeEnum::VariableSetStmt(set) = node else { continue };
            let Some(value) = set.args.first().and_then(literal) else { continue };
            match set.name.as_str() {
                "client_encoding" if !is_utf8(&value) => return Err(encoding_unsupported(&value, place)),
                "standard_conforming_strings" => {
                    self.standard_strings =
                        !matches!(value.to_ascii_lowercase().as_str(), "off" | "false" | "0" | "no");
                    for open in &mut self.open {
                        open.splitter.set_standard_strings(self.standard_strings);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.closed_bytes += open.splitter.bytes();
        }
    }

    fn meta(&mut self, meta: &Meta) -> Result<Option<Step>> {
        match meta.command(&self.variables)? {
            Command::Ignore => Ok(None),
            Command::Connect(database) => self.connect(meta, database),
            Command::Include { path, relative } => self.include(meta, &path, relative).map(|()| None),
            Command::Set { name, value } => {
                self.variables.insert(name, value);
                Ok(None)
            }
            Command::Unset(name) => {
                self.variables.remove(&name);
                Ok(None)
            }
            Command::Quit => {
                self.close();
                Ok(None)
            }
            Command::Skip(reason) => Ok(Some(note(&meta.place, format!("`\\{}` was left out: {reason}", meta.name)))),
            Command::Copy { sql, from } => {
                let statement = Statement { sql, place: meta.place.clone() };
                match from {
                    CopyFrom::File(path) => Ok(Some(Step::CopyFile(statement, self.locate(&path, false)))),
                    CopyFrom::Script => {
                        if let Some(open) = self.open.last_mut() {
                            open.splitter.set_copying(true);
                        }
                        Ok(Some(Step::Copy(statement)))
                    }
                }
            }
        }
    }

    /// Stays where it is, since an import fills one database, and says so. A script that goes to
    /// several is more than one database can take.
    fn connect(&mut self, meta: &Meta, database: Option<String>) -> Result<Option<Step>> {
        let Some(database) = database else { return Ok(None) };
        // pg_dumpall begins with these, which every server has.
        if !matches!(database.as_str(), "postgres" | "template1") {
            self.databases.insert(database.clone());
        }
        if self.databases.len() > 1 {
            let names: Vec<&str> = self.databases.iter().map(String::as_str).collect();
            return Err(Error::new(
                Class::Input,
                "several_databases",
                format!("the script goes to several databases: {}", names.join(", ")),
            )
            .on(meta.place.to_string())
            .hint("import one database: make a dump of it alone with pg_dump"));
        }
        let text = format!("`\\connect {database}` was left out: everything goes into the database being filled");
        Ok(Some(note(&meta.place, text)))
    }

    fn include(&mut self, meta: &Meta, path: &str, relative: bool) -> Result<()> {
        let path = self.locate(path, relative);
        let name: Arc<str> = path.display().to_string().into();
        let mut included = Open::file(&path, &name).map_err(|error| {
            let hint = format!("{} includes it", meta.place);
            error.hint(hint)
        })?;
        if included.file.is_some() && self.open.iter().any(|open| open.file == included.file) {
            return Err(Error::new(Class::Input, "include_cycle", format!("{name} includes itself"))
                .on(meta.place.to_string())
                .hint("remove one of the \\i lines of the circle"));
        }
        included.splitter.set_standard_strings(self.standard_strings);
        self.open.push(included);
        Ok(())
    }

    /// The file a script means: `\ir` counts from the script, `\i` from the working directory, or
    /// from the script where the working directory has no such file.
    fn locate(&self, path: &str, relative: bool) -> PathBuf {
        let path = Path::new(path);
        let folder = self.open.last().and_then(|open| open.folder.as_deref());
        match folder {
            Some(folder) if relative || !path.exists() => folder.join(path),
            _ => path.to_owned(),
        }
    }
}

impl Open {
    fn file(path: &Path, name: &Arc<str>) -> Result<Self> {
        Ok(Self {
            splitter: Splitter::new(name.clone(), open_file(path)?),
            file: path.canonicalize().ok(),
            folder: path.parent().map(Path::to_owned),
        })
    }
}

/// Opens a file for reading, through gzip if that is what it holds.
pub(super) fn open_file(path: &Path) -> Result<Input> {
    let unreadable = |error: std::io::Error| Error::unreadable(path, &error);
    let mut input = BufReader::with_capacity(64 * 1024, File::open(path).map_err(unreadable)?);
    let compressed = input.fill_buf().map_err(unreadable)?.starts_with(b"\x1f\x8b");
    Ok(if compressed { Box::new(BufReader::new(MultiGzDecoder::new(input))) } else { Box::new(input) })
}

pub(super) fn note(place: &Place, text: String) -> Step {
    Step::Note(Note { place: place.clone(), text })
}

/// The text of a constant in a SET statement.
fn literal(node: &pg_query::Node) -> Option<String> {
    use pg_query::protobuf::a_const::Val;
    let NodeEnum::AConst(constant) = node.node.as_ref()? else { return None };
    match constant.val.as_ref()? {
        Val::Sval(text) => Some(text.sval.clone()),
        Val::Ival(number) => Some(number.ival.to_string()),
        _ => None,
    }
}
