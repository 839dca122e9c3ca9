-- Who intends to change what, whom that collides with, who holds which table, and what happened.
--
-- The rules are here, once: the command line and plain SQL go through the same functions. What
-- they refuse has an SQLSTATE of class PL, which the core knows.

-- What happened, in the order in which it was committed: `position` may be given out of order, but
-- nobody reads an event before all transactions are over that may still write an earlier one.
create table pleach.event (
    position    bigint generated always as identity primary key,
    project_id  bigint not null references pleach.project on delete cascade,
    at          timestamptz not null default clock_timestamp(),
    xid         xid8 not null default pg_current_xact_id(),
    actor       text not null,
    kind        text not null,
    intent_id   bigint,
    subject     text not null,
    body        jsonb not null default '{}'
);
create index on pleach.event (project_id, position);
create index on pleach.event (intent_id, position) where intent_id is not null;

create function pleach.tell() returns trigger language plpgsql as $$
begin
    perform pg_notify('pleach_event', new.project_id::text);
    return null;
end $$;
create trigger tell after insert on pleach.event for each row execute function pleach.tell();

create table pleach.intent_status (
    status  text primary key,
    place   integer not null unique,
    active  boolean not null
);
insert into pleach.intent_status values
    ('registered', 1, true), ('in_progress', 2, true), ('completed', 3, true), ('pending_review', 4, true),
    ('conflicted', 5, true), ('merged', 6, false), ('abandoned', 7, false);

-- The moves that are allowed.
create table pleach.intent_move (
    before  text not null references pleach.intent_status,
    after   text not null references pleach.intent_status,
    primary key (before, after)
);
insert into pleach.intent_move values
    ('registered', 'in_progress'), ('registered', 'conflicted'), ('registered', 'abandoned'),
    ('in_progress', 'completed'), ('in_progress', 'pending_review'), ('in_progress', 'conflicted'),
    ('in_progress', 'abandoned'),
    ('completed', 'in_progress'), ('completed', 'pending_review'), ('completed', 'merged'),
    ('completed', 'conflicted'), ('completed', 'abandoned'),
    ('pending_review', 'in_progress'), ('pending_review', 'merged'), ('pending_review', 'conflicted'),
    ('pending_review', 'abandoned'),
    ('conflicted', 'in_progress'), ('conflicted', 'completed'), ('conflicted', 'merged'),
    ('conflicted', 'abandoned');

create table pleach.intent (
    id               bigint generated always as identity primary key,
    project_id       bigint not null references pleach.project on delete cascade,
    agent_id         text not null check (agent_id <> ''),
    agent_type       text,
    feature_name     text not null check (feature_name <> ''),
    branch_name      text,
    schema_changes   text[] not null,
    tables_affected  text[] not null,
    risk_level       text not null check (risk_level in ('low', 'medium', 'high')),
    estimated_hours  double precision check (estimated_hours >= 0),
    metadata         jsonb not null check (jsonb_typeof(metadata) = 'object'),
    status           text not null default 'registered' references pleach.intent_status,
    -- What it touches, how that was found, and at which commit of `main`.
    footprint        jsonb not null,
    executed         boolean not null,
    judged_on        bytea not null,
    registered_by    text not null,
    registered_at    timestamptz not null default clock_timestamp(),
    started_at       timestamptz,
    completed_at     timestamptz,
    closed_at        timestamptz,
    updated_at       timestamptz not null default clock_timestamp(),
    approved_by      text,
    approved_at      timestamptz,
    check ((status in ('merged', 'abandoned')) = (closed_at is not null)),
    check ((approved_by is null) = (approved_at is null))
);
create index on pleach.intent (project_id, id);
create index on pleach.intent (project_id, agent_id);
create index intent_active on pleach.intent (project_id, status) where closed_at is null;
create index on pleach.intent (project_id, feature_name) where closed_at is null;
-- One branch, one intent at a time.
create unique index intent_one_per_branch on pleach.intent (project_id, branch_name) where closed_at is null;

create table pleach.intent_dependency (
    intent_id  bigint not null references pleach.intent on delete cascade,
    needs      bigint not null references pleach.intent on delete cascade,
    declared   boolean not null,
    primary key (intent_id, needs),
    check (intent_id <> needs)
);
create index on pleach.intent_dependency (needs);

