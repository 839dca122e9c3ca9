//! The kinds of objects and the names of their attributes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Declares an enum whose variants have one stable text form, used in storage, JSON and display.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The stable text form.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The variant with this text form, if there is one.
            pub fn from_name(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.as_str()) }
        }
    };
}

names! {
    /// What sort of thing an object is. The order is the order of display.
    Kind {
        /// A schema (namespace).
        Schema = "schema",
        /// An installed extension. What belongs to it is the extension's and not in the tree.
        Extension = "extension",
        /// An enum type.
        Enum = "enum",
        /// A domain.
        Domain = "domain",
        /// A range type, with its multirange.
        Range = "range",
        /// A stand-alone composite type.
        Composite = "composite type",
        /// A column of a composite type.
        Attribute = "attribute",
        /// A sequence that is not the inside of an identity column.
        Sequence = "sequence",
        /// A table: ordinary, partitioned, or a partition.
        Table = "table",
        /// A column of a table, or what is said of a view's column (default, comment, grants).
        Column = "column",
        /// A constraint of a table or domain.
        Constraint = "constraint",
        /// An index that is not the inside of a constraint.
        Index = "index",
        /// A view.
        View = "view",
        /// A materialized view.
        MaterializedView = "materialized view",
        /// A function or window function.
        Function = "function",
        /// A procedure.
        Procedure = "procedure",
        /// An aggregate.
        Aggregate = "aggregate",
        /// A trigger on a table or view.
        Trigger = "trigger",
        /// A rewrite rule other than a view's own.
        Rule = "rule",
        /// A row security policy.
        Policy = "policy",
        /// Extended statistics.
        Statistics = "statistics",
        /// An event trigger.
        EventTrigger = "event trigger",
        /// The privileges that objects will have which a role creates later.
        DefaultPrivileges = "default privileges",
    }
}

impl Kind {
    /// Whether an object of this kind lives inside a relation or type, named by the path before
    /// its own name, and goes when that goes.
    pub const fn is_part(self) -> bool {
        matches!(
            self,
            Kind::Attribute | Kind::Column | Kind::Constraint | Kind::Index | Kind::Trigger | Kind::Rule | Kind::Policy
        )
    }

    /// Whether objects of this kind hold data (rows, values, a counter), so that dropping one and
    /// creating another under its name loses something.
    pub const fn holds_data(self) -> bool {
        matches!(
            self,
            Kind::Table
                | Kind::Column
                | Kind::Sequence
                | Kind::Enum
                | Kind::Domain
                | Kind::Range
                | Kind::Composite
                | Kind::Attribute
                | Kind::Extension
        )
    }

    /// Whether this is a function, procedure or aggregate, told apart by argument types.
    pub const fn is_routine(self) -> bool {
        matches!(self, Kind::Function | Kind::Procedure | Kind::Aggregate)
    }
}

