//! Reliability as a table for the terminal, and as a picture.

use std::fmt::Write;

use prism_engine::{Bin, N_BINS, Reliability};

/// Characters of a bar.
const WIDTH: usize = 20;

/// A row per bin that has something: range, count, stated, right, and a bar of what was right with
/// a mark at what was stated.
pub fn table(found: &Reliability) -> String {
    let mut text = String::from("  stated      n   mean  right\n");
    for (place, bin) in found.bins.iter().enumerate().filter(|(_, bin)| bin.n > 0) {
        let Bin { n, stated, right } = bin;
        let (from, to) = range(place);
        let bar = bar(*stated, *right);
        let _ = writeln!(text, "  {from:.1}–{to:.1} {n:>6}  {stated:>5.3}  {right:>5.3}  {bar}");
    }
    text
}

fn range(place: usize) -> (f64, f64) {
    let edge = |place: usize| place as f64 / N_BINS as f64;
    (edge(place), edge(place + 1))
}

fn bar(stated: f64, right: f64) -> String {
    let cell = |share: f64| ((share * WIDTH as f64).round() as usize).min(WIDTH);
    let (full, mark) = (cell(right), cell(stated).saturating_sub(1));
    let one = |place: usize| match (place == mark, place < full) {
        (true, _) => '┃',
        (false, true) => '█',
        (false, false) => '·',
    };
    (0..WIDTH).map(one).collect()
}

/// Side of a panel's square, and what surrounds it.
const SIDE: f64 = 220.0;
const MARGIN: f64 = 40.0;

/// A panel per group, side by side: the diagonal is perfect, a dot is a bin and its area the
/// number of statements, the line is the learned map.
pub fn svg(groups: &[(String, Reliability)]) -> String {
    let step = SIDE + 2.0 * MARGIN;
    let (width, height) = (step * groups.len().max(1) as f64, step);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n"
    );
    for (place, (title, found)) in groups.iter().enumerate() {
        panel(&mut text, place as f64 * step + MARGIN, title, found);
    }
    text.push_str("</svg>\n");
    text
}

fn panel(text: &mut String, left: f64, title: &str, found: &Reliability) {
    let at = |stated: f64, right: f64| (left + stated * SIDE, MARGIN + (1.0 - right) * SIDE);
    let ((x0, y0), (x1, y1)) = (at(0.0, 0.0), at(1.0, 1.0));
    let _ = writeln!(
        text,
        "<text x=\"{left}\" y=\"{}\">{} · n {} · Brier {:.3} · ECE {:.3}</text>",
        MARGIN - 12.0,
        escaped(title),
        found.n,
        found.brier,
        found.ece
    );
    let _ = writeln!(
        text,
        "<rect x=\"{x0}\" y=\"{y1}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" \
         stroke=\"#888\"/>\n<line x1=\"{x0}\" y1=\"{y0}\" x2=\"{x1}\" y2=\"{y1}\" \
         stroke=\"#bbb\" stroke-dasharray=\"4\"/>"
    );
    let points: Vec<String> = found
        .map
        .iter()
        .map(|(stated, right)| at(*stated, *right))
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let _ =
        writeln!(text, "<polyline points=\"{}\" fill=\"none\" stroke=\"#c60\"/>", points.join(" "));
    for bin in found.bins.iter().filter(|bin| bin.n > 0) {
        let (x, y) = at(bin.stated, bin.right);
        let radius = 3.0 + 9.0 * (bin.n as f64 / found.n as f64).sqrt();
        let _ = writeln!(
            text,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"#06c\" \
             fill-opacity=\"0.6\"><title>{} stated {:.3}, right {:.3}</title></circle>",
            bin.n, bin.stated, bin.right
        );
    }
    let _ = writeln!(
        text,
        "<text x=\"{x0}\" y=\"{}\">stated</text><text x=\"{}\" y=\"{y1}\" \
         text-anchor=\"end\">right</text>",
        y0 + 16.0,
        x0 - 4.0
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Reliability {
        let mut bins = vec![Bin::default(); N_BINS];
        bins[9] = Bin { n: 4, stated: 0.95, right: 0.5 };
        Reliability { n: 4, brier: 0.25, ece: 0.45, bins, map: vec![(0.95, 0.5)] }
    }

    #[test]
    fn a_bar_has_what_was_right_and_a_mark_at_what_was_stated() {
        let expected = "  stated      n   mean  right\n  0.9–1.0      4  0.950  0.500  \
                        ██████████········┃·\n";
        assert_eq!(table(&found()), expected);
        assert_eq!(bar(0.0, 1.0), format!("┃{}", "█".repeat(19)));
    }

    #[test]
    fn a_picture_names_its_numbers_and_no_markup() {
        let text = svg(&[("a<b".to_owned(), found())]);
        assert!(text.contains(">a&lt;b · n 4 · Brier 0.250 · ECE 0.450<"), "{text}");
        // 40 + 0.95 × 220, 40 + 0.5 × 220; the radius of a bin that holds all is 12.
        assert!(text.contains("cx=\"249.0\" cy=\"150.0\" r=\"12.0\""), "{text}");
    }
}