-- Under which keys an active intent is found by those it may collide with. Two weak ones (both read
-- something, say) do not collide.
create table pleach.intent_key (
    project_id  bigint not null,
    key         text not null,
    strong      boolean not null,
    intent_id   bigint not null references pleach.intent on delete cascade,
    primary key (project_id, key, strong, intent_id)
);
create index on pleach.intent_key (intent_id);

-- Two intents in each other's way. Its number is from the same series as those of merges.
create table pleach.intent_conflict (
    id           bigint primary key default nextval(pg_get_serial_sequence('pleach.conflict', 'id')),
    project_id   bigint not null references pleach.project on delete cascade,
    -- The one that was registered first, and the other one.
    first        bigint not null references pleach.intent on delete cascade,
    -- None where an intent goes beyond what its sort of agent owns.
    second       bigint references pleach.intent on delete cascade,
    -- What tells it from the pair's other conflicts, the same whenever the pair is judged.
    key          text not null,
    class        text not null,
    severity     text not null check (severity in ('warning', 'error')),
    verdict      text not null,
    verified     boolean not null,
    objects      text[] not null,
    attributes   text[] not null,
    message      text not null,
    suggestions  text[] not null,
    evidence     jsonb not null,
    found_at     timestamptz not null default clock_timestamp(),
    reviewed_at  timestamptz,
    reviewed_by  text,
    notes        text,
    closed_at    timestamptz,
    closed_why   text,
    check ((reviewed_at is null) = (reviewed_by is null)),
    check ((closed_at is null) = (closed_why is null))
);
create unique index intent_conflict_once on pleach.intent_conflict (first, coalesce(second, 0), key);
create index on pleach.intent_conflict (second);
create index on pleach.intent_conflict (project_id, id);

-- Whether an intent must be approved before it is merged: the project's setting `review` is
-- `never` (without one), `high`, `medium` (and higher), or `always`.
create function pleach.needs_approval(it pleach.intent) returns boolean language sql stable as $$
    select case coalesce((select settings ->> 'review' from pleach.project where id = it.project_id), 'never')
        when 'always' then true
        when 'medium' then it.risk_level in ('medium', 'high')
        when 'high' then it.risk_level = 'high'
        else false end
$$;

-- Moves an intent from status to status, by the one table of moves.
create function pleach.move_intent(intent bigint, wanted text, who text, why text) returns void
language plpgsql as $$
declare
    it pleach.intent;
    allowed text;
begin
    select * into it from pleach.intent i where i.id = intent for update;
    if not found then
        raise exception 'there is no such intent' using errcode = 'PL001', detail = format('intent %s', intent);
    end if;
    if not exists (select from pleach.intent_status s where s.status = wanted) then
        select string_agg(status, ', ' order by place) into allowed from pleach.intent_status;
        raise exception '% is not a status', wanted
            using errcode = 'PL002', detail = format('intent %s', intent), hint = 'the statuses are ' || allowed;
    end if;
    if not exists (select from pleach.intent_move m where m.before = it.status and m.after = wanted) then
        select string_agg(after, ', ' order by place) into allowed
        from pleach.intent_move m join pleach.intent_status s on s.status = m.after where m.before = it.status;
        raise exception 'an intent that is % cannot become %', it.status, wanted
            using errcode = 'PL003', detail = format('intent %s', intent),
                hint = coalesce('it can become ' || allowed, 'it is over: register another one');
    end if;
    if wanted = 'merged' and it.approved_by is null and pleach.needs_approval(it) then
        raise exception 'the intent needs an approval before it is merged'
            using errcode = 'PL004', detail = format('intent %s', intent),
                hint = 'submit it (pending_review), and have somebody else approve it';
    end if;
    update pleach.intent i set
        status = wanted,
        started_at = coalesce(i.started_at, case when wanted = 'in_progress' then clock_timestamp() end),
        completed_at = case
            when wanted in ('completed', 'pending_review', 'merged') then coalesce(i.completed_at, clock_timestamp())
            when wanted = 'in_progress' then null
            else i.completed_at end,
        closed_at = case when wanted in ('merged', 'abandoned') then clock_timestamp() end,
        -- What is worked on again is not what was approved.
        approved_by = case when wanted <> 'in_progress' then i.approved_by end,
        approved_at = case when wanted <> 'in_progress' then i.approved_at end,
        updated_at = clock_timestamp()
    where i.id = intent;
    insert into pleach.event (project_id, actor, kind, intent_id, subject, body)
    values (it.project_id, who, 'intent.moved', intent, format('intent %s is %s', intent, wanted),
        jsonb_strip_nulls(jsonb_build_object('before', it.status, 'after', wanted, 'reason', why,
            'agent_id', it.agent_id, 'feature_name', it.feature_name)));
    if wanted in ('merged', 'abandoned') then
        delete from pleach.intent_key k where k.intent_id = intent;
        perform pleach.close_conflicts(intent, who, format('intent %s (%s) is %s', intent, it.feature_name, wanted));
    end if;
