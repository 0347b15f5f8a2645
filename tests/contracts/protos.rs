//! Holds the protos to what code made from them needs, and to what is built.

use std::collections::BTreeSet;

use tidegate::extraction::schema::FORMATS;

use super::{files, read, report};

/// What generated code needs to stand where its language expects it. That all files of a package agree is
/// buf's to check.
const OPTIONS: &[&str] =
    &["csharp_namespace", "go_package", "java_multiple_files", "java_outer_classname", "java_package"];

/// How a comment says that something is not there.
const NOT_BUILT: &str = "Not built yet";

#[test]
fn every_proto_says_where_generated_code_stands() {
    let mut breaches = Vec::new();
    for path in files("proto/tidegate", &[".proto"]) {
        let text = read(&path);
        let missing = OPTIONS.iter().filter(|option| !text.contains(&format!("\noption {option} = ")));
        breaches.extend(missing.map(|option| format!("{}: {option} is missing", path.display())));
    }
    report(&breaches);
}

#[test]
fn what_is_not_built_says_so_and_nothing_else_does() {
    let protos: String = files("proto/tidegate", &[".proto"]).iter().map(|path| read(path)).collect();
    let code: String = files("src/grpc", &[".rs"])
        .iter()
        .filter(|path| !super::source::is_of_tests(path))
        .map(|path| read(path))
        .collect();
    let (told, refused) = (said_not_built(&protos), refused(&code));
    assert!(!refused.is_empty(), "all is built: delete this test");
    assert_eq!(told, refused, "the comments in the protos (left) and what the code refuses (right)");
}

#[test]
fn the_formats_that_callers_are_promised_are_those_that_are_enforced() {
    let promised = promised_formats(&read("proto/tidegate/v1/extraction.proto".as_ref()));
    assert_eq!(promised, FORMATS, "the comment of InlineProfile.schema (left) and what is enforced (right)");
}

/// The formats that a comment lists: `format` is enforced where it is one of: A, B. …
fn promised_formats(proto: &str) -> Vec<String> {
    let words: Vec<&str> =
        proto.lines().flat_map(str::split_whitespace).filter(|word| *word != "//").collect();
    let comment = words.join(" ");
    let (_, list) =
        comment.split_once("`format` is enforced where it is one of: ").expect("no list of formats");
    let (list, _) = list.split_once(". ").expect("the list has no end");
    list.split(", ").map(str::to_owned).collect()
}

/// The RPCs and enum values whose own comment, or their service's, says that they are not built.
fn said_not_built(protos: &str) -> BTreeSet<String> {
    let (mut told, mut comment, mut service_is_told) = (BTreeSet::new(), String::new(), false);
    for line in protos.lines().map(str::trim) {
        if let Some(more) = line.strip_prefix("//") {
            comment.push_str(more);
            continue;
        }
        let is_told = comment.contains(NOT_BUILT);
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        match (words.next(), words.next()) {
            (Some("service"), _) => service_is_told = is_told,
            (Some("rpc"), Some(name)) if is_told || service_is_told => {
                told.insert(name.to_owned());
            }
            (Some(name), _) if is_told && name != "rpc" => {
                told.insert(name.to_owned());
            }
            _ => {}
        }
        comment.clear();
    }
    told
}

/// The RPCs and enum values that the code answers with UNIMPLEMENTED. What is no name is none of the protos.
fn refused(code: &str) -> BTreeSet<String> {
    let openings = ["not_yet(\"", "Unimplemented { what: \""];
    let after = openings.iter().flat_map(|opening| code.split(opening).skip(1));
    after
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| !name.contains(' '))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_format_too_few_or_too_many_is_noticed() {
    let proto = "  // It counts. `format` is enforced\n  // where it is one of: date, json-pointer,\n  // uuid. Others are not.\n";
    assert_eq!(promised_formats(proto), ["date", "json-pointer", "uuid"]);
}

#[test]
fn comments_are_read_for_what_they_stand_above() {
    let protos = "// A. Not built yet.\nservice A {\n  // B.\n  rpc B(X);\n}\n// C.\nservice C {\n  rpc D(X);\n  // Not built yet.\n  rpc E(X);\n}\nenum F {\n  // Not\n  // built yet, no: Not built yet.\n  G = 0;\n  H = 1;\n}\n";
    assert_eq!(said_not_built(protos), ["B", "E", "G"].map(str::to_owned).into());
    let code = "not_yet(\"B\"), Error::Unimplemented { what: \"E\" }, Unimplemented { what: \"no name\" }";
    assert_eq!(refused(code), ["B", "E"].map(str::to_owned).into());
}
