//! The OpenAPI documents of both ports, made of the lists of routes and of the types that are read and written. The messages
//! A01 to A05 have no types of their own here, so what they carry is described by hand.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::routes::Route;
use super::{control, native};
use crate::issuer::wire::MEDIA_TYPE;

const VERSION: &str = "3.1.0";

/// The document of the public port, pretty-printed.
#[must_use]
pub fn public_document() -> String {
    let mut generator = generator();
    let mut paths = paths(&native::ROUTES, &mut generator);
    messages(&mut paths);
    let about = "Recoveries of lost codes, rehearsed. Loopback only; people, codes and addresses are invented. Refusals of what \
         is no HTTP request at all carry `error` instead of `reason`.";
    document("Issuer", about, paths, generator, None)
}

/// The document of the control port, pretty-printed.
#[must_use]
pub fn control_document() -> String {
    let mut generator = generator();
    let mut paths = paths(&control::ROUTES, &mut generator);
    not_without_the_token(&mut paths);
    let about = "Letterboxes, clock, faults, people and operators of the issuer. Every request carries the token.";
    let bearer = json!({ "type": "http", "scheme": "bearer" });
    document("Issuer, control", about, paths, generator, Some(bearer))
}

fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    settings.into_generator()
}

fn document(
    title: &str,
    about: &str,
    paths: Map<String, Value>,
    mut generator: SchemaGenerator,
    bearer: Option<Value>,
) -> String {
    let mut document = json!({
        "openapi": VERSION,
        "info": { "title": title, "description": about, "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": { "schemas": generator.take_definitions(true) },
    });
    if let (Some(bearer), Some(root)) = (bearer, document.as_object_mut()) {
        root.insert("security".to_owned(), json!([{ "token": [] }]));
        if let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) {
            components.insert("securitySchemes".to_owned(), json!({ "token": bearer }));
        }
    }
    // Maps of texts always become JSON.
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn paths<O>(routes: &[Route<O>], generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut paths = Map::new();
    for route in routes {
        add(
            &mut paths,
            route.path,
            route.method,
            operation(route, generator),
        );
    }
    paths
}

fn add(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    if let Some(item) = item.as_object_mut() {
        item.insert(method.to_ascii_lowercase(), operation);
    }
}

fn operation<O>(route: &Route<O>, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, meaning, shape) in route.answers {
        let answer = json!({
            "description": meaning,
            "content": { "application/json": { "schema": shape(generator) } },
        });
        responses.insert(status.to_string(), answer);
    }
    let mut operation = json!({ "summary": route.summary, "responses": responses });
    let Some(fields) = operation.as_object_mut() else {
        return operation;
    };
    if let Some(shape) = route.body {
        let content = json!({ "application/json": { "schema": shape(generator) } });
        let body = json!({ "required": true, "content": content });
        fields.insert("requestBody".to_owned(), body);
    }
    if route.path.contains("{id}") {
        fields.insert("parameters".to_owned(), json!([in_path()]));
    }
    operation
}

fn in_path() -> Value {
    let schema = json!({ "type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$" });
    json!({ "name": "id", "in": "path", "required": true, "schema": schema })
}

