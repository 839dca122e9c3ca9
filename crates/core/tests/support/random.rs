//! Random schemas and random changes of them, as SQL.
//!
//! The same seed gives the same statements. Not every statement need be one that PostgreSQL
//! accepts: run each under a savepoint and go on without those that it refuses.

#[path = "random/change.rs"]
mod change;
#[path = "random/make.rs"]
mod make;
#[path = "random/more.rs"]
mod more;

pub use change::changes;
pub use make::schema;

use pleach_schema::quote_ident;

/// A role that schemas name; who runs them makes it.
pub const ROLE: &str = "plan_reader";

/// A small random number generator (SplitMix64), so that this needs nothing but a seed.
#[derive(Default)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    fn word<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.pick(from).copied().unwrap_or_default()
    }
}

const AWKWARD: [&str; 14] = [
    "Order",
    "we \"ird",
    "ünï",
    "select",
    "a.b",
    "it's",
    "UPPER",
    "x$y",
    "100%",
    r"back\slash",
    "two\nlines",
    " ",
    "a name of a length that leaves room for no more than a number",
    "$$",
];

const TYPES: [&str; 14] = [
    "integer",
    "bigint",
    "text",
    "varchar(20)",
    "numeric(10,2)",
    "boolean",
    "timestamptz",
    "jsonb",
    "uuid",
    "text[]",
    "date",
    "double precision",
    "smallint",
    "text",
];

/// A stem for a name: sometimes an awkward one in place of the usual.
fn stem<'a>(dice: &mut Dice, usual: &'a str) -> &'a str {
    if dice.chance(15) { AWKWARD[dice.below(AWKWARD.len())] } else { usual }
}

/// A name that no other call gives, already quoted; some are awkward.
fn fresh_name(dice: &mut Dice, usual: &str, number: u64) -> String {
    quote_ident(&format!("{}{number}", stem(dice, usual))).into_owned()
}

fn default_for(dice: &mut Dice, type_name: &str) -> Option<String> {
    let value = match type_name {
        "integer" | "bigint" | "smallint" => dice.below(100).to_string(),
        "text" | "varchar(20)" => {
            dice.word(&["''", "'it''s'", r"E'back\\slash'", "lower('ABC')", "CURRENT_USER"]).to_owned()
        }
        "numeric(10,2)" | "double precision" => dice.word(&["0", "1.5", "-2.25"]).to_owned(),
        "boolean" => dice.word(&["true", "false"]).to_owned(),
        "timestamptz" => dice.word(&["now()", "'2024-02-29 12:00:00+00'"]).to_owned(),
        "jsonb" => "'{\"a\": 1}'".to_owned(),
        "uuid" => "gen_random_uuid()".to_owned(),
        "text[]" => "'{}'".to_owned(),
        "date" => "CURRENT_DATE".to_owned(),
        _ => return None,
    };
    Some(value)
}

/// A check that some value of the type fails and `NULL` passes.
fn check_for(dice: &mut Dice, column: &str, type_name: &str) -> Option<String> {
    match type_name {
        "integer" | "bigint" | "smallint" | "numeric(10,2)" | "double precision" | "numeric" => {
            Some(format!("{column} {} {}", dice.word(&[">", ">=", "<>"]), dice.below(9)))
        }
        "text" | "varchar(20)" | "character varying(20)" => Some(match dice.below(3) {
            0 => format!("{column} <> ''"),
            1 => format!("length({column}::text) < {}", 10 + dice.below(90)),
            _ => format!("{column} IN ('a', 'b', 'it''s')"),
        }),
        "boolean" => Some(format!("{column} OR {column} IS NULL")),
        _ => None,
    }
}