names! {
    /// What is said of an object. An attribute that is absent has PostgreSQL's default.
    Attr {
        /// Text: the owning role; absent for the project's own role.
        Owner = "owner",
        /// Text: as set by `COMMENT ON`.
        Comment = "comment",
        /// Map from role (`PUBLIC`, `@owner`) to a list of privileges (`SELECT`, `SELECT*` with
        /// grant option), only for roles whose privileges are not the default ones.
        Grants = "grants",
        /// Text: type with modifiers, names qualified. Columns, attributes, domains, sequences.
        Type = "type",
        /// Text: qualified collation where it is not the type's own.
        Collation = "collation",
        /// Bool.
        NotNull = "not_null",
        /// Text: a not-null constraint's name where it was chosen by hand (PostgreSQL 18).
        NotNullName = "not_null_name",
        /// Text: `not valid` and/or `no inherit` of a not-null constraint (PostgreSQL 18).
        NotNullOptions = "not_null_options",
        /// Text: default expression.
        Default = "default",
        /// Map: `generation` (`always`, `by default`), `sequence` (qualified name), and the
        /// sequence's options that are not default.
        Identity = "identity",
        /// Text: expression of a generated column.
        Generated = "generated",
        /// Text: `virtual` (stored is the default).
        GeneratedKind = "generated_kind",
        /// Text: storage mode where it is not the type's own.
        Storage = "storage",
        /// Text: compression method.
        Compression = "compression",
        /// Int: statistics target. For indexes a Map from column number to target.
        Statistics = "statistics",
        /// Map: storage parameters (`WITH (…)`), attribute options, view options.
        Options = "options",
        /// Bool: a parent table has the column or check too. Whether the child once had it by itself
        /// is not told: no statement could change it.
        Inherited = "inherited",
        /// Text: `unlogged`.
        Persistence = "persistence",
        /// Text: table access method other than heap.
        AccessMethod = "access_method",
        /// Text: tablespace other than the database's.
        Tablespace = "tablespace",
        /// Text: `RANGE (created_at)`.
        PartitionKey = "partition_key",
        /// Text: qualified name of the partitioned table.
        PartitionOf = "partition_of",
        /// Text: `FOR VALUES …` or `DEFAULT`.
        PartitionBound = "partition_bound",
        /// List of Text: qualified names of inherited tables, in order.
        Inherits = "inherits",
        /// Text: qualified composite type of a typed table.
        OfType = "of_type",
        /// Text: `full`, `nothing`, or `index NAME`.
        ReplicaIdentity = "replica_identity",
        /// Bool: row level security is enabled.
        RowSecurity = "row_security",
        /// Bool: row level security holds for the owner too.
        ForceRowSecurity = "force_row_security",
        /// Text: name of the index the table was last clustered on.
        ClusteredOn = "clustered_on",
        /// Text: what a constraint is: `primary key`, `unique`, `check`, `foreign key`, `exclusion`.
        ConstraintType = "constraint_type",
        /// Text: the object as PostgreSQL writes it. Constraints: what follows the name. Indexes:
        /// from `USING` on. Views: the query. Triggers, rules, statistics: the whole statement.
        Definition = "definition",
        /// Bool: a constraint that was not checked for rows that were there before.
        NotValid = "not_valid",
        /// Bool: unique index.
        Unique = "unique",
        /// Bool: an index that PostgreSQL marks invalid.
        Invalid = "invalid",
        /// Text: qualified name of the partitioned index (also behind a constraint) that this
        /// partition's index or constraint is attached to.
        AttachedTo = "attached_to",
        /// Int: sequence option.
        Start = "start",
        /// Int: sequence option.
        Increment = "increment",
        /// Int: sequence option.
        Minimum = "minimum",
        /// Int: sequence option.
        Maximum = "maximum",
        /// Int: sequence option.
        Cache = "cache",
        /// Bool: sequence option.
        Cycle = "cycle",
        /// Text: qualified name of the column that owns the sequence.
        OwnedBy = "owned_by",
        /// List of Text: an enum's labels in order.
        Labels = "labels",
        /// Text: range option.
        Subtype = "subtype",
        /// Text: range option, qualified operator class.
        SubtypeOpclass = "subtype_opclass",
        /// Text: range option, qualified function.
        Canonical = "canonical",
        /// Text: range option, qualified function.
        SubtypeDiff = "subtype_diff",
        /// Text: name of a range's multirange type, qualified.
        Multirange = "multirange",
        /// Text: a routine's arguments with names, modes and defaults.
        Arguments = "arguments",
        /// Text: a function's result.
        Returns = "returns",
        /// Text: a routine's language.
        Language = "language",
        /// Text: a routine's body as a string; for C the link symbol.
        Body = "body",
        /// Text: a routine's SQL-standard body (`RETURN …`, `BEGIN ATOMIC …`).
        SqlBody = "sql_body",
        /// Text: a C routine's library.
        Library = "library",
        /// Text: `immutable` or `stable`.
        Volatility = "volatility",
        /// Bool: returns null on null input.
        Strict = "strict",
        /// Bool.
        SecurityDefiner = "security_definer",
        /// Bool.
        Leakproof = "leakproof",
        /// Bool: a window function.
        Window = "window",
        /// Text: `safe` or `restricted`.
        Parallel = "parallel",
        /// Text: estimated cost where it is not the language's default.
        Cost = "cost",
        /// Text: estimated rows where it is not the default.
        Rows = "rows",
        /// Text: qualified planner support function.
        Support = "support",
        /// List of Text: types that the routine's transforms are for.
        Transforms = "transforms",
        /// Map: settings (`SET name TO value`) of a routine, values as written in SQL.
        Configuration = "configuration",
        /// Text: state of a trigger, rule or event trigger: `disabled`, `replica`, `always`.
        Enabled = "enabled",
        /// Text: a policy's command: `select`, `insert`, `update`, `delete`.
        Command = "command",
        /// Bool: a restrictive policy.
        Restrictive = "restrictive",
        /// List of Text: roles a policy is for; absent for `PUBLIC`.
        Roles = "roles",
        /// Text: a policy's `USING` expression.
        Using = "using",
        /// Text: a policy's `WITH CHECK` expression.
        Check = "check",
        /// Text: an extension's schema.
        InSchema = "schema",
        /// Text: an extension's version.
        Version = "version",
        /// Text: an event trigger's event.
        Event = "event",
        /// Text: an event trigger's function, qualified.
        Function = "function",
        /// List of Text: an event trigger's tags.
        Tags = "tags",
    }
}
