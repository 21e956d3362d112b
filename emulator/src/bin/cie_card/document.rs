//! `cie-card show --document`: the data page of the document, for people.

use crate::failure::Failure;
use crate::output;
use cie_emulator::persona::DataPage;
use cie_emulator::spec::Issued;
use std::path::Path;

/// Prints the page, or writes it as a picture.
pub(crate) fn show(issued: &Issued, out: Option<&Path>) -> Result<(), Failure> {
    if issued.card.image().emrtd.is_none() {
        return Err(Failure::Input(
            "this card is no travel document: it was stored before cards were; make it again"
                .to_owned(),
        ));
    }
    let page = DataPage::of(&issued.persona);
    let Some(path) = out else {
        return output::print(&page.to_text());
    };
    let svg = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("svg"));
    if !svg {
        return Err(Failure::Input(format!(
            "the data page is drawn as SVG; name a file that ends in .svg instead of {}",
            path.display()
        )));
    }
    let picture = page.to_svg();
    output::write_file(path, picture.as_bytes())?;
    output::print(&format!(
        "data page: {} bytes written to {}; every browser shows it\n",
        picture.len(),
        path.display()
    ))
}
