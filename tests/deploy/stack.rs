//! The stack as `deploy/compose.yaml` describes it, together with the files that it mounts.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::{parse, read};

pub(crate) const COMPOSE: &str = "deploy/compose.yaml";

/// A file or directory of the repository that a service sees.
#[derive(Debug, Clone)]
pub(crate) struct Mount {
    /// In the repository, without `..`.
    pub(crate) source: String,
    /// In the container.
    pub(crate) target: String,
    pub(crate) options: String,
}

pub(crate) struct Service {
    pub(crate) name: String,
    /// What the compose file says of it.
    pub(crate) body: Value,
    pub(crate) mounts: Vec<Mount>,
    /// Its settings: YAML and TOML that it mounts, by path in the repository.
    pub(crate) settings: BTreeMap<String, Value>,
}

pub(crate) struct Stack {
    pub(crate) compose: Value,
    pub(crate) services: Vec<Service>,
}

impl Stack {
    /// As it is in the repository.
    pub(crate) fn real() -> Self {
        Self::with(|_, text| text)
    }

    /// As it would be if `edit` had changed the text of its files.
    pub(crate) fn with(edit: impl Fn(&str, String) -> String) -> Self {
        let compose = parse(COMPOSE, &edit(COMPOSE, read(COMPOSE)));
        let services = compose["services"].as_object().unwrap();
        let services = services.iter().map(|(name, body)| {
            let mounts: Vec<_> = list(&body["volumes"]).filter_map(mount).collect();
            let files = mounts.iter().flat_map(|mount| files(&mount.source));
            let settings = files.map(|path| {
                let text = edit(&path, read(&path));
                let value = parse(&path, &text);
                (path, value)
            });
            let settings = settings.collect();
            Service { name: name.clone(), body: body.clone(), mounts, settings }
        });
        let services = services.collect();
        Self { compose, services }
    }

    /// With `from` replaced by `to` in one file, in which it has to occur.
    pub(crate) fn edited(file: &str, from: &str, to: &str) -> Self {
        Self::with(|path, text| {
            if path != file {
                return text;
            }
            assert!(text.contains(from), "{file} has no {from}");
            text.replace(from, to)
        })
    }

    pub(crate) fn service(&self, name: &str) -> &Service {
        self.services.iter().find(|service| service.name == name).unwrap_or_else(|| panic!("no {name}"))
    }
}

impl Service {
    /// Where a path in the container comes from in the repository, if it is mounted.
    pub(crate) fn source_of(&self, target: &str) -> Option<String> {
        let inside = |mount: &Mount| {
            let rest = target.strip_prefix(&mount.target)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", mount.source))
        };
        self.mounts.iter().find_map(inside)
    }
}

/// The strings of a list; none, if there is no list.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap())
}

/// Volumes that have a name are no mounts of files.
fn mount(entry: &str) -> Option<Mount> {
    let (source, rest) = entry.split_once(':').unwrap();
    let (target, options) = rest.split_once(':').unwrap_or((rest, ""));
    let (target, options) = (target.to_owned(), options.to_owned());
    let source = match source.strip_prefix("../") {
        Some(source) => source.to_owned(),
        None => format!("deploy/{}", source.strip_prefix("./")?),
    };
    Some(Mount { source, target, options })
}

/// The settings at `path`: itself, or what is in it.
fn files(path: &str) -> Vec<String> {
    let is_settings = |path: &str| [".yaml", ".toml"].iter().any(|ending| path.ends_with(ending));
    let entries = match std::fs::read_dir(Path::new(path)) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path().to_str().unwrap().to_owned()).collect(),
        Err(_) => vec![path.to_owned()],
    };
    entries.into_iter().filter(|path| is_settings(path) && Path::new(path).is_file()).collect()
}
