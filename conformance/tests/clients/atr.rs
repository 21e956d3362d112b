//! How clients tell the chip families apart: by signatures in the ATR, or by patterns in EF.ATR where the ATR cannot be had.

/// What the desktop programs call a family: their branches compare these numbers.
pub(crate) const NXP: u8 = 6;
pub(crate) const GEMALTO: u8 = 1;

/// Signatures in the order in which they are tried, with the number of the family.
const SIGNATURES: [(u8, &str); 11] = [
    (NXP, "803180654954 4E5850"),
    (GEMALTO, "80318065B085040011"),
    (2, "80318065B0850300EF"),
    (3, "8066475000B8007F"),
    (4, "80800101"),
    (5, "800180664750 00B80094829000C5"),
    (7, "80018031806549544A3441120FFF82900088"),
    (8, "80018031806549544A3443120FFF8290008A"),
    (9, "80018031806549544A3442120FFF8290008B"),
    (10, "80018031806549544A3444120FFF8290008D"),
    (11, "80018031806549544A3449120FFF82900080"),
];

fn signature(digits: &str) -> Vec<u8> {
    hex::decode(digits.replace(' ', "")).unwrap_or_default()
}

/// By inclusion of sorted bytes, as multisets.
pub(crate) fn family_by_multiset(atr: &[u8]) -> Option<u8> {
    let sorted = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.sort_unstable();
        bytes
    };
    let atr = sorted(atr);
    let included = |signature: Vec<u8>| {
        let mut rest = atr.iter();
        sorted(&signature)
            .iter()
            .all(|byte| rest.any(|other| other == byte))
    };
    SIGNATURES
        .iter()
        .find(|(_, digits)| included(signature(digits)))
        .map(|(family, _)| *family)
}

/// By contiguous search.
pub(crate) fn family_by_search(atr: &[u8]) -> Option<u8> {
    let contains = |digits: &str| {
        let signature = signature(digits);
        atr.windows(signature.len())
            .any(|window| window == signature)
    };
    SIGNATURES
        .iter()
        .find(|(_, digits)| contains(digits))
        .map(|(family, _)| *family)
}

/// A family as EF.ATR shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EfAtrType {
    Actalis,
    St,
    Nxp,
    Gemalto2,
    Gemalto,
}

const PATTERNS: [(EfAtrType, &str); 5] = [
    (
        EfAtrType::Actalis,
        "80004301B846041010101047039401E07F6608020204D6020207E3E010020201040202\
         00E6020200E6020200E6780806062B8122F87802",
    ),
    (
        EfAtrType::St,
        "80004301B946040000001047039401814F0CA000000095000000008A0001E010020200FF\
         020200FF0202010002020100780806062B8122F8780282029000",
    ),
    (EfAtrType::Nxp, "80004301B8460410101010470394"),
    (EfAtrType::Gemalto2, "47039441C0"),
    (EfAtrType::Gemalto, "496173456363526F6F74"),
];

/// By contiguous search in EF.ATR, in this order.
pub(crate) fn type_by_ef_atr(content: &[u8]) -> Option<EfAtrType> {
    let contains = |digits: &str| {
        let pattern = signature(digits);
        content
            .windows(pattern.len())
            .any(|window| window == pattern)
    };
    PATTERNS
        .iter()
        .find(|(_, digits)| contains(digits))
        .map(|(kind, _)| *kind)
}
