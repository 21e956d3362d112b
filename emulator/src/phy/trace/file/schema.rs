//! The JSON Schema of one line of a trace, out of the types that are read and written.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::json;

use super::{FORMAT_VERSION, Header, Record};

/// Any line.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is asked for")]
enum Line {
    Header(Header),
    Record(Record),
}

/// Schema of each line of a trace, JSON Schema draft 7, as pretty-printed text.
#[must_use]
pub fn schema() -> String {
    let generator = SchemaSettings::draft07().into_generator();
    let mut root = generator.into_root_schema_for::<Line>().to_value();
    let title = format!("One line of a trace of a CIE, format {FORMAT_VERSION}");
    if let Some(root) = root.as_object_mut() {
        root.insert("title".to_owned(), json!(title));
        root.insert(
            "description".to_owned(),
            json!("The first line is a header, each other line a record."),
        );
    }
    if let Some(version) = root.pointer_mut("/definitions/Header/properties/cie-trace") {
        *version = json!({ "const": FORMAT_VERSION, "description": "Version of the format." });
    }
    let mut text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text.push('\n');
    text
}
