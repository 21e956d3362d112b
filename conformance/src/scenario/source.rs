//! Where a piece of a scenario stands: the file, its text, a range of bytes. Everything the loader builds keeps such a
//! span, so that a load error and a failed step alike can point at the line that caused them. Nothing here parses.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file as it was read: a name for people, and the text.
#[derive(PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
    /// Byte offsets at which lines begin.
    lines: Vec<u32>,
}

impl Source {
    /// Keeps `text` under `name` (a path, or the id of an embedded file).
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let starts = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| offset(at + 1));
        let lines = std::iter::once(0).chain(starts).collect();
        Arc::new(Self {
            name: name.into(),
            text,
            lines,
        })
    }

    /// The name under which the file was read.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column (both from 1, the column in characters) of a byte offset.
    fn position(&self, at: u32) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let column = self
            .text
            .get(start as usize..at as usize)
            .map_or(0, |text| text.chars().count());
        (line, column + 1)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.name, self.text.len())
    }
}

/// Files larger than 4 GiB are refused long before their offsets matter.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A range of bytes in a [`Source`]; cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    source: Arc<Source>,
    start: u32,
    end: u32,
}

impl Span {
    /// The bytes `range` of `source`, cut to what the text really has and to character boundaries.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let text = source.text();
        let fit = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = fit(range.start);
        let end = fit(range.end.max(range.start));
        Self {
            source: Arc::clone(source),
            start: offset(start),
            end: offset(end),
        }
    }

    /// The start of a file, for what belongs to the file as a whole.
    pub fn whole(source: &Arc<Source>) -> Self {
        let first = source.text().lines().next().map_or(0, str::len);
        Self::new(source, 0..first)
    }

    /// The character at a line and column, both counted from 1.
    pub fn at_line(source: &Arc<Source>, line: u64, column: u64) -> Self {
        let line = usize::try_from(line)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        let column = usize::try_from(column)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        let start = source
            .lines
            .get(line)
            .map_or(source.text.len(), |start| *start as usize);
        let rest = source.text.get(start..).unwrap_or_default();
        let rest = rest.split('\n').next().unwrap_or_default();
        let (at, width) = rest
            .char_indices()
            .nth(column)
            .map_or((rest.len(), 0), |(at, c)| (at, c.len_utf8()));
        Self::new(source, start + at..start + at + width)
    }

    /// The file.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Name of the file.
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// Line, counted from 1.
    pub fn line(&self) -> usize {
        self.source.position(self.start).0
    }

    /// Column in characters, counted from 1.
    pub fn column(&self) -> usize {
        self.source.position(self.start).1
    }

    /// Byte range in the text of the file.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The text the span covers.
    pub fn text(&self) -> &str {
        self.source.text().get(self.range()).unwrap_or_default()
    }

    /// The same start, stretched to the end of `other` when that is further on in the same file.
    pub fn until(&self, other: &Self) -> Self {
        let end = if Arc::ptr_eq(&self.source, &other.source) {
            self.end.max(other.end)
        } else {
            self.end
        };
        Self {
            source: Arc::clone(&self.source),
            start: self.start,
            end,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file(), self.line(), self.column())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
