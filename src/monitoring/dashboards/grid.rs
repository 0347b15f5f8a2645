//! Flows panels over the grid, so that no board states a position.

use super::model::{GridPos, Panel};

/// The width of the grid.
pub const COLUMNS: u32 = 24;

/// The height of a heading.
const HEADING: u32 = 1;

/// A heading and the panels below it.
pub(super) struct Row {
    title: &'static str,
    panels: Vec<Panel>,
}

/// A heading and the panels below it, from left to right.
pub(super) fn row(title: &'static str, panels: Vec<Panel>) -> Row {
    Row { title, panels }
}

/// Places rows below each other, gives every panel its id, and puts headings above the rows.
pub(super) fn flow(rows: Vec<Row>) -> Vec<Panel> {
    let mut placed = Vec::new();
    let mut y = 0;
    for row in rows {
        let place = GridPos { h: HEADING, w: COLUMNS, x: 0, y };
        placed.push(Panel { grid_pos: place, ..Panel::heading(row.title) });
        y = line_up(row.panels, y + HEADING, &mut placed);
    }
    for (id, panel) in (1..).zip(&mut placed) {
        panel.id = id;
    }
    placed
}

/// From left to right, and on the next line what does not fit; says where the next row begins.
fn line_up(panels: Vec<Panel>, top: u32, placed: &mut Vec<Panel>) -> u32 {
    let (mut x, mut y, mut below) = (0, top, top);
    for mut panel in panels {
        if x + panel.grid_pos.w > COLUMNS {
            (x, y) = (0, below);
        }
        panel.grid_pos = GridPos { x, y, ..panel.grid_pos };
        x += panel.grid_pos.w;
        below = below.max(y + panel.grid_pos.h);
        placed.push(panel);
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(w: u32, h: u32) -> Panel {
        Panel { grid_pos: GridPos { h, w, ..GridPos::default() }, ..Panel::heading("panel") }
    }

    #[test]
    fn what_does_not_fit_goes_below_the_highest() {
        let placed =
            flow(vec![row("a", vec![panel(12, 4), panel(8, 6), panel(6, 2)]), row("b", vec![panel(24, 1)])]);
        let at: Vec<_> = placed.iter().map(|panel| (panel.grid_pos.x, panel.grid_pos.y)).collect();
        assert_eq!(at, [(0, 0), (0, 1), (12, 1), (0, 7), (0, 9), (0, 10)]);
        assert_eq!(placed.iter().map(|panel| panel.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    }
}
