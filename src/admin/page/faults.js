// Since when a state holds, what has recovered, and when faults were: words, and marks on a chart of the window.

import { h } from "./elements.js";
import { ago, duration, sign, slowness, stateTone, time } from "./words.js";

/** The most faults that are told in words beside a chart; its marks show all. */
const TOLD_MAX = 2;

/** The state in a pill, since when it holds, and what is over. */
export function condition(of) {
  const { state, state_since_seconds: since, recovered_seconds_ago: recovered } = of;
  const tone = stateTone(state);
  return [
    h("span", { class: `pill ${tone}` }, `${sign(tone)} ${state}`),
    since == null ? null : h("small", { class: "since" }, `for ${ago(since)}`),
    state === "slow" ? h("small", { class: "slowness" }, slowness(of)) : null,
    recovered == null ? null : h("small", { class: "recovered" }, `recovered ${ago(recovered)} ago`),
  ];
}

/** The latest faults with their times, the latest first. */
export function faultTimes({ faults, faults_left_out: cut }, overview) {
  if (faults.length === 0) return null;
  const told = faults.slice(-TOLD_MAX).reverse().map((fault) => faultTime(fault, overview));
  const more = faults.length - told.length + cut;
  return h("small", { class: "fault-times" }, `${told.join(" · ")}${more > 0 ? ` · ${more} more` : ""}`);
}

function faultTime({ start_uptime_seconds: start, end_uptime_seconds: end, worst }, overview) {
  const begin = overview.time_unix_seconds - overview.uptime_seconds + start;
  return `${worst} ${time(begin)}${end == null ? ", not over" : `, ${duration(end - start)}`}`;
}

/** Where faults lie on a chart of the window: shares of its width, with a tone and words. */
export function marks({ faults }, overview) {
  const { end_uptime_seconds: end, step_seconds: step, ok } = overview.series;
  const length = step * ok.length;
  const place = (second) => Math.min(1, Math.max(0, (second - end + length) / length));
  return faults.map((fault) => ({
    from: place(fault.start_uptime_seconds),
    to: place(fault.end_uptime_seconds ?? overview.uptime_seconds),
    tone: stateTone(fault.worst),
    words: faultTime(fault, overview),
  }));
}