end $$;

-- Closes the open conflicts of an intent that nobody can be in the way of any more.
create function pleach.close_conflicts(intent bigint, who text, why text) returns void
language plpgsql as $$
begin
    with closed as (
        update pleach.intent_conflict c set closed_at = clock_timestamp(), closed_why = why
        where intent in (c.first, c.second) and c.closed_at is null
        returning c.*
    )
    insert into pleach.event (project_id, actor, kind, intent_id, subject, body)
    select project_id, who, 'conflict.closed', case when first = intent then coalesce(second, first) else first end,
        format('conflict %s is closed: %s', id, why), jsonb_build_object('conflict', id, 'reason', why)
    from closed order by id;
end $$;

-- Approves an intent that waits for review. Its author cannot.
create function pleach.approve_intent(intent bigint, who text, why text) returns void language plpgsql as $$
declare
    it pleach.intent;
begin
    select * into it from pleach.intent i where i.id = intent for update;
    if not found then
        raise exception 'there is no such intent' using errcode = 'PL001', detail = format('intent %s', intent);
    end if;
    if it.status <> 'pending_review' then
        raise exception 'an intent that is % is not there to be approved', it.status
            using errcode = 'PL003', detail = format('intent %s', intent), hint = 'submit it first (pending_review)';
    end if;
    if who in (it.agent_id, it.registered_by) then
        raise exception '% cannot approve what is their own', who
            using errcode = 'PL005', detail = format('intent %s', intent),
                hint = 'somebody else has to look at it';
    end if;
    update pleach.intent i set approved_by = who, approved_at = clock_timestamp(), updated_at = clock_timestamp()
    where i.id = intent;
    insert into pleach.event (project_id, actor, kind, intent_id, subject, body)
    values (it.project_id, who, 'intent.approved', intent, format('intent %s is approved', intent),
        jsonb_strip_nulls(jsonb_build_object('reason', why, 'agent_id', it.agent_id,
            'feature_name', it.feature_name)));
end $$;

-- A project's name for a table: schema and table, as SQL writes them. On a server with several
-- projects the later ones are written in front.
create function pleach.lock_name(project bigint, name text) returns text language plpgsql stable as $$
declare
    parts text[];
    prefix text := '';
begin
    parts := parse_ident(name);
    if array_length(parts, 1) = 1 then
        parts := array['public'] || parts;
    elsif array_length(parts, 1) <> 2 then
        raise exception '% is not the name of a table', name
            using errcode = 'PL006', hint = 'write it as users or public.users';
    end if;
    if project <> (select min(id) from pleach.project) then
        select p.name || ':' into prefix from pleach.project p where p.id = project;
    end if;
    return prefix || quote_ident(parts[1]) || '.' || quote_ident(parts[2]);
exception when invalid_parameter_value then
    raise exception '% is not the name of a table', name
        using errcode = 'PL006', hint = 'write it as users or public.users';
end $$;

create sequence pleach.fencing_token;

-- Leases of tables. A plain table with a plain key, so that INSERT … ON CONFLICT works on it.
create table public.pggit_table_locks (
    table_name  text primary key,
    agent_id    text not null check (agent_id <> ''),
    locked_at   timestamptz not null default clock_timestamp(),
    expires_at  timestamptz not null default clock_timestamp() + interval '30 minutes',
    -- Higher for each later lease, whichever table it is of.
    token       bigint not null default 0,
    reason      text,
    project_id  bigint not null default 0
);
create index on public.pggit_table_locks (agent_id);

