//! What comes with a range type: its multirange, and the functions that make values of both.
//! PostgreSQL renames neither with the type.

use super::phrase::own_name;
use super::remove::aside_name;
use super::{Stage, Step, Writer, step};
use pleach_schema::{Address, Attr, Lineage, quote_ident};

impl Writer<'_> {
    /// Sets aside what would be in the way of a range type that takes the place of this one.
    pub(super) fn range_aside(&self, old: &Address, at: &Address, lineage: Lineage) -> Vec<Step> {
        let Some(range) = self.from.object(old) else { return Vec::new() };
        let schema = quote_ident(at.schema().unwrap_or_default()).into_owned();
        let (name, aside) = (at.name_sql(), aside_name(lineage));
        let mut sql = Vec::new();
        let mut functions = |name: &str, aside: &str, arguments: &[String]| {
            let renamed =
                arguments.iter().map(|list| format!("ALTER FUNCTION {schema}.{name}({list}) RENAME TO {aside}"));
            sql.extend(renamed);
        };
        let taken = |attr: Attr| {
            let own = range.text(attr);
            move |other: &pleach_schema::Object| own.is_some() && other.text(attr) == own
        };
        let subtype = range.text(Attr::Subtype).unwrap_or_default();
        if self.to.object(old).is_some_and(taken(Attr::Subtype)) {
            let two = format!("{subtype}, {subtype}");
            functions(&name, &aside, &[two.clone(), format!("{two}, text")]);
        }
        let is_taken = taken(Attr::Multirange);
        let multirange = range.text(Attr::Multirange).map(own_name);
        if let Some(own) = multirange.filter(|_| self.to.iter().any(|(_, entry)| is_taken(&entry.object))) {
            let aside_many = quote_ident(&format!("{aside}_m")).into_owned();
            let of = format!("{schema}.{aside}");
            functions(own, &aside_many, &[String::new(), of.clone(), format!("{of}[]")]);
            sql.push(format!("ALTER TYPE {schema}.{own} RENAME TO {aside_many}"));
        }
        sql.into_iter().map(|sql| step(old, Stage::Rename, sql)).collect()
    }
}
