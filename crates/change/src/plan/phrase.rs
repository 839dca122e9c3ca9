//! How statements name an object.

use pleach_schema::{Address, Kind, Tree, qualified};

/// The object as `COMMENT ON` and `DROP` name it: `TABLE public.users`, `TRIGGER t ON public.users`.
/// `tree` tells a domain's constraint from a table's.
pub fn phrase(tree: &Tree, address: &Address) -> String {
    let name = address.name_sql();
    let on = address.relation_sql();
    match address.kind {
        Kind::Enum | Kind::Range | Kind::Composite => format!("TYPE {}", address.sql()),
        Kind::Column | Kind::Attribute => format!("COLUMN {}", address.sql()),
        Kind::Index => format!("INDEX {}", index_name(address)),
        Kind::Constraint if on_domain(tree, address) => format!("CONSTRAINT {name} ON DOMAIN {on}"),
        Kind::Constraint => format!("CONSTRAINT {name} ON {on}"),
        Kind::Trigger => format!("TRIGGER {name} ON {on}"),
        Kind::Rule => format!("RULE {name} ON {on}"),
        Kind::Policy => format!("POLICY {name} ON {on}"),
        // An aggregate of nothing is one of everything.
        Kind::Aggregate if address.arguments.as_deref() == Some("") => {
            format!("AGGREGATE {}(*)", qualified(address.path.iter().map(String::as_str)))
        }
        kind => format!("{} {}", keyword(kind), address.sql()),
    }
}

/// The word for a kind in `CREATE`, `ALTER` and `DROP`.
pub(super) fn keyword(kind: Kind) -> &'static str {
    match kind {
        Kind::Schema => "SCHEMA",
        Kind::Extension => "EXTENSION",
        Kind::Enum | Kind::Range | Kind::Composite => "TYPE",
        Kind::Domain => "DOMAIN",
        Kind::Sequence => "SEQUENCE",
        Kind::Table => "TABLE",
        Kind::Column => "COLUMN",
        Kind::Attribute => "ATTRIBUTE",
        Kind::Constraint => "CONSTRAINT",
        Kind::Index => "INDEX",
        Kind::View => "VIEW",
        Kind::MaterializedView => "MATERIALIZED VIEW",
        Kind::Function => "FUNCTION",
        Kind::Procedure => "PROCEDURE",
        Kind::Aggregate => "AGGREGATE",
        Kind::Trigger => "TRIGGER",
        Kind::Rule => "RULE",
        Kind::Policy => "POLICY",
        Kind::Statistics => "STATISTICS",
        Kind::EventTrigger => "EVENT TRIGGER",
        Kind::DefaultPrivileges => "DEFAULT PRIVILEGES",
    }
}

/// An index's name with its schema: it is named beside its table, not inside it.
pub fn index_name(address: &Address) -> String {
    qualified(address.schema().into_iter().chain([address.name()]))
}

/// The last name of a qualified one, both as SQL.
pub(super) fn own_name(qualified: &str) -> &str {
    let mut quoted = false;
    let mut start = 0;
    for (at, c) in qualified.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => start = at + 1,
            _ => {}
        }
    }
    &qualified[start..]
}

/// Whether a constraint belongs to a domain.
pub(super) fn on_domain(tree: &Tree, constraint: &Address) -> bool {
    tree.get(&Address::new(Kind::Domain, constraint.relation().iter().cloned())).is_some()
}

/// `ALTER TABLE`, `ALTER VIEW`, … for the relation that a part belongs to.
pub(super) fn alter_relation(tree: &Tree, part: &Address) -> String {
    let keyword = tree.parent(part).map_or("TABLE", |parent| keyword(parent.kind));
    format!("ALTER {keyword} {}", part.relation_sql())
}
