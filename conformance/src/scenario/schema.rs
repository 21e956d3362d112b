//! The JSON Schema of scenario and block files, for editors. It is derived from the types that are decoded, so the two
//! cannot drift apart; by hand comes only what serde does not know: one verb per step, and variables anywhere.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::model::{Action, Block, Common, Scenario, VERBS};
use super::steps::FLOW_VERBS;

/// Schema of a scenario file, JSON Schema draft 7 (what YAML editors read), as pretty-printed text.
pub fn scenario_schema() -> String {
    schema::<Scenario>("Scenario for a CIE, format 1")
}

/// Schema of a block file.
pub fn block_schema() -> String {
    schema::<Block>("Block of steps for scenarios of a CIE, format 1")
}

fn schema<T: JsonSchema>(title: &str) -> String {
    let mut generator = SchemaSettings::draft07().into_generator();
    let step = step_schema(&mut generator);
    let mut root = generator.into_root_schema_for::<T>().to_value();
    if let Some(root) = root.as_object_mut() {
        root.insert("title".to_owned(), json!(title));
        let definitions = root.entry("definitions").or_insert_with(|| json!({}));
        if let Some(definitions) = definitions.as_object_mut() {
            definitions.remove("Action");
            definitions.remove("Common");
            definitions.insert("Step".to_owned(), step);
            definitions.values_mut().for_each(allow_variables);
            let variable = json!({ "type": "string", "pattern": "\\$\\{.+\\}", "description": "A variable, or text with variables in it." });
            definitions.insert("Variable".to_owned(), variable);
        }
        if let Some(Value::Object(properties)) = root.get_mut("properties") {
            constant(properties, "cie-scenario");
            constant(properties, "cie-block");
        }
        all_chips(root);
    }
    let mut text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text.push('\n');
    text
}

fn constant(properties: &mut Map<String, Value>, key: &str) {
    if let Some(property) = properties.get_mut(key) {
        *property = json!({ "const": super::model::FORMAT_VERSION, "description": "Version of the format." });
    }
}

/// `chip: all` stands for every chip in a matrix.
fn all_chips(root: &mut Map<String, Value>) {
    if let Some(matrix) = root
        .get_mut("properties")
        .and_then(|properties| properties.get_mut("matrix"))
        .and_then(Value::as_object_mut)
    {
        let values = matrix
            .get("additionalProperties")
            .cloned()
            .unwrap_or_default();
        matrix.insert(
            "properties".to_owned(),
            json!({ "chip": { "anyOf": [values, { "const": "all" }] } }),
        );
    }
}

/// A step: exactly one verb, any of the common keys.
fn step_schema(generator: &mut SchemaGenerator) -> Value {
    let (mut properties, bare) = verbs(&Action::json_schema(generator).to_value());
    let common = Common::json_schema(generator).to_value();
    for (key, schema) in members(&common, "properties") {
        properties
            .entry(key.clone())
            .or_insert_with(|| schema.clone());
    }
    flow(&mut properties);
    let required = |verb: &str| json!({ "required": [verb] });
    // `note` and `capture` are verbs when nothing else is.
    let both = ["note", "capture"];
    let strict = VERBS
        .iter()
        .chain(&FLOW_VERBS)
        .filter(|verb| !both.contains(*verb));
    let strict: Vec<Value> = strict.map(|verb| required(verb)).collect();
    let mut one_of = strict.clone();
    one_of.push(json!({ "not": { "anyOf": strict }, "anyOf": both.map(required) }));
    json!({
        "description": "One step: exactly one verb, and any of the common keys.",
        "anyOf": [
            {
                "type": "object",
                "properties": properties,
                "additionalProperties": false,
                "oneOf": one_of,
                "dependencies": { "for_each": ["do"], "repeat": ["do"], "group": ["do"], "with": ["use"] }
            },
            { "enum": bare }
        ]
    })
}

