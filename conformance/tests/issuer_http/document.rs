//! The OpenAPI documents: in order by themselves, and kept to by every answer.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cie_conformance::issuer_http::{control_document, public_document};
use serde_json::{Value, json};

use crate::client::{Answer, Rehearsal};

/// A document.
pub(crate) struct Document(&'static Value);

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

impl Document {
    pub(crate) fn public() -> Self {
        static PUBLIC: OnceLock<Value> = OnceLock::new();
        Self(PUBLIC.get_or_init(|| read(&public_document())))
    }

    pub(crate) fn control() -> Self {
        static CONTROL: OnceLock<Value> = OnceLock::new();
        Self(CONTROL.get_or_init(|| read(&control_document())))
    }

    /// What the document says of a request, and where.
    fn operation(&self, method: &str, target: &str) -> (String, &Value) {
        let path = target.split('?').next().unwrap();
        let paths = self.0["paths"].as_object().unwrap();
        let fits = |template: &str| match template.split_once("{id}") {
            None => template == path,
            Some((before, after)) => path
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|name| !name.is_empty() && !name.contains('/')),
        };
        let mut templates = paths.keys();
        let template = templates.find(|template| fits(template));
        let template = template.unwrap_or_else(|| panic!("{path} is not described"));
        let method = method.to_lowercase();
        let operation = &paths[template][&method];
        assert!(!operation.is_null(), "{method} {path} is not described");
        (format!("/paths/{}/{method}", escaped(template)), operation)
    }

    /// An answer is one of those that are described.
    pub(crate) fn answer(&self, method: &str, target: &str, answer: &Answer) {
        let (place, operation) = self.operation(method, target);
        let status = answer.status.to_string();
        let content = &operation["responses"][&status]["content"];
        assert!(
            !content[&answer.media_type].is_null(),
            "{method} {target}: {status} as {} is not described",
            answer.media_type
        );
        let media = escaped(&answer.media_type);
        let place = format!("{place}/responses/{status}/content/{media}/schema");
        self.fits(&place, &answer.json());
    }

    /// A request is as it is described.
    pub(crate) fn request(&self, method: &str, target: &str, body: &Value) {
        let (place, operation) = self.operation(method, target);
        if operation["requestBody"].is_null() {
            return;
        }
        let place = format!("{place}/requestBody/content/application~1json/schema");
        self.fits(&place, body);
    }

    fn fits(&self, place: &str, value: &Value) {
        let mut schema = self.0.clone();
        schema["$ref"] = json!(format!("#{place}"));
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(value)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{place}: {wrong:?} in {value}");
    }
}

/// A part of a JSON pointer (RFC 6901 §3), as the fragment of a URI.
fn escaped(name: &str) -> String {
    name.replace('~', "~0")
        .replace('/', "~1")
        .replace('{', "%7B")
        .replace('}', "%7D")
}

/// Every `$ref` of a document, with what it leads to.
fn references<'v>(value: &'v Value, root: &'v Value, found: &mut BTreeMap<String, bool>) {
    match value {
        Value::Object(fields) => {
            if let Some(place) = fields.get("$ref").and_then(Value::as_str) {
                let leads = root.pointer(place.trim_start_matches('#')).is_some();
                found.insert(place.to_owned(), leads);
            }
            fields.values().for_each(|it| references(it, root, found));
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, root, found)),
        _ => {}
    }
}

#[test]
fn the_documents_are_whole() {
    for text in [public_document(), control_document()] {
        let document = read(&text);
        assert_eq!(document["openapi"], "3.1.0");
        let mut found = BTreeMap::new();
        references(&document, &document, &mut found);
        assert!(found.len() > 4, "{found:?}");
        assert!(found.values().all(|leads| *leads), "{found:?}");
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for (name, schema) in schemas {
            let valid = jsonschema::draft202012::meta::is_valid(schema);
            assert!(valid, "{name} is no schema");
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let named = |name: &str| !operation[name].is_null();
                assert!(named("summary") && named("responses"), "{method} {path}");
                let parameters = operation["parameters"].to_string();
                assert_eq!(
                    path.contains("{id}"),
                    parameters.contains("\"in\":\"path\""),
                    "{method} {path}"
                );
            }
        }
    }
}

#[test]
fn what_is_served_is_the_document() {
    let rehearsal = Rehearsal::new();
    let served = rehearsal.get("/sim/v1/openapi.json");
    assert_eq!(served.json(), read(&public_document()));
    assert_eq!(
        rehearsal.known("/v1/openapi.json"),
        read(&control_document())
    );
}

/// Each path that is described is there, and no other method is.
#[test]
fn what_is_described_is_served() {
    let rehearsal = Rehearsal::new();
    let document = read(&public_document());
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "nobody");
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let answer = rehearsal.raw(method, &path, b"");
            let described = !item[method.to_lowercase()].is_null();
            // Without its `msgType` a message is told apart from nothing, whatever its method.
            let untold = path.starts_with("/repuk/") && answer.status == 400;
            assert_eq!(
                answer.status != 405,
                described || untold,
                "{method} {path}: {answer:?}"
            );
        }
    }
    assert_eq!(rehearsal.raw("GET", "/", b"").status, 404);
    assert_eq!(rehearsal.raw("GET", "/repuk/api/other/", b"").status, 404);
}
