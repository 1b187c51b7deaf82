//! The figures of the demo as JSON, for programs.

use std::time::Duration;

use serde_json::{Value, json};

use super::record::{Part, Record};

/// Seconds and speedup to the millisecond and the hundredth; `null` where there is no figure.
pub(super) fn figures(record: &Record) -> Value {
    let seconds = |part| record.took(part).map(|took: Duration| round(took.as_secs_f64(), 1000.0));
    json!({
        "serial_s": seconds(Part::Serial),
        "concurrent_s": seconds(Part::Concurrent),
        "speedup": record.speedup().map(|speedup| round(speedup, 100.0)),
        "calls": record.calls,
        "errors": record.errors(),
        "simulated": record.simulated,
    })
}

fn round(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::record::tests::record;

    #[test]
    fn has_all_figures_and_null_for_absent_ones() {
        let serial: (Part, &[_]) = (Part::Serial, &[(0, None, 1234), (1234, None, 2000)]);
        let concurrent: (Part, &[_]) = (Part::Concurrent, &[(0, None, 1024), (0, None, 800)]);
        let both = json!({
            "serial_s": 2.0, "concurrent_s": 1.024, "speedup": 1.95, "calls": 2, "errors": 0, "simulated": true,
        });
        assert_eq!(figures(&record(&[serial, concurrent])), both);
        let one = json!({
            "serial_s": null, "concurrent_s": 1.024, "speedup": null, "calls": 2, "errors": 0, "simulated": true,
        });
        assert_eq!(figures(&record(&[concurrent])), one);
    }
}
