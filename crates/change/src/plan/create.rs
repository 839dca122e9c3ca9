//! `CREATE`, and what follows it: owner, comment, grants.

use super::fate::texts;
use super::phrase::{index_name, on_domain, phrase};
use super::table::{column_sql, identity_sql, needs_only, not_null_sql, options_clause};
use super::{PlanError, Stage, Step, Writer, step};
use pleach_schema::{Address, Attr, Kind, Object, Value, quote_ident, quote_literal};

impl Writer<'_> {
    /// Makes an object of the second tree.
    pub(super) fn create(&self, address: &Address, stage: Stage, steps: &mut Vec<Step>) -> Result<(), PlanError> {
        let Some(object) = self.to.object(address) else { return Ok(()) };
        let name = address.sql();
        let text = |attr: Attr| object.text(attr).unwrap_or_default();
        match address.kind {
            Kind::Table => self.create_table(address, object, stage, steps),
            Kind::Column => return self.create_column(address, object, stage, steps),
            Kind::Attribute => {
                let alter = format!(
                    "ALTER TYPE {} ADD ATTRIBUTE {} CASCADE",
                    address.relation_sql(),
                    column_sql(address, object)
                );
                steps.push(step(address, stage, alter));
            }
            Kind::Constraint => self.create_constraint(address, object, stage, steps),
            Kind::Index => self.create_index(address, object, stage, steps),
            Kind::DefaultPrivileges => {
                self.all_grants(address, object, stage, steps);
                return Ok(());
            }
            Kind::EventTrigger => {
                steps.push(Step { admin: true, ..step(address, stage, event_trigger(address, object)) })
            }
            Kind::Extension => {
                let version = object.text(Attr::Version).map(|version| format!(" VERSION {}", quote_literal(version)));
                let sql = format!(
                    "CREATE EXTENSION {name} WITH SCHEMA {}{}",
                    quote_ident(object.text(Attr::InSchema).unwrap_or("public")),
                    version.unwrap_or_default()
                );
                steps.push(Step { admin: true, ..step(address, stage, sql) });
            }
            Kind::Function | Kind::Procedure => steps.push(step(address, stage, routine(address, object))),
            Kind::Trigger | Kind::Rule | Kind::Statistics => steps.push(step(address, stage, text(Attr::Definition))),
            Kind::View => steps.push(step(address, stage, view(address, object, "CREATE VIEW"))),
            Kind::MaterializedView => steps.push(step(address, stage, materialized_view(address, object))),
            Kind::Schema => steps.push(step(address, stage, format!("CREATE SCHEMA {name}"))),
            Kind::Enum => {
                let labels: Vec<String> = texts(object.get(Attr::Labels)).into_iter().map(quote_literal).collect();
                steps.push(step(address, stage, format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", "))));
            }
            Kind::Domain => {
                let mut sql = format!("CREATE DOMAIN {name} AS {}", text(Attr::Type));
                if let Some(collation) = object.text(Attr::Collation) {
                    sql.push_str(&format!(" COLLATE {collation}"));
                }
                if let Some(default) = object.text(Attr::Default) {
                    sql.push_str(&format!(" DEFAULT {default}"));
                }
                if object.is(Attr::NotNull) {
                    sql.push_str(&not_null_sql(object));
                }
                steps.push(step(address, stage, sql));
            }
            Kind::Range => steps.push(step(address, stage, range(address, object))),
            Kind::Composite => {
                let mut fields: Vec<_> = self.to.parts(&address.path, Kind::Attribute).collect();
                fields.sort_by_key(|(_, entry)| entry.object.derived.position);
                let lines: Vec<String> = fields.iter().map(|(field, entry)| column_sql(field, &entry.object)).collect();
                let body = if lines.is_empty() { String::new() } else { format!("\n    {}\n", lines.join(",\n    ")) };
                steps.push(step(address, stage, format!("CREATE TYPE {name} AS ({body})")));
                for (field, entry) in fields {
                    self.comment(field, &entry.object, stage, steps);
                }
            }
            Kind::Sequence => {
                let unlogged = if object.get(Attr::Persistence).is_some() { "UNLOGGED " } else { "" };
                let options = sequence_options(object);
                steps.push(step(address, stage, format!("CREATE {unlogged}SEQUENCE {name}{options}")));
            }
            Kind::Aggregate => steps.push(step(address, stage, aggregate(address, object))),
            Kind::Policy => steps.push(step(address, stage, policy(address, object))),
        }
        if let Some(state) = object.text(Attr::Enabled) {
            steps.push(self.enable(address, Some(state), stage));
        }
        if let (Kind::Statistics, Some(Value::Int(target))) = (address.kind, object.get(Attr::Statistics)) {
            steps.push(step(address, stage, format!("ALTER STATISTICS {name} SET STATISTICS {target}")));
        }
        self.clustered(address, object, stage, steps);
        self.comment(address, object, stage, steps);
        // A change of owner carries the old owner's privileges over, so it comes first.
        self.owner(address, object.text(Attr::Owner), stage, steps);
        self.all_grants(address, object, stage, steps);
        Ok(())
    }

    fn create_column(
        &self,
        address: &Address,
        object: &Object,
        stage: Stage,
        steps: &mut Vec<Step>,
    ) -> Result<(), PlanError> {
        let parent = self.to.parent(address);
        if parent.as_ref().is_some_and(|parent| parent.kind == Kind::Table) {
            let filled_later = stage != Stage::Contract && self.fills(address, object);
            let mut object = object.clone();
            if filled_later {
                object.attributes.remove(&Attr::NotNull);
            }
            // PostgreSQL adds no identity column to children, but takes one that becomes it.
            let becomes = self.has_children(address).then(|| object.attributes.remove(&Attr::Identity)).flatten();
            let sql = format!("ALTER TABLE {} ADD COLUMN {}", address.relation_sql(), column_sql(address, &object));
            steps.push(step(address, stage, sql));
            self.unchecked_not_null(address, &object, stage, steps);
            if let Some(identity) = becomes.as_ref().and_then(Value::as_map) {
                let alter = format!("ALTER TABLE {} ALTER COLUMN {}", address.relation_sql(), address.name_sql());
                steps.push(step(address, stage, format!("{alter} ADD{}", identity_sql(address, identity))));
            }
        } else if let Some(default) = object.text(Attr::Default) {
            let alter = super::phrase::alter_relation(self.to, address);
            steps.push(step(
                address,
                stage,
                format!("{alter} ALTER COLUMN {} SET DEFAULT {default}", address.name_sql()),
            ));
        }
        self.column_extras(address, object, stage, steps);
        Ok(())
    }

    /// Whether other tables inherit from the table of a column.
    fn has_children(&self, column: &Address) -> bool {
        let table = column.relation_sql();
        let tables = self.to.iter().filter(|(address, _)| address.kind == Kind::Table);
        tables.into_iter().any(|(_, entry)| texts(entry.object.get(Attr::Inherits)).contains(&table.as_str()))
    }

    fn create_constraint(&self, address: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        let (name, definition) = (address.name_sql(), object.text(Attr::Definition).unwrap_or_default());
        let not_valid = if object.is(Attr::NotValid) { " NOT VALID" } else { "" };
        let sql = if on_domain(self.to, address) {
            format!("ALTER DOMAIN {} ADD CONSTRAINT {name} {definition}{not_valid}", address.relation_sql())
        } else {
            let only = if needs_only(self.to, address, object) { "ONLY " } else { "" };
            // An exclusion constraint's definition has the options of its index inside.
            let said = object.text(Attr::ConstraintType) == Some("exclusion");
            let with = if said { String::new() } else { options_clause(object) };
            let space =
                object.text(Attr::Tablespace).map(|space| format!(" USING INDEX TABLESPACE {}", quote_ident(space)));
            let table = address.relation_sql();
            if let Some(index) = self.style.adopts.get(address) {
                let word = object.text(Attr::ConstraintType).unwrap_or_default().to_uppercase();
                let sql = format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {name} {word} USING INDEX {}{}",
                    quote_ident(index),
                    deferrability(definition)
                );
                steps.push(step(address, stage, sql));
                return;
            }
            let definition = with_index_options(definition, &format!("{with}{}", space.unwrap_or_default()));
            format!("ALTER TABLE {only}{table} ADD CONSTRAINT {name} {definition}{not_valid}")
        };
        steps.push(step(address, stage, sql));
    }

    fn create_index(&self, address: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        let unique = if object.is(Attr::Unique) { "UNIQUE " } else { "" };
        let only = if needs_only(self.to, address, object) { "ONLY " } else { "" };
        let definition = object.text(Attr::Definition).unwrap_or_default();
        let concurrently = if self.style.concurrently && only.is_empty() { "CONCURRENTLY " } else { "" };
        let (name, table) = (address.name_sql(), address.relation_sql());
        let mut sql = format!("CREATE {unique}INDEX {concurrently}{name} ON {only}{table} {definition}");
        if let Some(space) = object.text(Attr::Tablespace) {
            let space = format!(" TABLESPACE {}", quote_ident(space));
            // The tablespace goes before the predicate, which is always the last clause.
            match predicate_start(&sql) {
                Some(at) => sql.insert_str(at, &space),
                None => sql.push_str(&space),
            }
        }
        steps.push(step(address, stage, sql));
        if let Some(targets) = object.get(Attr::Statistics).and_then(Value::as_map) {
            for (column, target) in targets {
                let sql = format!("ALTER INDEX {} ALTER COLUMN {column} SET STATISTICS {target}", index_name(address));
                steps.push(step(address, stage, sql));
            }
        }
    }

    /// `ALTER … OWNER TO`, where the owner is not the project's own role.
    pub(super) fn owner(&self, address: &Address, owner: Option<&str>, stage: Stage, steps: &mut Vec<Step>) {
        let Some(owner) = owner else { return };
        let sql = format!("ALTER {} OWNER TO {}", phrase(self.to, address), quote_ident(owner));
        steps.push(Step { admin: true, ..step(address, stage, sql) });
    }

    /// `COMMENT ON`, where there is a comment.
    pub(super) fn comment(&self, address: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        let Some(comment) = object.text(Attr::Comment) else { return };
        let sql = format!("COMMENT ON {} IS {}", phrase(self.to, address), quote_literal(comment));
        let admin = matches!(address.kind, Kind::Extension | Kind::EventTrigger);
        steps.push(Step { admin, ..step(address, stage, sql) });
    }

    /// `CLUSTER ON` for a materialized view; a table's waits for its indexes.
    fn clustered(&self, address: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        if address.kind != Kind::Index {
            return;
        }
        let holder = self.to.parent(address).filter(|holder| holder.kind == Kind::MaterializedView);
        let Some(holder) = holder else { return };
        let on = self.to.object(&holder).and_then(|view| view.text(Attr::ClusteredOn));
        if on == Some(address.name()) && object.get(Attr::AttachedTo).is_none() {
            let sql = format!("ALTER MATERIALIZED VIEW {} CLUSTER ON {}", holder.sql(), address.name_sql());
            steps.push(step(address, stage, sql));
        }
    }
}

