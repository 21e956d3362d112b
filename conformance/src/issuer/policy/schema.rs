//! The JSON Schema of policy files, for editors: derived from the types that are decoded.

use schemars::generate::SchemaSettings;
use serde_json::json;

use super::Policy;

/// Schema of a policy file, JSON Schema draft 7, as pretty-printed text.
#[must_use]
pub fn policy_schema() -> String {
    let generator = SchemaSettings::draft07().into_generator();
    let mut root = generator.into_root_schema_for::<Policy>().to_value();
    if let Some(root) = root.as_object_mut() {
        root.insert("title".to_owned(), json!("Policy of a recovery, format 1"));
        let version = json!({ "const": 1, "description": "Version of the format." });
        if let Some(properties) = root.get_mut("properties").and_then(|it| it.as_object_mut()) {
            properties.insert("cie-policy".to_owned(), version);
        }
    }
    let mut text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text.push('\n');
    text
}
