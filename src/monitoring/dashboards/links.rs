//! Ways from one board to another.

use super::model::Link;

/// What the boards find each other by.
pub(super) const TAG: &str = "tidegate";

/// To each of the boards.
pub(super) fn to_all_boards() -> Link {
    Link {
        kind: "dashboards",
        title: "Tidegate".to_owned(),
        url: None,
        tags: vec![TAG],
        as_dropdown: false,
        icon: "external link",
        keep_time: true,
        include_vars: true,
        target_blank: false,
        tooltip: "",
    }
}

/// To one board, with what is chosen here.
pub(super) fn link_to(uid: &str, title: &str) -> Link {
    let url = format!("/d/{uid}?${{__url_time_range}}&${{__all_variables}}");
    Link {
        kind: "link",
        title: title.to_owned(),
        url: Some(url),
        tags: Vec::new(),
        as_dropdown: false,
        ..to_all_boards()
    }
}
