//! The files of each tool, as snapshots.

use crate::fixture::Fixture;
use pleach_core::MigrationTool;
use std::fmt::Write;

#[test]
fn every_tool_has_its_files() {
    let folder = std::path::Path::new("/nowhere");
    for tool in MigrationTool::names().filter(|tool| *tool != "plain") {
        let mut text = String::new();
        let rendered = Fixture::online().render(tool, folder);
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(error) => {
                writeln!(text, "What stands alone: {error}\n").unwrap();
                Fixture::short().render(tool, folder).unwrap()
            }
        };
        for file in rendered.files.iter().rev() {
            let path = file.path.strip_prefix(folder).unwrap();
            writeln!(text, "==> {} <==\n{}", path.display(), file.text).unwrap();
        }
        for note in &rendered.notes {
            writeln!(text, "note: {note}").unwrap();
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!(tool, text));
    }
}

#[test]
fn a_transaction_is_left_to_the_tool() {
    let folder = std::path::Path::new("/nowhere");
    for tool in MigrationTool::names().filter(|tool| *tool != "plain") {
        let rendered = Fixture::short().render(tool, folder).unwrap();
        let text: String = rendered.files.iter().map(|file| file.text.as_str()).collect();
        let own = ["golang-migrate", "prisma", "sqitch"].contains(&tool);
        assert_eq!(text.contains("BEGIN;\nSET LOCAL"), own, "{tool}\n{text}");
        assert_eq!(rendered.versions.len(), 1, "{tool}");
    }
}

#[test]
fn what_a_tool_would_take_for_its_own_is_refused() {
    let folder = std::path::Path::new("/nowhere");
    let mut it = Fixture::short();
    it.up[0].steps[1].sql = it.up[0].steps[1].sql.replace("BEGIN\n", "BEGIN\n  --  migrate:down\n");
    let error = it.render("dbmate", folder).unwrap_err();
    assert_eq!((error.code, error.object.as_deref()), ("migration_tool_mark", Some("--  migrate:down")));
    assert!(it.render("goose", folder).is_ok());
    let error = Fixture::short().with_carriage_returns().render("goose", folder).unwrap_err();
    assert_eq!(error.code, "migration_tool_mark");
}

#[test]
fn a_tool_of_your_own_is_a_file() {
    let project = tempfile::tempdir().unwrap();
    let error = MigrationTool::find("ours", Some(project.path())).unwrap_err();
    assert_eq!(error.code, "migration_tool_unknown");
    let tools = project.path().join(".pleach/tools");
    std::fs::create_dir_all(&tools).unwrap();
    let write = |text: &str| std::fs::write(tools.join("ours.toml"), text).unwrap();
    write(
        "[version]\nscheme = \"number\"\n[[file]]\npath = \"{{ version }}/{{ name }}.txt\"\ntext = \"{{ up.units | length }} of {{ project }}\"\n",
    );
    let it = Fixture::online();
    let tool = MigrationTool::find("ours", Some(project.path())).unwrap();
    let rendered = tool.render(project.path(), &it.draft()).unwrap();
    assert_eq!(rendered.files[0].path, project.path().join("1/nicknames.txt"));
    assert_eq!(rendered.files[0].text, "4 of shop");
    for wrong in [
        "[version]\nscheme = \"number\"\n[[file]]\npath = \"../{{ version }}\"\ntext = \"\"\n",
        "[version]\nscheme = \"number\"\n[[file]]\npath = \"x\"\ntext = \"{{ versoin }}\"\n",
        "[version]\nscheme = \"number\"\nfiles = 1\n",
    ] {
        write(wrong);
        let tool = MigrationTool::find("ours", Some(project.path()));
        let error = tool.and_then(|tool| tool.render(project.path(), &it.draft())).unwrap_err();
        assert_eq!(error.code, "migration_template", "{wrong}");
    }
    assert_eq!(MigrationTool::find("../ours", Some(project.path())).unwrap_err().code, "migration_tool_unknown");
}