/// Where the predicate of a `CREATE INDEX` begins, in bytes, from PostgreSQL's own scanner.
fn predicate_start(sql: &str) -> Option<usize> {
    let scanned = pg_query::scan(sql).ok()?;
    let is_where = |t: &&pg_query::protobuf::ScanToken| t.token() == pg_query::protobuf::Token::Where;
    let token = scanned.tokens.iter().find(is_where)?;
    Some((token.start as usize).saturating_sub(1))
}

/// The end of a constraint's definition that says when it is checked, with a space before it.
fn deferrability(definition: &str) -> String {
    use pg_query::protobuf::Token;
    let scanned = pg_query::scan(definition).ok();
    let token = scanned.and_then(|scanned| scanned.tokens.into_iter().find(|t| t.token() == Token::Deferrable));
    token.map(|token| format!(" {}", &definition[token.start as usize..])).unwrap_or_default()
}

/// Storage options of the index behind a constraint go before `WHERE` and deferrability.
fn with_index_options(definition: &str, options: &str) -> String {
    use pg_query::protobuf::Token;
    if options.is_empty() {
        return definition.to_owned();
    }
    let scanned = pg_query::scan(definition).ok();
    let clause = |t: &&pg_query::protobuf::ScanToken| matches!(t.token(), Token::Where | Token::Deferrable);
    let at = scanned.and_then(|scanned| scanned.tokens.iter().find(clause).map(|token| token.start as usize));
    match at {
        Some(at) => format!("{}{options} {}", definition[..at].trim_end(), &definition[at..]),
        None => format!("{definition}{options}"),
    }
}

