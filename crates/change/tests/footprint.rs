//! Footprints of small changes on a small tree that is made by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pleach_change::footprint::{Access, Footprint, Surroundings, clashes, footprint, footprint_in};
use pleach_schema::{Address, Attr, Entry, Kind, Lineage, Object, Tree};
use std::sync::Arc;
use uuid::Uuid;

/// A tree with a schema and so many tables of three columns.
fn tables(count: u32) -> Tree {
    let mut tree = Tree::default();
    let mut number = 0_u128;
    let mut add = |address: Address, object: Object| {
        number += 1;
        let entry = Entry { lineage: Lineage(Uuid::from_u128(number)), object: Arc::new(object) };
        tree.insert(address, entry).unwrap();
    };
    add(Address::new(Kind::Schema, ["public"]), Object::default());
    for table in 0..count {
        let name = format!("t{table}");
        let address = Address::new(Kind::Table, ["public", name.as_str()]);
        add(address.clone(), Object::default());
        for (position, column) in (1..).zip(["id", "email", "note"]) {
            let mut object = Object::default();
            object.set(Attr::Type, if column == "id" { "bigint" } else { "text" });
            object.derived.position = Some(position);
            add(address.part(Kind::Column, column), object);
        }
    }
    tree
}

fn of(tree: &Tree, sql: &str) -> Footprint {
    footprint(tree, sql, &["public".to_owned()]).unwrap()
}

fn shown(footprint: &Footprint) -> Vec<String> {
    footprint.touches.iter().map(|t| format!("{:?} {} {:?}", t.access, t.object, t.attribute)).collect()
}

#[test]
fn a_new_column_touches_its_table_and_itself() {
    let found = of(&tables(1), "ALTER TABLE t0 ADD COLUMN age int");
    let column = Address::new(Kind::Column, ["public", "t0", "age"]);
    assert!(found.touches.iter().any(|t| t.object == column && t.access == Access::Create), "{:#?}", shown(&found));
    assert!(found.opaque.is_empty() && found.forbidden.is_empty() && !found.standalone);
}

#[test]
fn what_does_not_parse_is_refused_with_its_place() {
    let error = footprint(&tables(1), "SELECT 1; ALTER TABEL t0 ADD x int", &[]).unwrap_err();
    assert_eq!(error.position, Some(16), "{error}");
    assert!(footprint(&tables(1), "SELECT\0", &[]).is_err());
    assert_eq!(of(&tables(1), "").statements.len(), 0);
}

#[test]
fn two_changes_of_one_table_share_a_strong_key() {
    let tree = tables(1);
    let a = of(&tree, "ALTER TABLE t0 DROP COLUMN note");
    let b = of(&tree, "CREATE VIEW v AS SELECT note FROM t0");
    let keys = b.keys();
    let met: Vec<_> = a
        .keys()
        .into_iter()
        .filter(|key| keys.iter().any(|k| k.text == key.text && (k.strong || key.strong)))
        .collect();
    assert!(!met.is_empty());
    assert!(clashes(&a, &b, &tree).iter().any(|clash| !clash.verdict.is_harmless()), "{:#?}", clashes(&a, &b, &tree));
}

#[test]
fn much_and_deep_text_is_read_without_harm() {
    let tree = tables(100);
    let around = Surroundings::new(&tree);
    let path = ["public".to_owned()];
    let many: String = (0..10_000).map(|n| format!("ALTER TABLE t{} ADD COLUMN c{n} int;\n", n % 100)).collect();
    let start = std::time::Instant::now();
    assert_eq!(footprint_in(&around, &many, &path).unwrap().statements.len(), 10_000);
    println!("10,000 statements: {:?}", start.elapsed());
    let deep = format!("UPDATE t0 SET id = {}id{}", "(1 + ".repeat(2_000), ")".repeat(2_000));
    let found = footprint_in(&around, &deep, &path).unwrap();
    assert!(found.touches.iter().any(|t| t.object.name() == "id" && t.access == Access::Write), "{:#?}", shown(&found));
    let rows = format!(
        "INSERT INTO t0 (id, email) VALUES {}(1, 'x')",
        "(1, 'some text that fills the line'),".repeat(250_000)
    );
    let start = std::time::Instant::now();
    footprint_in(&around, &rows, &path).unwrap();
    println!("{} bytes of rows: {:?}", rows.len(), start.elapsed());
}

#[test]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture"]
fn how_long_a_short_change_takes() {
    let tree = tables(1000);
    let start = std::time::Instant::now();
    let around = Surroundings::new(&tree);
    println!("surroundings of 1,000 tables: {:?}", start.elapsed());
    let path = ["public".to_owned()];
    const TIMES: u32 = 2000;
    let start = std::time::Instant::now();
    for _ in 0..TIMES {
        footprint_in(&around, "ALTER TABLE t500 ADD COLUMN age int", &path).unwrap();
    }
    println!("one short ALTER TABLE: {:?}", start.elapsed() / TIMES);
}
