//! A picture that needs no other program to be looked at: an SVG whose columns go from what is needed first to what needs
//! it, coloured by what is done to each resource or by its status.

use std::fmt::Write as _;

use super::render::Picture;

/// The measures, in pixels.
const BOX_HEIGHT: usize = 40;
const ROW_GAP: usize = 12;
const COLUMN_GAP: usize = 72;
const MARGIN: usize = 24;
/// The width of a letter of a kind, which is in the smaller type, and of a name.
const KIND_LETTER: usize = 6;
const NAME_LETTER: usize = 8;

/// The most boxes in a column, below which a layer is never broken into several.
const COLUMN: usize = 12;

/// How often the boxes of all columns are brought nearer to their neighbours.
const SWEEPS: usize = 6;

/// Where a node is drawn.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    x: usize,
    y: usize,
    width: usize,
}

/// Draws a picture.
pub(super) fn draw(picture: &Picture) -> String {
    let columns = columns(picture);
    let (places, width, height) = place(picture, &columns);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"ui-sans-serif, system-ui, sans-serif\">\n{STYLE}\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
    );
    for (from, to) in &picture.edges {
        let (from, to) = (places[*from], places[*to]);
        let (x1, y1) = (to.x + to.width, to.y + BOX_HEIGHT / 2);
        let (x2, y2) = (from.x, from.y + BOX_HEIGHT / 2);
        let bend = x2.saturating_sub(x1).max(COLUMN_GAP) / 2;
        let _ = writeln!(
            text,
            "<path class=\"edge\" d=\"M{x1},{y1} C{},{y1} {},{y2} {x2},{y2}\"/>",
            x1 + bend,
            x2.saturating_sub(bend)
        );
    }
    for ((address, word), Place { x, y, width }) in picture.nodes.iter().zip(&places) {
        let path = if address.path().is_empty() { String::new() } else { format!("{}/", address.path()) };
        let said = if word.is_empty() { String::new() } else { format!(" · {word}") };
        let _ = writeln!(
            text,
            "<g class=\"{}\"><title>{address}{said}</title><rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{BOX_HEIGHT}\" rx=\"6\"/><text class=\"name\" x=\"{}\" y=\"{}\">{path}{}</text>\
             <text class=\"kind\" x=\"{}\" y=\"{}\">{}{said}</text></g>",
            class(word),
            x + 10,
            y + 17,
            address.name(),
            x + 10,
            y + 32,
            address.kind_str(),
        );
    }
    text + "</svg>\n"
}

/// The colours, for paper and for screens at night.
const STYLE: &str = "<style>\
    .paper{fill:#fff}.edge{fill:none;stroke:#9aa4b2;stroke-width:1.2}\
    .box{fill:#f4f6f8;stroke:#9aa4b2}.name{font-size:13px;font-weight:600;fill:#1c2430}.kind{font-size:10px;fill:#5b6675}\
    .create .box{fill:#e3f6e8;stroke:#2f9e55}.update .box{fill:#fff4d6;stroke:#c98a00}\
    .replace .box{fill:#ece5fb;stroke:#7b52c7}.delete .box{fill:#fde4e4;stroke:#c93a3a}\
    .wait .box{fill:#e2f0fd;stroke:#2f7fc1}\
    @media (prefers-color-scheme:dark){.paper{fill:#14181f}.edge{stroke:#566173}\
    .box{fill:#222933;stroke:#566173}.name{fill:#e8ecf2}.kind{fill:#9aa4b2}\
    .create .box{fill:#17351f;stroke:#3fb268}.update .box{fill:#3a2f10;stroke:#d8a32b}\
    .replace .box{fill:#2c2146;stroke:#9a78e0}.delete .box{fill:#421c1c;stroke:#e06464}\
    .wait .box{fill:#152c42;stroke:#4a98da}}</style>\n";

/// Returns the colour of a word: an action, or a status.
fn class(word: &str) -> &'static str {
    match word {
        "create" | "creating" | "import" => "create",
        "update" | "updating" | "partial" => "update",
        "replace" => "replace",
        "delete" | "deleting" | "forget" | "failed" | "superseded" => "delete",
        "wait for" | "made" | "read" => "wait",
        _ => "same",
    }
}