/// `CREATE [OR REPLACE] FUNCTION` or `PROCEDURE`.
pub(super) fn routine(address: &Address, object: &Object) -> String {
    let keyword = super::phrase::keyword(address.kind);
    let name = pleach_schema::qualified(address.path.iter().map(String::as_str));
    let mut sql = format!("CREATE OR REPLACE {keyword} {name}({})", object.text(Attr::Arguments).unwrap_or_default());
    if let Some(returns) = object.text(Attr::Returns) {
        sql.push_str(&format!("\n    RETURNS {returns}"));
    }
    sql.push_str(&format!("\n    LANGUAGE {}", quote_ident(object.text(Attr::Language).unwrap_or("sql"))));
    let transforms = texts(object.get(Attr::Transforms));
    if !transforms.is_empty() {
        let list: Vec<String> = transforms.iter().map(|name| format!("FOR TYPE {name}")).collect();
        sql.push_str(&format!(" TRANSFORM {}", list.join(", ")));
    }
    for (attr, word) in [
        (Attr::Window, " WINDOW"),
        (Attr::Strict, " STRICT"),
        (Attr::SecurityDefiner, " SECURITY DEFINER"),
        (Attr::Leakproof, " LEAKPROOF"),
    ] {
        if object.is(attr) {
            sql.push_str(word);
        }
    }
    if let Some(volatility) = object.text(Attr::Volatility) {
        sql.push_str(&format!(" {}", volatility.to_uppercase()));
    }
    if let Some(parallel) = object.text(Attr::Parallel) {
        sql.push_str(&format!(" PARALLEL {}", parallel.to_uppercase()));
    }
    for (attr, word) in [(Attr::Cost, "COST"), (Attr::Rows, "ROWS"), (Attr::Support, "SUPPORT")] {
        if let Some(value) = object.get(attr) {
            sql.push_str(&format!(" {word} {value}"));
        }
    }
    if let Some(settings) = object.get(Attr::Configuration).and_then(Value::as_map) {
        for (name, value) in settings {
            sql.push_str(&format!("\n    SET {} TO {value}", setting_sql(name)));
        }
    }
    let body = object.text(Attr::Body).unwrap_or_default();
    match (object.text(Attr::SqlBody), object.text(Attr::Library)) {
        (Some(sql_body), _) => sql.push_str(&format!("\n{sql_body}")),
        (None, Some(library)) => sql.push_str(&format!("\n    AS {}, {}", quote_literal(library), quote_literal(body))),
        (None, None) => sql.push_str(&format!("\n    AS {}", dollar_quoted(body))),
    }
    sql
}

