//! `tidegate dashboards`: write the boards for Grafana to files.

use std::{fs, io, path::PathBuf};

use clap::Args;

use super::Exit;
use crate::monitoring::dashboards::{self, Options};

/// Where to write the boards, and what they say.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = "Example: tidegate dashboards --out grafana/dashboards")]
pub struct DashboardsArgs {
    /// The folder to write to; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What leads to the runbook, for the boards to link to
    #[arg(long, value_name = "URL")]
    pub runbook_base: Option<String>,
}

/// Writes one file per board.
pub fn run(args: &DashboardsArgs) -> Exit {
    match write(args) {
        Ok(written) => {
            println!("{written} dashboards written to {}", args.out.display());
            Exit::Ok
        }
        Err(error) => {
            eprintln!(
                "can't write to {}: {error}; choose a folder that you may write to",
                args.out.display()
            );
            Exit::Misused
        }
    }
}

fn write(args: &DashboardsArgs) -> io::Result<usize> {
    let boards = dashboards::all(&Options { runbook_base: args.runbook_base.clone() });
    fs::create_dir_all(&args.out)?;
    for board in &boards {
        fs::write(args.out.join(board.file_name()), board.to_json()?)?;
    }
    Ok(boards.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_is_written_and_links_to_the_runbook() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("new");
        let args =
            DashboardsArgs { out: out.clone(), runbook_base: Some("https://wiki.example/run".to_owned()) };
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
        let args = DashboardsArgs { out: file.path().to_owned(), runbook_base: None };
        assert_eq!(run(&args), Exit::Misused);
    }
}
