-- Everything Pleach knows about its projects. All rows but the nodes belong to a project: one
-- server may hold several.

create table pleach.project (
    id          bigint generated always as identity primary key,
    name        text not null unique check (name <> ''),
    created_at  timestamptz not null default clock_timestamp(),
    own_role    text not null,
    settings    jsonb not null default '{}'
);

-- Content-addressed pieces of trees: hash = BLAKE3(body). Never changed, shared by all projects.
create table pleach.node (
    hash  bytea primary key check (octet_length(hash) = 32),
    body  bytea not null
);

create table pleach.commit (
    project_id  bigint not null references pleach.project on delete cascade,
    hash        bytea not null check (octet_length(hash) = 32),
    tree        bytea not null check (octet_length(tree) = 32),
    root        bytea not null references pleach.node,
    parents     bytea[] not null,
    author      text not null,
    message     text not null,
    at          timestamptz not null,
    data_steps  jsonb not null,
    -- One more than the highest of the parents: every ancestor has a lower one.
    generation  bigint not null,
    primary key (project_id, hash)
);

-- Operations that touch another database as well. The plan is here before the first statement
-- runs, and a session-level advisory lock tells a living owner from a dead one.
create table pleach.journal (
    id          uuid primary key,
    project_id  bigint references pleach.project on delete set null,
    kind        text not null,
    payload     jsonb not null,
    created_at  timestamptz not null default clock_timestamp(),
    actor       text not null
);

-- Every database that Pleach made: from before CREATE DATABASE until after DROP DATABASE. A
-- project cannot go while it has one, so no database is ever forgotten.
create table pleach.database (
    name        text primary key,
    project_id  bigint not null references pleach.project,
    purpose     text not null check (purpose in ('branch', 'snapshot', 'warm', 'scratch')),
    state       text not null check (state in ('making', 'ready', 'dropping')),
    created_at  timestamptz not null default clock_timestamp(),
    journal     uuid references pleach.journal on delete set null
);
create index on pleach.database (project_id);
create index on pleach.database (journal) where journal is not null;

create table pleach.branch (
    id             bigint generated always as identity primary key,
    project_id     bigint not null references pleach.project on delete cascade,
    name           text not null,
    head           bytea not null,
    database       text not null unique references pleach.database on update cascade,
    created_at     timestamptz not null default clock_timestamp(),
    created_by     text not null,
    created_from   text,
    data_taken_at  timestamptz not null,
    clone_way      text not null,
    unique (project_id, name),
    foreign key (project_id, head) references pleach.commit
);

create table pleach.snapshot (
    id          bigint generated always as identity primary key,
    project_id  bigint not null references pleach.project on delete cascade,
    commit      bytea not null,
    database    text not null unique references pleach.database on update cascade,
    taken_at    timestamptz not null,
    way         text not null,
    foreign key (project_id, commit) references pleach.commit
);
create index on pleach.snapshot (project_id, commit, taken_at);

create table pleach.warm (
    database     text primary key references pleach.database on update cascade,
    snapshot_id  bigint not null references pleach.snapshot,
    made_at      timestamptz not null default clock_timestamp()
);
create index on pleach.warm (snapshot_id, made_at);

create table pleach.operation (
    id          bigint generated always as identity primary key,
    project_id  bigint not null references pleach.project on delete cascade,
    at          timestamptz not null default clock_timestamp(),
    actor       text not null,
    kind        text not null,
    summary     text not null,
    details     jsonb not null,
    refs        jsonb not null,
    undoes      bigint unique references pleach.operation on delete cascade
);
create index on pleach.operation (project_id, id);

create table pleach.merge (
    id            bigint generated always as identity primary key,
    project_id    bigint not null references pleach.project on delete cascade,
    source        text not null,
    target        text not null,
    base          bytea[] not null,
    ours          bytea not null,
    theirs        bytea not null,
    state         text not null default 'open' check (state in ('open', 'merged', 'aborted')),
    created_at    timestamptz not null default clock_timestamp(),
    closed_at     timestamptz,
    actor         text not null,
    auto_resolve  boolean not null,
    result        bytea,
    proof         jsonb,
    check ((state = 'open') = (closed_at is null))
);
create index on pleach.merge (project_id, id);
create unique index merge_one_open_per_target on pleach.merge (project_id, target) where state = 'open';

create table pleach.conflict (
    id           bigint generated always as identity primary key,
    merge_id     bigint not null references pleach.merge on delete cascade,
    key          text not null,
    kind         text not null,
    body         jsonb not null,
    resolution   jsonb,
    resolved_at  timestamptz,
    resolved_by  text,
    unique (merge_id, key),
    check ((resolution is null) = (resolved_at is null) and (resolution is null) = (resolved_by is null))
);
