//! Tools in Python.

use super::{benches, run, tools};
use crate::fixture::Fixture;
use std::process::Command;

fn fixtures() -> [Fixture; 2] {
    [Fixture::online().with_carriage_returns(), Fixture::short()]
}

#[tokio::test]
async fn alembic_runs_it() {
    const ENV: &str = "\
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option('sqlalchemy.url'))
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
";
    for fixture in fixtures() {
        for bench in benches("alembic", &fixture, "alembic/versions").await {
            bench.file("alembic/env.py", ENV);
            let url = format!("postgresql+psycopg://tester@/{}?host={}", bench.database, bench.host());
            let folder = bench.path().join("alembic");
            let ini = format!("[alembic]\nscript_location = {}\nsqlalchemy.url = {url}\n", folder.display());
            let ini = bench.file("alembic.ini", &ini);
            let alembic = |command: [&str; 2]| {
                run(Command::new(tools("python").join("bin/alembic")).arg("-c").arg(&ini).args(command));
            };
            alembic(["upgrade", "head"]);
            bench.is_up(&["alembic_version"]).await;
            alembic(["downgrade", "base"]);
            bench.is_down(&["alembic_version"]).await;
            alembic(["upgrade", "head"]);
        }
    }
}

#[tokio::test]
async fn django_runs_it() {
    for fixture in fixtures() {
        for bench in benches("django", &fixture, "shop/migrations").await {
            bench.file("shop/__init__.py", "");
            bench.file("shop/migrations/__init__.py", "");
            let manage = bench.file(
                "manage.py",
                &format!(
                    "import sys, django\nfrom django.conf import settings\nfrom django.core.management import \
                 execute_from_command_line\nsettings.configure(INSTALLED_APPS=['shop'], DATABASES={{'default': \
                 {{'ENGINE': 'django.db.backends.postgresql', 'NAME': '{}', 'USER': 'tester', 'HOST': '{}'}}}})\n\
                 django.setup()\nexecute_from_command_line(sys.argv)\n",
                    bench.database,
                    bench.host()
                ),
            );
            let migrate = |to: &str| {
                let mut python = Command::new(tools("python").join("bin/python"));
                run(python.arg(&manage).args(["migrate", "shop", to]).current_dir(bench.path()));
            };
            migrate("0001");
            bench.is_up(&["django_migrations"]).await;
            migrate("zero");
            bench.is_down(&["django_migrations"]).await;
            migrate("0001");
        }
    }
}

#[tokio::test]
async fn confiture_runs_it() {
    for fixture in fixtures() {
        for bench in benches("confiture", &fixture, "db/migrations").await {
            let url = format!("postgresql://tester@/{}?host={}", bench.database, bench.host());
            let migrate = |arguments: &[&str]| {
                let mut confiture = Command::new(tools("python").join("bin/confiture"));
                confiture.arg("migrate").args(arguments).args(["--database-url", &url]);
                run(confiture.current_dir(bench.path()));
            };
            migrate(&["up", "--allow-destructive"]);
            bench.is_up(&["confiture"]).await;
            migrate(&["down"]);
            bench.is_down(&["confiture"]).await;
        }
    }
}
