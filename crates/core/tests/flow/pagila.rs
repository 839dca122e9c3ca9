//! Two agents on Pagila.

use crate::project::{Scratch, bins};
use pleach_core::{GenerateOptions, Source};

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_change_pagila() {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/pagila"));
    if !folder.exists() {
        eprintln!("no Pagila here: the same story runs on the project's own schemas elsewhere");
        return;
    }
    for bin in bins() {
        let copy = tempfile::Builder::new().prefix("pleach-flow-").tempdir().unwrap();
        let sql = std::fs::read_to_string(folder.join("schema.sql")).unwrap()
            + &std::fs::read_to_string(folder.join("data.sql")).unwrap();
        let file = copy.path().join("pagila.sql");
        std::fs::write(&file, sql).unwrap();
        let mut it = Scratch::from(&bin, copy, Source::Files(file)).await;
        it.tend_pool().await.unwrap();
        let a = it.create_branch("agent/a", None).await.unwrap();
        eprintln!("{a:?}");
        let b = it.create_branch("agent/b", None).await.unwrap();
        eprintln!("{b:?}");
        it.sql(
            "agent/a",
            "ALTER TABLE customer RENAME COLUMN email TO email_address;
             ALTER TABLE customer ADD COLUMN loyalty integer NOT NULL DEFAULT 0;
             CREATE INDEX customer_loyalty_idx ON customer (loyalty)",
        )
        .await;
        let committed = it.commit("agent/a", "Loyalty", Vec::new(), false).await.unwrap();
        eprintln!("{}", serde_json::to_string(&committed.diff).unwrap());
        it.sql(
            "agent/b",
            "CREATE TABLE review (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                film_id integer NOT NULL REFERENCES film, customer_id integer NOT NULL REFERENCES customer,
                stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5), body text);
             CREATE INDEX customer_email_idx ON customer (lower(email));
             CREATE VIEW mailing AS SELECT first_name, email FROM customer WHERE active = 1",
        )
        .await;
        it.commit("agent/b", "Reviews", Vec::new(), false).await.unwrap();
        let merging = it.merged("agent/a").await;
        eprintln!("{}\n{:?}", merging.sql, merging.proof);
        let merging = it.merged("agent/b").await;
        eprintln!("{}\n{:?}", merging.sql, merging.proof);
        let count = it.value("main", "SELECT count(email)::text FROM mailing").await;
        assert_eq!(count, "584");
        let options = GenerateOptions { folder: it.root().join("migrations"), ..GenerateOptions::default() };
        let generated = it.generate_migration(&options).await.unwrap();
        eprintln!("{}", std::fs::read_to_string(&generated.up).unwrap());
        eprintln!("{}", std::fs::read_to_string(&generated.down).unwrap());

        // What stands on many things, with rows in all of its partitions.
        let less =
            "DROP TABLE payment CASCADE; ALTER TABLE film DROP COLUMN rating CASCADE; DROP TYPE mpaa_rating CASCADE";
        it.change("agent/c", less).await;
        it.merged("agent/c").await;
        let options = GenerateOptions { name: Some("less".to_owned()), ..options };
        let generated = it.generate_migration(&options).await.unwrap();
        let kept: Vec<String> = generated.aside.iter().map(|aside| aside.object.sql()).collect();
        assert_eq!(kept, ["public.mpaa_rating", "public.payment", "public.film.rating"]);
        eprintln!("{}", std::fs::read_to_string(&generated.up).unwrap());
        eprintln!("{}", std::fs::read_to_string(&generated.down).unwrap());
    }
}
