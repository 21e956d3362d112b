//! What can be asked for, as data: one list for each port, by which requests are told apart and of which the OpenAPI documents
//! are made, so that neither can know a route that the other does not.

use cie_emulator::control::http::Request;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Longest name in a path, in characters.
const LONGEST_NAME: usize = 64;

/// Makes the schema of a type.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// The shape of this type, kept once among the document's components.
pub(super) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The shape of the document itself.
fn document(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "object" })
}

/// A status with what it means and carries.
pub(super) type Told = (u16, &'static str, Shape);

/// What the route to a document answers.
pub(super) const DOCUMENT: Told = (200, "An OpenAPI document", document);

/// Something that can be asked for.
pub(super) struct Route<O: 'static> {
    pub(super) operation: O,
    pub(super) method: &'static str,
    /// The path; `{id}` in it stands for one name.
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// The body of the request.
    pub(super) body: Option<Shape>,
    pub(super) answers: &'static [Told],
}

/// A route, written in the order in which it is read.
pub(super) const fn route<O>(
    operation: O,
    (method, path): (&'static str, &'static str),
    summary: &'static str,
    body: Option<Shape>,
    answers: &'static [Told],
) -> Route<O>
where
    O: Copy,
{
    Route {
        operation,
        method,
        path,
        summary,
        body,
        answers,
    }
}

/// Why a request asks for nothing there is.
pub(super) enum Miss {
    /// Nothing is at this path.
    Path,
    /// The path has these methods.
    Method(String),
}

/// The route of a request, and the name in its path; an empty one where there is none.
pub(super) fn find<'r, O>(
    routes: &'static [Route<O>],
    request: &'r Request,
) -> Result<(&'static Route<O>, &'r str), Miss> {
    let here = routes
        .iter()
        .filter_map(|route| Some((route, name_in(route.path, &request.path)?)));
    let here: Vec<_> = here.collect();
    let found = here
        .iter()
        .find(|(route, _)| route.method == request.method);
    match (found, here.is_empty()) {
        (Some((route, name)), _) => Ok((route, name)),
        (None, true) => Err(Miss::Path),
        (None, false) => {
            let methods: Vec<&str> = here.iter().map(|(route, _)| route.method).collect();
            Err(Miss::Method(methods.join(" or ")))
        }
    }
}

/// The name where the template has `{id}`, when the rest is the same.
fn name_in<'r>(template: &str, path: &'r str) -> Option<&'r str> {
    let Some((before, after)) = template.split_once("{id}") else {
        return (template == path).then_some("");
    };
    let name = path.strip_prefix(before)?.strip_suffix(after)?;
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain && (1..=LONGEST_NAME).contains(&name.len())).then_some(name)
}

/// The methods and paths of a list, for people.
pub(super) fn in_words<O>(routes: &[Route<O>]) -> String {
    let all = routes
        .iter()
        .map(|route| format!("{} {}", route.method, route.path));
    all.collect::<Vec<_>>().join(", ")
}
