//! A curve as SVG: both axes logarithmic, so that growth in proportion is a straight line at the same slope everywhere; that
//! line is drawn beside the measured ones.

use std::path::Path;

use plotters::prelude::*;

use super::Curve;
use crate::SetupError;

const SIZE: (u32, u32) = (760, 460);
/// Okabe and Ito's colours, told apart by everybody.
const COLOURS: [RGBColor; 3] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
];
const GREY: RGBColor = RGBColor(120, 120, 120);

/// Writes the curve to this file.
///
/// # Errors
/// When there is nothing to draw, or the file cannot be written.
pub fn draw(curve: &Curve, path: &Path) -> Result<(), SetupError> {
    let points = || curve.series.iter().flat_map(|series| &series.points);
    let bounds = |value: fn(&(f64, f64)) -> f64| {
        let low = points().map(value).fold(f64::INFINITY, f64::min);
        let high = points().map(value).fold(0.0, f64::max);
        (low > 0.0 && high > 0.0).then_some((low, high))
    };
    let (left, right) = bounds(|point| point.0).ok_or("nothing to draw")?;
    let (low, high) = bounds(|point| point.1).ok_or("nothing to draw")?;
    // Above the lines there is room for their names.
    let top = high * 1.3 * (high / low).powf(0.4);
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(curve.title, ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(48)
        .y_label_area_size(74)
        .build_cartesian_2d(
            (left * 0.9..right * 1.1).log_scale(),
            (low * 0.6..top).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc(curve.across)
        .y_desc(curve.up)
        .axis_desc_style(("sans-serif", 15))
        .label_style(("sans-serif", 13))
        .x_label_formatter(&|x| number(*x))
        .y_label_formatter(&|y| number(*y))
        .light_line_style(RGBColor(240, 240, 240))
        .draw()?;
    for (series, colour) in curve.series.iter().zip(COLOURS) {
        let style = ShapeStyle::from(colour).stroke_width(2);
        chart
            .draw_series(LineSeries::new(series.points.iter().copied(), style))?
            .label(&series.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
        let dots = series.points.iter();
        chart.draw_series(dots.map(|point| Circle::new(*point, 4, colour.filled())))?;
    }
    if let Some((across, up)) = curve
        .series
        .first()
        .and_then(|series| series.points.first())
    {
        // From the first point of the first line to the right edge, or to where it leaves.
        let to = right.min(across * top / up);
        let straight = [(*across, *up), (to, up * to / across)];
        let style = ShapeStyle::from(GREY).stroke_width(1);
        chart
            .draw_series(DashedLineSeries::new(straight, 6, 5, style))?
            .label(curve.straight)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.9))
        .border_style(RGBColor(200, 200, 200))
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}

/// A number on an axis, as short as it can be.
fn number(value: f64) -> String {
    match value {
        large if large >= 10_000.0 => format!("{}k", large / 1e3),
        middle if middle >= 1.0 => format!("{middle}"),
        small => format!("{small:.6}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::Series;

    fn curve(points: Vec<(f64, f64)>) -> Curve {
        Curve {
            file: "a",
            title: "Title",
            across: "steps",
            up: "milliseconds",
            series: vec![Series {
                name: "run".to_owned(),
                points,
            }],
            straight: "in proportion",
        }
    }

    #[test]
    fn a_drawing_names_its_axes_lines_and_reference() -> Result<(), SetupError> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("a.svg");
        draw(&curve(vec![(1.0, 0.5), (100.0, 40.0)]), &path)?;
        let text = std::fs::read_to_string(path)?;
        for word in [
            "Title",
            "steps",
            "milliseconds",
            "run",
            "in proportion",
            "</svg>",
        ] {
            assert!(text.contains(word), "{word}");
        }
        Ok(())
    }

    #[test]
    fn nothing_is_not_drawn() {
        assert!(draw(&curve(Vec::new()), Path::new("unused.svg")).is_err());
        assert!(draw(&curve(vec![(0.0, 1.0)]), Path::new("unused.svg")).is_err());
        assert!(!Path::new("unused.svg").exists());
    }

    #[test]
    fn numbers_on_axes_are_short() {
        let told = [0.001, 0.5, 1.0, 250.0, 40_000.0].map(number);
        assert_eq!(told, ["0.001", "0.5", "1", "250", "40k"]);
    }
}
