//! The rules of squawk, and which of them say the same as a measurement.

use super::config::Rules;
use super::text::{Ignore, ignores, sql_only};
use crate::planner::Harm;
use squawk_linter::{Linter, Rule, Version};
use squawk_syntax::SourceFile;
use std::time::Duration;

/// Files larger than this are data, and the rules have nothing to say about them.
const LARGEST: usize = 8 << 20;

/// Deeply nested statements need it.
const STACK: usize = 256 << 20;

/// How long the rules may take about a file.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a rule says.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    pub rule: Rule,
    pub from: usize,
    pub to: usize,
    pub message: String,
    pub help: Option<String>,
}

/// What the rules and the comments of a file say.
#[derive(Default)]
pub(super) struct Heard {
    pub voices: Vec<Voice>,
    pub ignores: Vec<Ignore>,
    pub note: Option<String>,
}

/// Lets the rules speak about a file.
pub(super) fn hear(name: &str, text: &str, rules: &Rules, version: Version, in_transaction: bool) -> Heard {
    if text.len() > LARGEST {
        let note = format!("{name} is larger than {} MB: squawk's rules were not applied", LARGEST >> 20);
        return Heard { note: Some(note), ..Heard::default() };
    }
    let mut linter = Linter::with_rules(&rules.include, &rules.exclude);
    linter.settings.pg_version = version;
    linter.settings.assume_in_transaction = in_transaction;
    let sql = sql_only(name, text);
    // Their parser is not ours: what it cannot bear must neither take us down nor keep us.
    let (tell, told) = std::sync::mpsc::channel();
    let listen = move || {
        let parsed = SourceFile::parse(&sql);
        let voices = linter.lint(&parsed, &sql).into_iter().map(|violation| Voice {
            rule: violation.code,
            from: usize::from(violation.text_range.start()),
            to: usize::from(violation.text_range.end()),
            message: violation.message,
            help: violation.help.or_else(|| violation.fix.map(|fix| fix.title)),
        });
        // Nobody may be listening any more.
        let _ = tell.send((voices.collect::<Vec<_>>(), ignores(&parsed.syntax_node())));
    };
    let thread = std::thread::Builder::new().name("rules".to_owned()).stack_size(STACK).spawn(listen);
    match thread.ok().and_then(|_| told.recv_timeout(PATIENCE).ok()) {
        Some((voices, ignores)) => Heard { voices, ignores, note: None },
        None => Heard { note: Some(format!("squawk's rules could not read {name}")), ..Heard::default() },
    }
}

/// What a measurement shows where a rule is right.
pub(super) fn shown_by(rule: Rule) -> &'static [Harm] {
    match rule {
        Rule::ChangingColumnType => &[Harm::TableRewrite, Harm::IndexRewrite, Harm::FullScan, Harm::LongLock],
        Rule::AddingFieldWithDefault | Rule::AddingSerialPrimaryKeyField | Rule::PreferRepack => {
            &[Harm::TableRewrite, Harm::FullScan, Harm::LongLock]
        }
        Rule::RequireConcurrentReindex => &[Harm::IndexRewrite, Harm::FullScan, Harm::LongLock],
        Rule::ConstraintMissingNotValid
        | Rule::AddingForeignKeyConstraint
        | Rule::AddingNotNullableField
        | Rule::DisallowedUniqueConstraint
        | Rule::RequireConcurrentIndexCreation => &[Harm::FullScan, Harm::LongLock],
        Rule::BanDropColumn | Rule::BanDropTable | Rule::BanTruncateCascade | Rule::BanDropSchema => &[Harm::DataLoss],
        Rule::RenamingColumn | Rule::RenamingTable | Rule::RenamingObject => &[Harm::OldNameFails],
        _ => &[],
    }
}

/// Whether a rule is about how long a table is locked, which a measurement can deny.
pub(super) fn is_about_locks(rule: Rule) -> bool {
    shown_by(rule).iter().any(|harm| matches!(harm, Harm::FullScan | Harm::TableRewrite))
}

/// The rules that say the same as a measurement.
pub(super) fn same_as(harm: Harm) -> Vec<Rule> {
    const SPOKEN: [Rule; 17] = [
        Rule::ChangingColumnType,
        Rule::AddingFieldWithDefault,
        Rule::AddingSerialPrimaryKeyField,
        Rule::PreferRepack,
        Rule::RequireConcurrentReindex,
        Rule::ConstraintMissingNotValid,
        Rule::AddingForeignKeyConstraint,
        Rule::AddingNotNullableField,
        Rule::DisallowedUniqueConstraint,
        Rule::RequireConcurrentIndexCreation,
        Rule::BanDropColumn,
        Rule::BanDropTable,
        Rule::BanTruncateCascade,
        Rule::BanDropSchema,
        Rule::RenamingColumn,
        Rule::RenamingTable,
        Rule::RenamingObject,
    ];
    SPOKEN.into_iter().filter(|rule| shown_by(*rule).contains(&harm)).collect()
}