-- Every lease that there was: from when it was taken until it was given back, taken away or ran out.
create table pleach.lease (
    token        bigint primary key,
    project_id   bigint not null references pleach.project on delete cascade,
    table_name   text not null,
    agent_id     text not null,
    acquired_at  timestamptz not null,
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    ended        text check (ended in ('released', 'expired', 'stolen')),
    check ((ended_at is null) = (ended is null))
);
create index on pleach.lease (project_id, table_name, token);
create index on pleach.lease (project_id, agent_id) where ended is null or ended <> 'released';

create function pleach.before_lease() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    project text;
begin
    if tg_op = 'INSERT' then
        if new.project_id = 0 and strpos(new.table_name, ':') > 0 then
            project := split_part(new.table_name, ':', 1);
            select id into new.project_id from pleach.project where name = project;
            new.table_name := substr(new.table_name, length(project) + 2);
        end if;
        if coalesce(new.project_id, 0) = 0 then
            select min(id) into new.project_id from pleach.project;
        end if;
        new.table_name := pleach.lock_name(new.project_id, new.table_name);
        new.token := nextval('pleach.fencing_token');
        -- The database's clock counts, not the client's.
        new.expires_at := clock_timestamp() + greatest(new.expires_at - new.locked_at, interval '1 second');
        new.locked_at := clock_timestamp();
        delete from public.pggit_table_locks l where l.table_name = new.table_name and l.expires_at <= clock_timestamp();
    elsif new.table_name <> old.table_name or new.project_id <> old.project_id then
        raise exception 'a lease is of one table' using errcode = 'PL006', hint = 'release it and acquire another one';
    elsif new.agent_id <> old.agent_id then
        new.token := nextval('pleach.fencing_token');
        new.locked_at := clock_timestamp();
    else
        new.token := old.token;
    end if;
    return new;
end $$;
create trigger before_lease before insert or update on public.pggit_table_locks
    for each row execute function pleach.before_lease();

create function pleach.after_lease() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    how text;
    who text := coalesce(nullif(current_setting('pleach.actor', true), ''), session_user);
begin
    if tg_op <> 'INSERT' and (tg_op = 'DELETE' or new.token <> old.token) then
        how := case when old.expires_at <= clock_timestamp() then 'expired'
            when tg_op = 'UPDATE' then 'stolen' else 'released' end;
        update pleach.lease l set ended = how, ended_at = least(clock_timestamp(), l.expires_at)
        where l.token = old.token;
        insert into pleach.event (project_id, actor, kind, subject, body)
        values (old.project_id, who, 'lock.' || how, format('%s no longer holds %s', old.agent_id, old.table_name),
            jsonb_strip_nulls(jsonb_build_object('table', old.table_name, 'agent_id', old.agent_id,
                'token', old.token, 'reason', case when tg_op = 'UPDATE' then new.reason end)));
    elsif tg_op = 'UPDATE' then
        update pleach.lease l set expires_at = new.expires_at where l.token = new.token;
        insert into pleach.event (project_id, actor, kind, subject, body)
        values (new.project_id, who, 'lock.renewed', format('%s holds %s on', new.agent_id, new.table_name),
            jsonb_build_object('table', new.table_name, 'agent_id', new.agent_id, 'token', new.token,
                'expires_at', new.expires_at));
        return null;
    end if;
    if tg_op <> 'DELETE' then
        insert into pleach.lease (token, project_id, table_name, agent_id, acquired_at, expires_at)
        values (new.token, new.project_id, new.table_name, new.agent_id, new.locked_at, new.expires_at);
        insert into pleach.event (project_id, actor, kind, subject, body)
        values (new.project_id, who, 'lock.acquired', format('%s holds %s', new.agent_id, new.table_name),
            jsonb_strip_nulls(jsonb_build_object('table', new.table_name, 'agent_id', new.agent_id,
                'token', new.token, 'expires_at', new.expires_at, 'reason', new.reason)));
    end if;
    return null;
end $$;
create trigger after_lease after insert or update or delete on public.pggit_table_locks
    for each row execute function pleach.after_lease();

