//! `tidegate dashboards`: write the boards for Grafana to files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Exit, runbook};
use crate::monitoring::{
    dashboards::{self, Options},
    rules::Thresholds,
};

/// Where to write the boards, and what they say.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_help = "Example: tidegate dashboards --out grafana/dashboards")]
pub struct DashboardsArgs {
    /// The folder to write to; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Where the runbook can be read, for the boards to link to
    #[arg(long, value_name = "URL", value_parser = runbook::base)]
    pub runbook_base: Option<String>,
    /// What `tidegate rules` was given: figures change colour where alerts count
    #[command(flatten)]
    pub thresholds: Thresholds,
}

/// Writes one file per board.
pub fn run(args: &DashboardsArgs) -> Exit {
    match write(args) {
        Ok(written) => {
            println!("{written} dashboards written to {}", args.out.display());
            Exit::Ok
        }
        Err(error) => {
            eprintln!("{}", problem(&args.out, &error));
            Exit::Misused
        }
    }
}

fn write(args: &DashboardsArgs) -> io::Result<usize> {
    let options = Options { runbook_base: args.runbook_base.clone(), thresholds: args.thresholds };
    let boards = dashboards::all(&options);
    fs::create_dir_all(&args.out)?;
    for board in &boards {
        fs::write(args.out.join(board.file_name()), board.to_json()?)?;
    }
    Ok(boards.len())
}

fn problem(out: &Path, error: &io::Error) -> String {
    let shown = out.display();
    if out.is_file() {
        return format!("can't write to {shown}: it is a file; give a folder, one file per board goes there");
    }
    format!("can't write to {shown}: {error}; choose a folder that you may write to")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_is_written_and_links_to_the_runbook() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("new");
        let runbook_base = Some("https://wiki.example/run".to_owned());
        let args = DashboardsArgs { out: out.clone(), runbook_base, thresholds: Thresholds::DEFAULT };
        assert_eq!(run(&args), Exit::Ok);
        let boards = dashboards::all(&Options::default());
        for board in &boards {
            let json = fs::read_to_string(out.join(board.file_name())).unwrap();
            assert!(json.contains("[https://wiki.example/run](https://wiki.example/run)"), "{}", board.uid);
        }
        assert_eq!(fs::read_dir(&out).unwrap().count(), boards.len());
    }

    #[test]
    fn a_folder_that_can_not_be_written_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let out = file.path().to_owned();
        let said = problem(&out, &fs::create_dir_all(&out).unwrap_err());
        assert!(said.contains("it is a file; give a folder"), "{said}");
        let args = DashboardsArgs { out, runbook_base: None, thresholds: Thresholds::DEFAULT };
        assert_eq!(run(&args), Exit::Misused);
        let below = file.path().join("new");
        let said = problem(&below, &fs::create_dir_all(&below).unwrap_err());
        assert!(said.contains("choose a folder that you may write to"), "{said}");
    }
}
