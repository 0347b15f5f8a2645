//! The traces of calls, span by span.

mod answered;
mod context;
mod failed;
mod shared;

use tidegate::simulator::{
    Script,
    script::{Fault, Rule},
};

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn no_span_has_an_attribute_twice() {
    let stage = Stage::set(Script::of([Rule::new(Fault::status(500)).first(1)]), &[]).await;
    stage.call("Ada Lovelace met Charles Babbage.").await.unwrap();
    stage.call("Ada Lovelace met Charles Babbage.").await.unwrap();
    stage.call(" ").await.unwrap_err();
    let spans = stage.close().await.spans;
    assert_eq!(spans.len(), 6);
    for span in spans {
        assert_eq!(span.attribute_count, span.attributes.len(), "keys are unique in OTLP: {span:#?}");
    }
}
