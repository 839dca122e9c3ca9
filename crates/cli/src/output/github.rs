//! What linting found, as annotations of a GitHub workflow.

use pleach_core::{Finding, Level, Linted};

/// One workflow command for each finding.
pub fn annotations(found: &Linted) -> String {
    found.findings.iter().map(annotation).collect()
}

fn annotation(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let rules: Vec<&str> = std::iter::once(&finding.rule).chain(&finding.also).map(String::as_str).collect();
    let mut message = finding.message.clone();
    for (word, text) in [("measured", &finding.measured), ("help", &finding.help)] {
        if let Some(text) = text {
            message.push_str(&format!("\n{word}: {text}"));
        }
    }
    // A command over several lines has no columns.
    let columns = if finding.line == finding.end_line {
        format!(",col={},endColumn={}", finding.column, finding.end_column)
    } else {
        String::new()
    };
    format!(
        "::{level} file={},line={},endLine={}{columns},title={}::{}\n",
        property(&finding.file),
        finding.line,
        finding.end_line,
        property(&rules.join(", ")),
        data(&message)
    )
}

/// Text as the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn what_means_something_to_the_runner_is_escaped() {
        assert_eq!(data("100 %\r\na: b, c"), "100 %25%0D%0Aa: b, c");
        assert_eq!(property("a:b,c\n%"), "a%3Ab%2Cc%0A%25");
    }
}