/// A setting's name, each dotted part quoted where it must be.
fn setting_sql(name: &str) -> String {
    name.split('.').map(|part| quote_ident(part).into_owned()).collect::<Vec<_>>().join(".")
}

/// A string between dollar signs, with a tag that does not occur in it.
fn dollar_quoted(body: &str) -> String {
    let mut tag = String::from("$$");
    let mut number = 0;
    while body.contains(&tag) || body.ends_with('$') && tag == "$$" {
        number += 1;
        tag = if number == 1 { "$function$".to_owned() } else { format!("$function{number}$") };
    }
    format!("{tag}{body}{tag}")
}

fn aggregate(address: &Address, object: &Object) -> String {
    let name = pleach_schema::qualified(address.path.iter().map(String::as_str));
    let arguments = object.text(Attr::Arguments).unwrap_or_default();
    let arguments = if arguments.is_empty() { "*" } else { arguments };
    let options = object.get(Attr::Options).and_then(Value::as_map);
    let list: Vec<String> = options
        .into_iter()
        .flatten()
        .filter(|(_, value)| **value != Value::Bool(false))
        .map(|(key, value)| if *value == Value::Bool(true) { key.clone() } else { format!("{key} = {value}") })
        .collect();
    format!("CREATE AGGREGATE {name}({arguments}) (\n    {}\n)", list.join(",\n    "))
}

