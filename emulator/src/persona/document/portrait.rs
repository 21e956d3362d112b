//! The pictures in the biometric data groups: drawn silhouettes and line patterns marked SPECIMEN, embedded from
//! `fixtures/biometrics/`. Nobody's face and nobody's finger; how they were drawn stands beside them.

use crate::persona::Date;

use super::data_groups::{self, Finger};
use super::younger_than;

/// Everybody below this age gets the picture of a child.
const ADULT: u16 = 12;

const RIGHT: &[u8] = include_bytes!("../../../../fixtures/biometrics/finger-right.jp2");
const LEFT: &[u8] = include_bytes!("../../../../fixtures/biometrics/finger-left.jp2");

/// Where the height and width stand in a JP2 file whose header box is its third box (ISO/IEC 15444-1 §I.5.3.1).
const SIZE: std::ops::Range<usize> = 48..56;

/// The picture of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Portrait {
    /// A grown-up silhouette.
    Adult,
    /// A child's silhouette.
    Child,
}

impl Portrait {
    /// The picture for somebody of that age on the day of issue.
    pub fn of_age(birth: Date, issued: Date) -> Self {
        if younger_than(birth, ADULT, issued) {
            Self::Child
        } else {
            Self::Adult
        }
    }

    /// The picture as it stands in EF.DG2: JPEG 2000 in a JP2 container, 240 by 320 pixels.
    pub const fn jpeg2000(self) -> &'static [u8] {
        match self {
            Self::Adult => include_bytes!("../../../../fixtures/biometrics/portrait-adult.jp2"),
            Self::Child => include_bytes!("../../../../fixtures/biometrics/portrait-child.jp2"),
        }
    }

    /// The same pixels as PNG, for programs that show no JPEG 2000.
    pub const fn png(self) -> &'static [u8] {
        match self {
            Self::Adult => include_bytes!("../../../../fixtures/biometrics/portrait-adult.png"),
            Self::Child => include_bytes!("../../../../fixtures/biometrics/portrait-child.png"),
        }
    }

    /// EF.DG2 with this picture.
    pub(super) fn data_group(self) -> Vec<u8> {
        let picture = self.jpeg2000();
        let (width, height) = size(picture);
        data_groups::dg2(picture, width, height)
    }
}

/// EF.DG3 with two drawn index fingers.
pub(super) fn fingerprints() -> Vec<u8> {
    let fingers = [(2, RIGHT), (7, LEFT)].map(|(position, picture)| {
        let (width, height) = size(picture);
        Finger {
            position,
            picture,
            width,
            height,
        }
    });
    data_groups::dg3(&fingers)
}

/// Width and height in pixels; both are below 65536.
fn size(picture: &[u8]) -> (u16, u16) {
    match picture.get(SIZE) {
        Some(&[_, _, h1, h0, _, _, w1, w0]) => {
            (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]))
        }
        _ => (0, 0),
    }
}