/// The verbs with their parameters, and the names of those that have none.
fn verbs(action: &Value) -> (Map<String, Value>, Vec<Value>) {
    let mut properties = Map::new();
    let mut bare = Vec::new();
    let variants = action.get("oneOf").and_then(Value::as_array);
    for variant in variants.into_iter().flatten() {
        let description = variant.get("description");
        for (verb, schema) in members(variant, "properties") {
            properties.insert(verb.clone(), described(schema.clone(), description));
        }
        if let Some(verb) = variant.get("const").and_then(Value::as_str) {
            properties.insert(
                verb.to_owned(),
                described(json!({ "type": "null" }), description),
            );
            bare.push(json!(verb));
        }
    }
    (properties, bare)
}

fn members<'v>(schema: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    schema
        .get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn described(schema: Value, description: Option<&Value>) -> Value {
    match (schema, description) {
        (Value::Object(mut object), Some(text)) if !object.contains_key("$ref") => {
            object.entry("description").or_insert_with(|| text.clone());
            Value::Object(object)
        }
        (schema, Some(text)) => json!({ "description": text, "allOf": [schema] }),
        (schema, None) => schema,
    }
}

/// The keys of flow, which expansion reads itself.
fn flow(properties: &mut Map<String, Value>) {
    let steps = json!({ "type": "array", "items": { "$ref": "#/definitions/Step" } });
    let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let lists = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    let entries = [
        (
            "use",
            json!({ "type": "string", "description": "Put in the steps of a block." }),
        ),
        (
            "with",
            described(texts, Some(&json!("The parameters of the block."))),
        ),
        (
            "for_each",
            json!({ "type": "object", "description": "Do the steps for each value; several lists are taken in step.", "minProperties": 1, "additionalProperties": lists }),
        ),
        (
            "repeat",
            json!({ "description": "Do the steps several times.", "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "object", "properties": { "times": { "type": "integer", "minimum": 0 }, "index": { "type": "string", "description": "Variable that counts from 0." } },
                  "required": ["times"], "additionalProperties": false }
            ] }),
        ),
        (
            "group",
            json!({ "type": "string", "description": "Steps under a title." }),
        ),
        (
            "do",
            described(steps, Some(&json!("The steps of a loop or group."))),
        ),
    ];
    properties.extend(entries.map(|(key, schema)| (key.to_owned(), schema)));
}

/// Lets a variable stand wherever a number, a boolean or a text of a certain form is wanted.
fn allow_variables(schema: &mut Value) {
    if wants_a_form(schema) {
        let description = schema.get("description").cloned();
        let wanted = schema.take();
        *schema = json!({ "anyOf": [wanted, { "$ref": "#/definitions/Variable" }] });
        if let (Some(object), Some(description)) = (schema.as_object_mut(), description) {
            object.insert("description".to_owned(), description);
        }
        return;
    }
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    for (key, value) in object.iter_mut() {
        match key.as_str() {
            "properties" | "patternProperties" => value
                .as_object_mut()
                .into_iter()
                .flat_map(Map::values_mut)
                .for_each(allow_variables),
            "anyOf" | "oneOf" | "allOf" => value
                .as_array_mut()
                .into_iter()
                .flatten()
                .for_each(allow_variables),
            "items" | "additionalProperties" => allow_variables(value),
            _ => {}
        }
    }
}

/// True for a schema of a number, a boolean, or a text that cannot be any text.
fn wants_a_form(schema: &Value) -> bool {
    let has_type = |wanted: &str| match schema.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
        _ => false,
    };
    let closed = |schema: &Value| {
        schema.get("pattern").is_some()
            || schema.get("enum").is_some()
            || schema.get("const").is_some()
    };
    let names = schema
        .get("oneOf")
        .and_then(Value::as_array)
        .is_some_and(|options| !options.is_empty() && options.iter().all(closed));
    has_type("integer") || has_type("boolean") || names || closed(schema)
}
