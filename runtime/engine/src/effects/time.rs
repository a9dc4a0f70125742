//! `time.now` and `time.sleep`. A sleep ends at a time that the journal knows, whoever waits.

use std::time::Duration;

use prism_journal::Kind;
use prism_vm::{Answer, Data};
use serde_json::json;

use super::{Served, World, after, finished, refused, span};
use crate::record::{Asked, now_micros};
use crate::{codec, error};

/// The clock is looked at again after so long, because it may be set meanwhile.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// Milliseconds since 1970.
pub(crate) fn now(asked: &Asked) -> Served {
    super::now(asked, Answer::Value(Data::from(now_micros().div_euclid(1000) as f64)))
}

pub(crate) fn sleep(world: &World, asked: &Asked) -> Served {
    let Some(span) = asked.args.first().and_then(span) else {
        let expected = "a number of milliseconds, or a text such as `30s`";
        return refused(asked, error::bad_argument("time.sleep", expected));
    };
    let known = world.past.due(&asked.effect_id);
    let due = known.unwrap_or_else(|| after(span));
    let before = match known {
        Some(_) => Vec::new(),
        None => vec![asked.draft(Kind::Timer, codec::bytes(&json!({ "due": due })))],
    };
    let done = finished(asked, Answer::Value(Data::Null));
    let job = async move {
        sleep_until(due).await;
        done
    };
    Served::Later { before, job: Box::pin(job), due: Some(due) }
}

/// Sleeps until a time of the wall clock, in microseconds since 1970.
pub(super) async fn sleep_until(due: i64) {
    while let left @ 1.. = due.saturating_sub(now_micros()) {
        tokio::time::sleep(Duration::from_micros(left.unsigned_abs()).min(LONGEST_NAP)).await;
    }
}
