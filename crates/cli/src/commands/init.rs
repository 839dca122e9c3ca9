use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::input::target;
use crate::output::{Page, plural, style};
use clap::{ArgGroup, Args};
use pleach_core::{Class, Error, InitOptions, Initialised, Project, Source};
use std::path::PathBuf;

/// Begin a project in this folder
///
/// Makes `main` from one source, with its first snapshot and its first commit. Everything of the
/// project is kept in `.pleach/`, with a private PostgreSQL server of its own unless `--url` names
/// one of yours. If it fails, nothing stays behind.
///
/// A URL with a password on the command line can be read by every user of the machine in the list
/// of processes. Give the name of an environment variable that holds it instead
/// (`--from env:NAME`), or `-` and the URL on standard input.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLE)]
#[command(group(ArgGroup::new("source").required(true).args(["from", "schema", "migrations", "empty"])))]
pub struct Init {
    /// Copy schema and rows of a running database: a URL, `env:NAME`, or `-` for standard input
    #[arg(long, value_name = "URL")]
    from: Option<String>,

    /// Leave the rows out
    #[arg(long, requires = "from")]
    schema_only: bool,

    /// Run plain SQL, also as pg_dump writes it: a file, or a folder whose files run in order
    #[arg(long, value_name = "FILE|DIR")]
    schema: Option<PathBuf>,

    /// Apply a folder of migrations: plain SQL, Flyway, golang-migrate, dbmate, sqlx, goose, Prisma
    #[arg(long, value_name = "DIR")]
    migrations: Option<PathBuf>,

    /// Whose migrations they are, where that is not recognised
    #[arg(long, value_name = "TOOL", requires = "migrations")]
    tool: Option<String>,

    /// Begin with nothing
    #[arg(long)]
    empty: bool,

    /// What the project is called; without it as the folder is
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Use a server of yours, where the role may CREATE DATABASE: a URL, `env:NAME`, or `-`
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// The major version of the private server
    #[arg(long, value_name = "MAJOR", conflicts_with = "url")]
    pg: Option<u32>,
}

const EXAMPLE: &str = "\
Examples:
  pleach init --schema schema.sql
  pleach init --migrations db/migrations
  export PROD=postgres://reader:secret@db.example/shop
  pleach init --from env:PROD --schema-only
  pleach init --empty --pg 18";

impl Init {
    pub async fn run(self, app: &App) -> Outcome {
        if self.from.as_deref() == Some("-") && self.url.as_deref() == Some("-") {
            let message = "only one of `--from` and `--url` can come from standard input";
            return Err(Error::new(Class::Input, "bad_arguments", message).hint("use `env:NAME` for the other").into());
        }
        let options = InitOptions {
            server: self.url.as_deref().map(target).transpose()?,
            name: self.name.clone(),
            major: self.pg,
            source: self.source()?,
        };
        let (mut project, begun) = Project::init(&app.directory, &options, app.context.clone()).await?;
        for note in &begun.imported.notes {
            app.ui.warn(note);
        }
        app.ui.warn_unmodelled(&begun.imported.unmodelled);
        app.ui.confirm(&begun, |page| print(page, &begun))?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }

    fn source(self) -> Outcome<Source> {
        Ok(if let Some(from) = self.from {
            Source::Url { target: Box::new(target(&from)?), schema_only: self.schema_only }
        } else if let Some(path) = self.schema {
            Source::Files(path)
        } else if let Some(folder) = self.migrations {
            Source::Migrations { folder, tool: self.tool }
        } else {
            Source::Empty
        })
    }
}

fn print(page: &mut Page, begun: &Initialised) {
    let (project, imported) = (style::paint(style::NAME, &begun.project), &begun.imported);
    page.line(format!("Began project {project} on {}", begun.server));
    if let Some(tool) = &imported.tool {
        page.indented(2, format!("applied the migrations of {tool}"));
    }
    if imported.statements > 0 || imported.rows > 0 {
        let (statements, rows) = (plural(imported.statements, "statement"), plural(imported.rows, "row"));
        page.indented(2, format!("ran {statements}, copied {rows}"));
    }
    if !imported.roles_made.is_empty() {
        page.indented(2, format!("made roles that it names, without login: {}", imported.roles_made.join(", ")));
    }
    let objects: Vec<String> = begun.objects.iter().map(|(kind, count)| plural(*count as u64, kind)).collect();
    page.indented(2, format!("main has {}", objects.join(", ")));
    page.line(format!("First commit: {}", style::paint(style::HASH, begun.commit.hash.short())));
    page.line("Next: `pleach branch create NAME`");
}
