//! What reaches beyond the database.

/// Why a function of PostgreSQL's or a well-known extension has no place in a change.
pub(super) fn function(name: &str) -> Option<String> {
    let why = match name {
        "lo_import" | "lo_export" => "reads or writes files of the server",
        "pg_read_file"
        | "pg_read_binary_file"
        | "pg_ls_dir"
        | "pg_stat_file"
        | "pg_ls_logdir"
        | "pg_ls_waldir"
        | "pg_ls_tmpdir"
        | "pg_ls_archive_statusdir" => "reads files of the server",
        "pg_file_write" | "pg_file_rename" | "pg_file_unlink" | "pg_file_sync" => "writes files of the server",
        "pg_reload_conf"
        | "pg_rotate_logfile"
        | "pg_promote"
        | "pg_switch_wal"
        | "pg_create_restore_point"
        | "pg_backup_start"
        | "pg_backup_stop"
        | "pg_wal_replay_pause"
        | "pg_wal_replay_resume" => "concerns the whole server",
        "pg_terminate_backend" | "pg_cancel_backend" => "ends other sessions",
        "pg_create_logical_replication_slot"
        | "pg_create_physical_replication_slot"
        | "pg_drop_replication_slot"
        | "pg_logical_emit_message"
        | "pg_replication_origin_create" => "concerns replication",
        "pg_notify" => "notifies other sessions",
        "http_get" | "http_post" | "http_put" | "http_delete" | "http" => "sends requests over the network",
        name if name.starts_with("dblink") => "connects to another database",
        _ => return None,
    };
    Some(format!("{name}() {why}"))
}

/// Whether functions in a language are held by the server to what their caller may do. Languages
/// that are not known are not.
pub(super) fn is_trusted(language: &str) -> bool {
    matches!(language, "sql" | "plpgsql" | "plperl" | "pltcl" | "plv8" | "plls" | "plcoffee" | "plrust" | "pllua")
}
