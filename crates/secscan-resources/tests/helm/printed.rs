//! A chart of one template, rendered as the scanner renders charts.

use secscan_model::{Source, SourceId};
use secscan_resources::{Options, helm};

/// What a template writes over a values file, or what is said against it.
pub(crate) fn printed(template: &str, values: &str) -> Result<String, String> {
    let chart = Source::from_text(SourceId(0), "c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
    let values = Source::from_text(SourceId(1), "c/values.yaml", values);
    let template = Source::from_text(SourceId(2), "c/templates/t.yaml", template);
    let printed = helm::print(&[chart, values, template], &Options::default());
    match printed.templates.into_iter().next() {
        Some((_, text)) => Ok(text),
        None => Err(printed.diagnostics.iter().map(|said| said.message.to_string()).collect()),
    }
}
