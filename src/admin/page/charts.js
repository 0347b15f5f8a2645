// Small pictures of numbers. Each says in words what it shows, for those who can't see it.

import { svg } from "./elements.js";

const WIDTH = 240;

function frame(label, height, ...children) {
  const attributes = { class: "chart", viewBox: `0 0 ${WIDTH} ${height}`, preserveAspectRatio: "none" };
  return svg("svg", { ...attributes, role: "img", "aria-label": label }, svg("title", {}, label), ...children);
}

/** A fault of a second can be seen in a window of a quarter of an hour. */
const MARK_MIN = 2.5;

/** Columns over time, one series on top of another: [class, values] each, the lowest first. Marks lie behind them. */
export function columns(label, series, height = 34, marks = []) {
  const count = series[0][1].length;
  const totals = Array.from({ length: count }, (_, at) => series.reduce((sum, [, values]) => sum + values[at], 0));
  const top = Math.max(1, ...totals);
  const step = WIDTH / count;
  const bars = [];
  for (let at = 0; at < count; at += 1) {
    let y = height;
    for (const [kind, values] of series) {
      if (values[at] === 0) continue;
      const tall = Math.max(1.2, (values[at] / top) * (height - 1));
      y -= tall;
      bars.push(svg("rect", { class: kind, x: at * step + 0.4, y, width: step - 0.8, height: tall }));
    }
  }
  const ground = svg("line", { class: "ground", x1: 0, x2: WIDTH, y1: height - 0.5, y2: height - 0.5 });
  const told = marks.length === 0 ? label : `${label}; ${marks.map(({ words }) => words).join("; ")}`;
  return frame(told, height, ...marks.map((mark) => band(mark, height)), ground, ...bars);
}

function band({ from, to, tone, words }, height) {
  const width = Math.max(MARK_MIN, (to - from) * WIDTH);
  const x = Math.min(from * WIDTH, WIDTH - width);
  return svg("g", { class: `fault fault-${tone}` }, svg("title", {}, words),
    svg("rect", { class: "wash", x, y: 0, width, height }), svg("rect", { class: `tone-${tone}`, x, y: 0, width, height: 2 }));
}

/** Lines over time, one scale for all: [class, values] each; where a value is missing the line is broken. */
export function lines(label, series, height = 34) {
  const top = Math.max(1e-9, ...series.flatMap(([, values]) => values.map((value) => value ?? 0)));
  const paths = series.map(([kind, values]) => {
    const step = WIDTH / Math.max(1, values.length - 1);
    let path = "";
    let drawn = false;
    values.forEach((value, at) => {
      if (value != null) {
        const y = (height - 1.5 - (value / top) * (height - 3)).toFixed(2);
        // A point of its own is a short stroke.
        path += drawn ? `L${(at * step).toFixed(2)} ${y}` : `M${(at * step).toFixed(2)} ${y}h.8`;
      }
      drawn = value != null;
    });
    return svg("path", { class: kind, d: path || "M0 0" });
  });
  const ground = svg("line", { class: "ground", x1: 0, x2: WIDTH, y1: height - 0.5, y2: height - 0.5 });
  return frame(label, height, ground, ...paths);
}

/** Columns of a histogram. */
export function histogram(label, counts, height = 84) {
  const top = Math.max(1, ...counts);
  const step = WIDTH / Math.max(1, counts.length);
  const bars = counts.map((count, at) => {
    const tall = count === 0 ? 0 : Math.max(1.2, (count / top) * (height - 2));
    return svg("rect", { class: "calls-bar", x: at * step + 0.6, y: height - tall, width: step - 1.2, height: tall });
  });
  return frame(label, height, ...bars);
}

/** One bar of a whole: [class, share] each. */
export function stack(label, parts) {
  let x = 0;
  const rects = parts.filter(([, part]) => part > 0).map(([kind, part]) => {
    const rect = svg("rect", { class: kind, x: `${x * 100}%`, y: 0, width: `${part * 100}%`, height: "100%" });
    x += part;
    return rect;
  });
  return svg("svg", { class: "meter", role: "img", "aria-label": label }, svg("title", {}, label), ...rects);
}

/** How much of a whole is there. */
export const meter = (label, kind, share) => stack(label, [[kind, Math.min(1, Math.max(0, share ?? 0))]]);
