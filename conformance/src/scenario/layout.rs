//! The canonical layout of a scenario file. It works on the text, line by line, so that comments stay where they are and
//! nothing is lost: indentation by two, double quotes, no blanks at line ends, one blank line at most. The tree before and
//! after must be the same, otherwise the file is given back untouched.

use std::sync::Arc;

use super::problem::Problems;
use super::source::Source;
use super::tree::{Kind, Node, Style};

/// Lays a scenario or block file out anew. Doing it twice changes nothing more.
///
/// # Errors
/// What keeps the file from being read as YAML.
pub fn layout(source: &Arc<Source>) -> Result<String, Problems> {
    let before = Node::parse(source).map_err(|problem| Problems::from(*problem))?;
    let quoted = requote(source.text(), &before);
    let text = lines(&quoted, &before);
    let after = Node::parse(&Source::new(source.name(), text.clone()));
    Ok(match after {
        Ok(after) if same(&before, &after) => text,
        _ => source.text().to_owned(),
    })
}

/// True when two trees say the same, wherever they stand.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Scalar(a), Kind::Scalar(b)) => a == b,
        (Kind::List(a), Kind::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Kind::Map(a), Kind::Map(b)) => {
            let pairs = || a.iter().zip(b);
            a.len() == b.len()
                && pairs().all(|(a, b)| a.key.text == b.key.text && same(&a.value, &b.value))
        }
        _ => false,
    }
}

/// Single quotes become double ones where neither quotes nor backslashes are inside.
fn requote(text: &str, root: &Node) -> String {
    let mut places = Vec::new();
    single_quoted(root, &mut places);
    let mut bytes = text.as_bytes().to_vec();
    for place in places {
        let last = place.end.saturating_sub(1);
        if let Some(first) = bytes.get_mut(place.start) {
            *first = b'"';
        }
        if let Some(last) = bytes.get_mut(last) {
            *last = b'"';
        }
    }
    // Only ASCII quotes were exchanged for each other: still the same encoding.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn single_quoted(node: &Node, places: &mut Vec<std::ops::Range<usize>>) {
    let mut look = |text: &str, range: std::ops::Range<usize>| {
        let inside = text
            .strip_prefix('\'')
            .and_then(|text| text.strip_suffix('\''));
        if inside.is_some_and(|inside| !inside.contains(['"', '\'', '\\', '\n'])) {
            places.push(range);
        }
    };
    match &node.kind {
        Kind::Scalar(scalar) if scalar.style == Style::Text => {
            look(node.span.text(), node.span.range());
        }
        Kind::Scalar(_) => {}
        Kind::List(items) => items.iter().for_each(|item| single_quoted(item, places)),
        Kind::Map(entries) => {
            for entry in entries {
                look(entry.key.span.text(), entry.key.span.range());
            }
            entries
                .iter()
                .for_each(|entry| single_quoted(&entry.value, places));
        }
    }
}

/// Lines by number that are inside a value of several lines, and must move together with the line that begins it.
fn held(node: &Node, held: &mut Vec<bool>) {
    let mut hold = |from: usize, to: usize| {
        for line in from + 1..=to {
            if let Some(line) = held.get_mut(line - 1) {
                *line = true;
            }
        }
    };
    match &node.kind {
        Kind::Scalar(_) => {
            let text = node.span.text().trim_end();
            let first = node.span.line();
            let is_block = !text.starts_with(['"', '\'']) && text.contains('\n');
            hold(
                first.saturating_sub(usize::from(is_block)),
                first + text.matches('\n').count(),
            );
        }
        Kind::List(items) => items.iter().for_each(|item| self::held(item, held)),
        Kind::Map(entries) => entries
            .iter()
            .for_each(|entry| self::held(&entry.value, held)),
    }
}

/// Indentation of a line as it was, and as it shall be.
#[derive(Clone, Copy)]
struct Level {
    was: usize,
    is: usize,
}

fn lines(text: &str, root: &Node) -> String {
    let all: Vec<&str> = text.lines().collect();
    let mut inside = vec![false; all.len()];
    held(root, &mut inside);
    let mut out: Vec<String> = Vec::new();
    let mut levels = vec![Level { was: 0, is: 0 }];
    let (mut shift, mut depth) = (0_isize, 0_usize);
    for (index, line) in all.iter().enumerate() {
        let bare = line.trim_end();
        let content = bare.trim_start();
        let was = bare.len() - content.len();
        if inside.get(index).copied().unwrap_or_default() || depth > 0 {
            depth = brackets(content, depth);
            out.push(moved(bare, was, shift));
            continue;
        }
        if content.is_empty() {
            if out.last().is_some_and(|last| !last.is_empty()) {
                out.push(String::new());
            }
            continue;
        }
        let is = if content.starts_with('#') {
            comment_level(&all, index, &levels)
        } else {
            enter(&mut levels, was)
        };
        shift = isize::try_from(is).unwrap_or_default() - isize::try_from(was).unwrap_or_default();
        if !content.starts_with('#') {
            items(&mut levels, content, was, is);
            depth = brackets(content, 0);
        }
        out.push(format!("{}{}", " ".repeat(is), content));
    }
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out.join("\n") + "\n"
}

/// A line of a longer value moves as far as the line that begins the value.
fn moved(line: &str, was: usize, shift: isize) -> String {
    if line.trim().is_empty() {
        return String::new();
    }
    let is = usize::try_from(isize::try_from(was).unwrap_or_default() + shift).unwrap_or_default();
    format!("{}{}", " ".repeat(is), line.trim_start())
}

/// The new indentation of a line: that of its level, or two more than the level around it.
fn enter(levels: &mut Vec<Level>, was: usize) -> usize {
    while levels.len() > 1 && levels.last().is_some_and(|level| level.was > was) {
        levels.pop();
    }
    match levels.last() {
        Some(level) if level.was == was => level.is,
        Some(level) => {
            let is = level.is + 2;
            levels.push(Level { was, is });
            is
        }
        None => was,
    }
}

/// A comment belongs to the next line with content.
fn comment_level(all: &[&str], index: usize, levels: &[Level]) -> usize {
    let next = all
        .iter()
        .skip(index)
        .map(|line| line.trim_end())
        .find(|line| {
            let content = line.trim_start();
            !content.is_empty() && !content.starts_with('#')
        });
    match next {
        Some(next) => {
            let mut ahead = levels.to_owned();
            enter(&mut ahead, next.len() - next.trim_start().len())
        }
        None => 0,
    }
}

/// After `- ` a new level begins where the item's content stands.
fn items(levels: &mut Vec<Level>, content: &str, was: usize, is: usize) {
    let (mut rest, mut was, mut is) = (content, was, is);
    while let Some(inner) = rest
        .strip_prefix('-')
        .filter(|inner| inner.starts_with(' '))
    {
        let gap = inner.len() - inner.trim_start().len();
        was += 1 + gap;
        is += 1 + gap;
        rest = inner.trim_start();
        if !rest.is_empty() && !rest.starts_with('#') {
            levels.push(Level { was, is });
        }
    }
}

/// Open brackets of a flow value after a line; text in quotes and comments does not count.
fn brackets(content: &str, depth: usize) -> usize {
    let (mut depth, mut quote, mut last) = (depth, None, ' ');
    for symbol in content.chars() {
        match (quote, symbol) {
            (Some(open), _) if open == symbol && last != '\\' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !last.is_alphanumeric() => quote = Some(symbol),
            (None, '#') if last == ' ' => break,
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        last = symbol;
    }
    depth
}