/// Puts the nodes in columns: each to the right of all that it needs, and near to its neighbours.
fn columns(picture: &Picture) -> Vec<Vec<usize>> {
    let count = picture.nodes.len();
    let (mut needs, mut needed_by) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for (from, to) in &picture.edges {
        needs[*from].push(*to);
        needed_by[*to].push(*from);
    }
    let layers = layers(&needs, &needed_by);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); layers.iter().max().map_or(0, |last| last + 1)];
    (0..count).for_each(|node| columns[layers[node]].push(node));
    let mut rank = vec![0.0; count];
    let number = |column: &[usize], rank: &mut [f64]| {
        column.iter().enumerate().for_each(|(at, node)| rank[*node] = at as f64);
    };
    columns.iter().for_each(|column| number(column, &mut rank));
    for sweep in 0..SWEEPS {
        let near = if sweep % 2 == 0 { &needs } else { &needed_by };
        let mut order: Vec<usize> = (0..columns.len()).collect();
        if sweep % 2 == 1 {
            order.reverse();
        }
        for column in order {
            let mean = |node: usize| {
                let sum: f64 = near[node].iter().map(|other| rank[*other]).sum();
                if near[node].is_empty() { rank[node] } else { sum / near[node].len() as f64 }
            };
            let mut sorted: Vec<(f64, usize)> =
                columns[column].iter().map(|node| (mean(*node), *node)).collect();
            sorted.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            columns[column] = sorted.into_iter().map(|(_, node)| node).collect();
            number(&columns[column], &mut rank);
        }
    }
    let tall = columns.iter().map(Vec::len).sum::<usize>().isqrt().max(COLUMN);
    columns.iter().flat_map(|column| column.chunks(tall).map(<[usize]>::to_vec)).collect()
}

/// Returns the longest way from each node to one that needs nothing. A cycle, which no graph of a stack has, ends where
/// it is met.
fn layers(needs: &[Vec<usize>], needed_by: &[Vec<usize>]) -> Vec<usize> {
    let mut layers = vec![0; needs.len()];
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..needs.len()).filter(|node| open[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for other in &needed_by[node] {
            layers[*other] = layers[*other].max(layers[node] + 1);
            open[*other] -= 1;
            if open[*other] == 0 {
                ready.push(*other);
            }
        }
    }
    layers
}

/// Gives each node its place, and the picture its size.
fn place(picture: &Picture, columns: &[Vec<usize>]) -> (Vec<Place>, usize, usize) {
    let mut places = vec![Place::default(); picture.nodes.len()];
    let height_of = |rows: usize| rows * (BOX_HEIGHT + ROW_GAP);
    let tallest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut x = MARGIN;
    for column in columns {
        let width = column.iter().map(|node| width(picture, *node)).max().unwrap_or(0);
        let top = MARGIN + (height_of(tallest) - height_of(column.len())) / 2;
        for (row, node) in column.iter().enumerate() {
            places[*node] = Place { x, y: top + height_of(row), width };
        }
        x += width + COLUMN_GAP;
    }
    (places, x.saturating_sub(COLUMN_GAP) + MARGIN, height_of(tallest) + 2 * MARGIN)
}

fn width(picture: &Picture, node: usize) -> usize {
    let (address, word) = &picture.nodes[node];
    let name = (address.path().len() + address.name().len() + 1) * NAME_LETTER;
    let kind = (address.kind_str().len() + word.len() + 3) * KIND_LETTER;
    name.max(kind) + 20
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(edges: &[(usize, usize)], count: usize) -> Picture {
        let name = |number: usize| (format!("a:b:C::n{number}").parse().unwrap(), "create".to_owned());
        Picture { nodes: (0..count).map(name).collect(), edges: edges.to_vec() }
    }

    #[test]
    fn what_needs_something_is_to_its_right() {
        let picture = picture(&[(1, 0), (2, 1), (2, 0), (3, 0)], 5);
        let (places, width, height) = place(&picture, &columns(&picture));
        for (from, to) in &picture.edges {
            assert!(places[*from].x > places[*to].x + places[*to].width);
        }
        let inside = |place: &Place| place.x + place.width <= width && place.y + BOX_HEIGHT <= height;
        assert!(places.iter().all(inside));
        let overlap = |one: &Place, other: &Place| one.x == other.x && one.y.abs_diff(other.y) < BOX_HEIGHT;
        for (at, one) in places.iter().enumerate() {
            assert!(places[at + 1..].iter().all(|other| !overlap(one, other)), "{places:?}");
        }
    }

    #[test]
    fn a_wide_stack_is_broken_into_columns_and_an_empty_one_is_drawn_too() {
        assert!(columns(&picture(&[], 1000)).len() > 20);
        assert!(draw(&picture(&[], 0)).ends_with("</svg>\n"));
        let text = draw(&picture(&[(1, 0)], 2));
        assert_eq!(
            (text.matches("class=\"create\"").count(), text.matches("class=\"edge\"").count()),
            (2, 1)
        );
    }
}