/// Every answer that the control port can give is described, also to those who do not know the token.
fn not_without_the_token(paths: &mut Map<String, Value>) {
    let schema = object(&[("error", text("What is missing, and how to give it"))]);
    let answer = json!({
        "description": "The token is missing or wrong",
        "content": { "application/json": { "schema": schema } },
    });
    let operations = paths.values_mut().filter_map(Value::as_object_mut);
    for operation in operations.flat_map(|item| item.values_mut()) {
        let responses = operation.get_mut("responses");
        if let Some(responses) = responses.and_then(Value::as_object_mut) {
            responses.insert("401".to_owned(), answer.clone());
        }
    }
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

/// A field of a message's query.
fn field(name: &str, required: bool, about: &str) -> Value {
    let schema = json!({ "type": "string" });
    json!({ "name": name, "in": "query", "required": required, "description": about, "schema": schema })
}

/// An object of these fields, all of them needed.
fn object(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let fields: Map<String, Value> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({ "type": "object", "properties": fields, "required": names })
}

fn content(schema: &Value) -> Value {
    json!({ MEDIA_TYPE: { "schema": schema } })
}

/// The messages. Two of them share method and path, and are told apart by `msgType`.
fn messages(paths: &mut Map<String, Value>) {
    let nun = || field("nun", true, "Number of the document");
    let proof = "Signature, base64url with padding";
    let key = || {
        let hexadecimal = || text("Hexadecimal");
        object(&[("modulus", hexadecimal()), ("exponent", hexadecimal())])
    };
    let start = object(&[
        ("sod", text("Security object, base64")),
        ("kpubint", key()),
        ("kpubdev", key()),
    ]);
    let code = object(&[(
        "totpHash",
        text("SHA-256 of the code's digits, hexadecimal"),
    )]);
    let id = || ("procedureId", text("Name of the procedure"));
    let challenge = || ("randomCode", text("Challenge, hexadecimal"));
    let message = || ("msg", text("Words for people"));
    let half = || text("Encrypted to the device's key, base64");
    let root = "/repuk/api/repuks/";
    let one = "/repuk/api/repuks/{id}";
    let begin = exchange(
        ("A01", "A01: begin the recovery of a PUK"),
        vec![
            nun(),
            field("nis", true, "Service number, 12 digits"),
            field("addressSms", false, "Telephone"),
            field("addressEmail", false, "E-mail"),
        ],
        Some((true, start)),
        &object(&[id(), challenge(), message()]),
    );
    add(paths, root, "put", begin);
    let answers = json!({ "anyOf": [object(&[id()]), object(&[challenge()])] });
    let middle = exchange(
        ("A02|A03", "A02: first proof of the card; A03: the code"),
        vec![
            in_path(),
            field("nun", false, "Number of the document: A03"),
            field("randomCodeEncrypted", false, &format!("{proof}: A02")),
        ],
        Some((false, code)),
        &answers,
    );
    add(paths, one, "put", middle);
    let halves = object(&[
        ("pukFirstHalfEncrypted", half()),
        ("pukSecondHalfEncrypted", half()),
    ]);
    let last = exchange(
        ("A04", "A04: second proof of the card"),
        vec![in_path(), nun(), field("randomCodeEncrypted", true, proof)],
        None,
        &halves,
    );
    add(paths, "/repuk/api/repuks/{id}/puk", "put", last);
    let state = exchange(
        ("A05", "A05: ask where the recovery stands; changes nothing"),
        vec![in_path(), nun()],
        None,
        &object(&[message()]),
    );
    add(paths, one, "get", state);
}

fn exchange(
    (kind, summary): (&str, &str),
    parameters: Vec<Value>,
    body: Option<(bool, Value)>,
    answer: &Value,
) -> Value {
    let kinds: Vec<&str> = kind.split('|').collect();
    let schema = json!({ "type": "string", "enum": kinds });
    let mut all = vec![
        json!({ "name": "msgType", "in": "query", "required": true, "schema": schema }),
        field("lng", false, "Language, not looked at"),
    ];
    all.extend(parameters);
    let reason = json!({
        "type": "object",
        "properties": {
            "reason": text("Why, in a word or a sentence; may be absent"),
            "resultCodes": text("Codes beside the words; may be absent"),
            "closed": { "type": "boolean" },
        },
    });
    let mut responses = Map::new();
    let granted = json!({ "description": "Granted", "content": content(answer) });
    responses.insert("200".to_owned(), granted);
    let refusals = [
        (400, "A field is missing or wrong. Nothing has happened"),
        (404, "There is nothing at this path"),
        (405, "The message has another method"),
        (413, "Longer than any message"),
        (415, "The body is of another type"),
        (422, "Refused"),
    ];
    for (status, meaning) in refusals {
        let answer = json!({ "description": meaning, "content": content(&reason) });
        responses.insert(status.to_string(), answer);
    }
    let mut operation = json!({ "summary": summary, "parameters": all, "responses": responses });
    if let (Some((required, schema)), Some(fields)) = (body, operation.as_object_mut()) {
        let body = json!({ "required": required, "content": content(&schema) });
        fields.insert("requestBody".to_owned(), body);
    }
    operation
}
