//! The calls over time, as an SVG chart: serial above concurrent, on one axis in seconds.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::record::{CallRecord, PartRecord, Record};
use super::timeline::{label, tick};

const WIDTH: u32 = 960;
/// The height that the bars share, unless that makes them too thick or too thin to see.
const BARS: u32 = 600;
const FONT: &str = "sans-serif";

const INK: RGBColor = RGBColor(0x33, 0x3b, 0x45);
const GRID: RGBColor = RGBColor(0xe3, 0xe6, 0xea);
const WAITING: RGBColor = RGBColor(0xb9, 0xd0, 0xea);
const FAILED: RGBColor = RGBColor(0xc9, 0x3c, 0x37);

/// Where things are, in pixels.
const LEFT: i32 = 130;
const RIGHT: i32 = 40;
const TOP: i32 = 76;
const GAP: i32 = 18;
const BOTTOM: i32 = 62;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(super) fn draw(record: &Record, path: &Path) -> Result<()> {
    let mut text = String::new();
    render(record, &mut text).context("cannot draw the timeline")?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn render(record: &Record, text: &mut String) -> Result<()> {
    let chart = Chart::new(record);
    let area = SVGBackend::with_string(text, (WIDTH, chart.height)).into_drawing_area();
    area.fill(&WHITE)?;
    area.draw(&write((LEFT, 22), &headline(record), 22, INK, HPos::Left))?;
    if record.streamed {
        chart.legend(&area)?;
    }
    chart.axis(&area)?;
    let mut top = TOP;
    for part in &record.parts {
        chart.part(&area, part, top)?;
        top += chart.part_height(part) + GAP;
    }
    Ok(area.present()?)
}

fn headline(record: &Record) -> String {
    let took = record.parts.iter().map(|part| match part.took {
        Some(took) => format!("{} {:.2} s", part.part.title(), took.as_secs_f64()),
        None => format!("{} stopped", part.part.title()),
    });
    let took = took.collect::<Vec<_>>().join(", ").replace(", Concurrent", ", concurrent");
    let calls = format!("{} calls{}", record.calls, if record.simulated { ", simulated" } else { "" });
    match record.speedup() {
        Some(speedup) => format!("{took}: {speedup:.1}x as fast ({calls})"),
        None => format!("{took} ({calls})"),
    }
}

/// The measures of one chart.
struct Chart {
    /// Seconds to pixels.
    seconds: RangedCoordf64,
    pixels: Range<i32>,
    length: f64,
    row: f64,
    height: u32,
}

impl Chart {
    fn new(record: &Record) -> Self {
        let rows: usize = record.parts.iter().map(|part| part.begun().count()).sum();
        let row = (f64::from(BARS) / rows.max(1) as f64).clamp(1.0, 26.0);
        let length = record.length().as_secs_f64().max(0.001);
        let bars = (row * rows as f64).ceil() as i32 + GAP * (record.parts.len() as i32 - 1).max(0);
        let pixels = LEFT..WIDTH as i32 - RIGHT;
        let height = (TOP + bars + BOTTOM) as u32;
        Self { seconds: (0.0..length).into(), pixels, length, row, height }
    }

    fn x(&self, seconds: f64) -> i32 {
        self.seconds.map(&seconds, (self.pixels.start, self.pixels.end))
    }

    fn part_height(&self, part: &PartRecord) -> i32 {
        (self.row * part.begun().count() as f64).ceil() as i32
    }

    /// The grid, with the seconds below it.
    fn axis(&self, area: &Area<'_>) -> Result<()> {
        let bottom = self.height as i32 - BOTTOM + 8;
        let step = tick(self.length, 10);
        let ticks =
            (0..).map(|index| step * f64::from(index)).take_while(|time| *time <= self.length * 1.0001);
        for time in ticks {
            let x = self.x(time);
            area.draw(&PathElement::new([(x, TOP - 8), (x, bottom)], GRID))?;
            area.draw(&write((x, bottom + 14), &label(time, step), 14, INK, HPos::Center))?;
        }
        let middle = self.pixels.start.midpoint(self.pixels.end);
        area.draw(&write(
            (middle, bottom + 36),
            "seconds since the first call of the part",
            14,
            INK,
            HPos::Center,
        ))?;
        Ok(())
    }

    /// The bars of a part, numbered if there is room.
    fn part(&self, area: &Area<'_>, part: &PartRecord, top: i32) -> Result<()> {
        let numbered = self.row >= 14.0;
        let middle = top + if numbered { (self.row / 2.0) as i32 } else { self.part_height(part) / 2 };
        area.draw(&write((16, middle), part.part.title(), 16, INK, HPos::Left))?;
        for (line, (number, start, call)) in part.begun().enumerate() {
            let y = |lines: f64| top + (self.row * (line as f64 + lines)).round() as i32;
            let (from, to) = (self.x(start.as_secs_f64()), self.x(call.end.as_secs_f64()));
            let gap = if self.row >= 4.0 { 0.12 } else { 0.0 };
            let (upper, lower) = (y(gap), y(1.0 - gap).max(y(gap) + 1));
            let speaks = call.first.map_or(from, |first| self.x(first.as_secs_f64()));
            area.draw(&Rectangle::new([(from, upper), (speaks, lower)], WAITING.filled()))?;
            area.draw(&Rectangle::new([(speaks, upper), (to.max(speaks + 1), lower)], color(call).filled()))?;
            if numbered {
                area.draw(&write((LEFT - 10, y(0.5)), &(number + 1).to_string(), 14, INK, HPos::Right))?;
                self.caption(area, call, start.as_secs_f64(), y(0.5))?;
            }
        }
        Ok(())
    }

    /// How long the call took, in its bar or, if that is too short, behind it.
    fn caption(&self, area: &Area<'_>, call: &CallRecord, start: f64, y: i32) -> Result<()> {
        let end = call.end.as_secs_f64();
        let what = if call.failed {
            " failed"
        } else if call.ended {
            ""
        } else {
            " stopped"
        };
        let text = format!("{:.2} s{what}", end - start);
        let inside = self.x(end) - self.x(call.first.map_or(start, |first| first.as_secs_f64())) > 80;
        let (x, ink, side) =
            if inside { (self.x(end) - 8, WHITE, HPos::Right) } else { (self.x(end) + 8, INK, HPos::Left) };
        // A short last bar has no room behind it.
        let (x, side) =
            if !inside && x > self.pixels.end - 60 { (self.x(start) - 8, HPos::Right) } else { (x, side) };
        area.draw(&write((x, y), &text, 13, ink, side))?;
        Ok(())
    }

    fn legend(&self, area: &Area<'_>) -> Result<()> {
        let mut x = LEFT;
        for (color, text) in [(WAITING, "waiting for the first token"), (SPEAKING, "receiving tokens")] {
            area.draw(&Rectangle::new([(x, 44), (x + 14, 58)], color.filled()))?;
            area.draw(&write((x + 20, 51), text, 14, INK, HPos::Left))?;
            x += 220;
        }
        Ok(())
    }
}

const SPEAKING: RGBColor = RGBColor(0x2f, 0x6f, 0xb5);

fn color(call: &CallRecord) -> RGBColor {
    match (call.failed, call.ended) {
        (true, _) => FAILED,
        (false, true) => SPEAKING,
        (false, false) => WAITING,
    }
}

fn write<'a>(
    at: (i32, i32),
    text: &'a str,
    size: i32,
    color: RGBColor,
    side: HPos,
) -> Text<'a, (i32, i32), &'a str> {
    let pos = Pos::new(side, VPos::Center);
    let style = TextStyle { font: (FONT, size).into_font(), color: color.to_backend_color(), pos };
    Text::new(text, at, style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::record::Part;
    use crate::demo::record::tests::record;

    fn svg(record: &Record) -> String {
        let mut text = String::new();
        render(record, &mut text).expect("a chart");
        assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"), "{text}");
        text
    }

    #[test]
    fn shows_both_parts_and_their_calls() {
        let serial: (Part, &[_]) = (Part::Serial, &[(0, None, 1000), (1000, None, 2000)]);
        let concurrent: (Part, &[_]) = (Part::Concurrent, &[(0, None, 1000), (0, None, 800)]);
        let text = svg(&record(&[serial, concurrent]));
        let says = |words: &str| assert!(text.contains(words), "{words}: {text}");
        says("Serial 2.00 s, concurrent 1.00 s: 2.0x as fast (2 calls, simulated)");
        says("0.80 s");
        says("seconds");
        assert!(!text.contains("first token"));
    }

    #[test]
    fn a_stream_shows_its_first_token() {
        let text = svg(&record(&[(Part::Concurrent, &[(0, Some(300), 1000)])]));
        assert!(text.contains("waiting for the first token"), "{text}");
    }

    #[test]
    fn a_thousand_calls_fit_and_none_fit_too() {
        let times = [(0, None, 1000); 1000];
        let text = svg(&record(&[(Part::Concurrent, &times)]));
        assert!(text.contains("height=\"1138\""), "{}", &text[..200]);
        svg(&Record::new(5, 2, false, true));
    }
}
