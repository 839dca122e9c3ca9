//! What an import reads: SQL files of a schema, and the folders of migration tools, as scripts in
//! the order in which they are to run.
//!
//! Nothing runs here: [`SchemaFiles`] and [`Migrations`] give [`Script`](crate::script::Script)s,
//! which know their file and keep its line numbers.

mod detect;
mod flyway;
mod folder;
mod marked;
mod migrations;
mod natural;
mod numbered;
mod prisma;
mod schema_files;

pub use migrations::{MigrationFile, Migrations, Tool};
pub use natural::numbers as compare_versions;
pub use schema_files::SchemaFiles;