-- Which tables and schemas a sort of agent owns; patterns with * are allowed.
create table public.pggit_agent_partitions (
    agent_type     text primary key check (agent_type <> ''),
    owned_tables   text[] not null default '{}',
    owned_schemas  text[] not null default '{}'
);

-- What is seen from outside, under names that others know.
create schema pggit;

create view public.pggit_agent_intents as
    select i.id, p.name as project, i.agent_id, i.agent_type, i.feature_name, i.feature_name as intent,
        i.branch_name, i.schema_changes, i.tables_affected, i.risk_level, i.estimated_hours, i.metadata,
        case i.status when 'conflicted' then 'conflict' else i.status end as status,
        i.registered_at as created_at, coalesce(i.started_at, i.registered_at) as started_at, i.completed_at,
        i.closed_at, i.updated_at, i.approved_by, i.approved_at
    from pleach.intent i join pleach.project p on p.id = i.project_id;

create function pleach.change_seen_intent() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    who text := coalesce(nullif(current_setting('pleach.actor', true), ''), session_user);
begin
    if to_jsonb(new) - 'status' <> to_jsonb(old) - 'status' then
        raise exception 'only the status of an intent can be changed here'
            using errcode = 'PL007', detail = format('intent %s', old.id);
    end if;
    if new.status <> old.status then
        perform pleach.move_intent(old.id, case new.status when 'conflict' then 'conflicted' else new.status end, who, null);
    end if;
    return new;
end $$;
create trigger change instead of update on public.pggit_agent_intents
    for each row execute function pleach.change_seen_intent();

create view public.pggit_merge_history as
    select m.id, p.name as project, m.source as branch_name, m.source, m.target, m.actor, m.state,
        m.created_at, m.closed_at,
        exists (select from pleach.conflict c where c.merge_id = m.id) as had_conflicts,
        (select count(*) from pleach.conflict c where c.merge_id = m.id) as conflict_count
    from pleach.merge m join pleach.project p on p.id = m.project_id;

create view pggit.conflicts as
    select c.id, p.name as project, 'merge' as origin, c.kind as conflict_type, 'error' as severity,
        array(select concat(o ->> 'kind', ' ', o ->> 'name') from jsonb_array_elements(c.body -> 'objects') as o)
            as affected_objects,
        m.target as branch_a, m.source as branch_b,
        c.body ->> 'ours' as branch_a_sql, c.body ->> 'theirs' as branch_b_sql,
        c.body ->> 'message' as message, m.created_at,
        (c.resolution is not null or m.state <> 'open') as resolved, c.resolved_at, c.resolved_by,
        c.resolution ->> 'sql' as notes
    from pleach.conflict c join pleach.merge m on m.id = c.merge_id join pleach.project p on p.id = m.project_id
    union all
    select c.id, p.name, 'intent', c.class, c.severity, c.objects, a.branch_name, b.branch_name,
        array_to_string(a.schema_changes, E';\n'), array_to_string(b.schema_changes, E';\n'),
        c.message, c.found_at, (c.reviewed_at is not null or c.closed_at is not null),
        coalesce(c.reviewed_at, c.closed_at), c.reviewed_by, coalesce(c.notes, c.closed_why)
    from pleach.intent_conflict c join pleach.intent a on a.id = c.first left join pleach.intent b on b.id = c.second
        join pleach.project p on p.id = c.project_id;

-- Whoever may connect may do what the commands do, by the rules above, and touch nothing else.
revoke all on all functions in schema pleach from public;
grant usage on schema public, pggit to public;
grant select on public.pggit_agent_intents, public.pggit_merge_history, pggit.conflicts to public;
grant update (status) on public.pggit_agent_intents to public;
grant select, insert, update, delete on public.pggit_table_locks, public.pggit_agent_partitions to public;

-- Databases at the head of `main` in which changes are tried and taken back, kept for the next one.
alter table pleach.database drop constraint database_purpose_check;
alter table pleach.database add check (purpose in ('branch', 'snapshot', 'warm', 'scratch', 'judge'));

create table pleach.judge (
    database    text primary key references pleach.database on update cascade,
    project_id  bigint not null references pleach.project on delete cascade,
    commit      bytea not null,
    uses        integer not null default 0
);
create index on pleach.judge (project_id, commit);