fn range(address: &Address, object: &Object) -> String {
    let mut options = vec![format!("SUBTYPE = {}", object.text(Attr::Subtype).unwrap_or_default())];
    for (attr, word) in [
        (Attr::SubtypeOpclass, "SUBTYPE_OPCLASS"),
        (Attr::Collation, "COLLATION"),
        (Attr::Canonical, "CANONICAL"),
        (Attr::SubtypeDiff, "SUBTYPE_DIFF"),
        (Attr::Multirange, "MULTIRANGE_TYPE_NAME"),
    ] {
        if let Some(value) = object.text(attr) {
            options.push(format!("{word} = {value}"));
        }
    }
    format!("CREATE TYPE {} AS RANGE ({})", address.sql(), options.join(", "))
}

/// A sequence's options, each with a space before it.
pub(super) fn sequence_options(object: &Object) -> String {
    let mut sql = String::new();
    for (attr, word) in [
        (Attr::Type, "AS"),
        (Attr::Increment, "INCREMENT BY"),
        (Attr::Minimum, "MINVALUE"),
        (Attr::Maximum, "MAXVALUE"),
        (Attr::Start, "START WITH"),
        (Attr::Cache, "CACHE"),
    ] {
        if let Some(value) = object.get(attr) {
            sql.push_str(&format!(" {word} {value}"));
        }
    }
    if object.is(Attr::Cycle) {
        sql.push_str(" CYCLE");
    }
    sql
}

/// A view under this `CREATE` clause.
pub(super) fn view(address: &Address, object: &Object, create: &str) -> String {
    let definition = object.text(Attr::Definition).unwrap_or_default();
    format!("{create} {}{} AS\n{definition}", address.sql(), options_clause(object))
}

fn materialized_view(address: &Address, object: &Object) -> String {
    let mut sql = format!("CREATE MATERIALIZED VIEW {}", address.sql());
    if let Some(method) = object.text(Attr::AccessMethod) {
        sql.push_str(&format!(" USING {}", quote_ident(method)));
    }
    sql.push_str(&options_clause(object));
    if let Some(space) = object.text(Attr::Tablespace) {
        sql.push_str(&format!(" TABLESPACE {}", quote_ident(space)));
    }
    format!("{sql} AS\n{}", object.text(Attr::Definition).unwrap_or_default())
}

fn policy(address: &Address, object: &Object) -> String {
    let mut sql = format!("CREATE POLICY {} ON {}", address.name_sql(), address.relation_sql());
    if object.is(Attr::Restrictive) {
        sql.push_str(" AS RESTRICTIVE");
    }
    if let Some(command) = object.text(Attr::Command) {
        sql.push_str(&format!(" FOR {}", command.to_uppercase()));
    }
    sql.push_str(&format!(" TO {}", policy_roles(object)));
    if let Some(using) = object.text(Attr::Using) {
        sql.push_str(&format!(" USING ({using})"));
    }
    if let Some(check) = object.text(Attr::Check) {
        sql.push_str(&format!(" WITH CHECK ({check})"));
    }
    sql
}

/// The roles a policy is for, as SQL.
pub(super) fn policy_roles(object: &Object) -> String {
    let roles = texts(object.get(Attr::Roles));
    if roles.is_empty() {
        return "PUBLIC".to_owned();
    }
    roles.into_iter().map(super::grants::role_sql).collect::<Vec<_>>().join(", ")
}

fn event_trigger(address: &Address, object: &Object) -> String {
    let mut sql = format!("CREATE EVENT TRIGGER {} ON {}", address.sql(), object.text(Attr::Event).unwrap_or_default());
    let tags = texts(object.get(Attr::Tags));
    if !tags.is_empty() {
        let list: Vec<String> = tags.into_iter().map(quote_literal).collect();
        sql.push_str(&format!("\n    WHEN TAG IN ({})", list.join(", ")));
    }
    sql.push_str(&format!("\n    EXECUTE FUNCTION {}()", object.text(Attr::Function).unwrap_or_default()));
    sql
}
