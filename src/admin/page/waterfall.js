// A call's attempts over time: as a strip in its line, and as a waterfall with all that is known of it.

import { copy, h, say, svg } from "./elements.js";
import { UNREPAIRED, WITHHELD, duration, number, percent, plural, sign, verdictTone } from "./words.js";

const outcome = (attempt) => attempt.outcome ?? "running";

/** What came of an attempt, in words. */
function ending({ outcome: ended, error_type: error, http_status: status }) {
  return [status, error ?? ended ?? "not over when the call ended"].filter((part) => part != null).join(" ");
}

function rect(kind, from, to, y, height) {
  const [left, right] = [Math.max(0, Math.min(1, from)), Math.max(0, Math.min(1, to))];
  return svg("rect", { class: kind, x: `${left * 100}%`, width: `${Math.max(right - left, 0.004) * 100}%`, y, height, rx: 1.5 });
}

/** The picture for one line, on the scale that all lines share. */
export function strip(call, seconds) {
  const at = (offset) => offset / seconds;
  const parts = [rect("own", 0, at(call.elapsed_seconds), 10, 2)];
  for (const attempt of call.attempts) {
    const [start, end] = [attempt.start_seconds, attempt.start_seconds + attempt.latency_seconds];
    if (end < 0 || at(start - attempt.wait_seconds) > 1) continue;
    if (attempt.wait_seconds > 0) parts.push(rect("wait", at(start - attempt.wait_seconds), at(start), 8, 6));
    if (at(start) <= 1) parts.push(rect(outcome(attempt), at(start), at(end), 5, 12));
  }
  if (at(call.elapsed_seconds) > 1) parts.push(broken());
  if (call.cache === "hit") parts.push(svg("text", { class: "cached", x: 10, y: 15 }, "from the cache"));
  return svg("svg", { "aria-hidden": "true" }, ...parts);
}

/** The end of a bar that is longer than the scale: it is broken off, and does not look as if the call ended there. */
function broken() {
  return svg("svg", { class: "beyond", x: "100%" },
    svg("title", {}, "longer than the scale"),
    svg("rect", { x: -14, y: 0, width: 14, height: 22 }),
    svg("path", { d: "M-13 4l4 7l-4 7M-7 4l4 7l-4 7" }));
}

/** The strip in words. */
export function tried(call) {
  return call.attempts.map((attempt) =>
    `${attempt.wait_seconds > 0 ? `wait ${duration(attempt.wait_seconds)}, ` : ""}attempt ${attempt.number} ${ending(attempt)}`).join(", ");
}

/** All that is known of a call. */
export function details(call) {
  return [waterfall(call), facts(call)];
}

function waterfall(call) {
  const first = Math.min(0, ...call.attempts.map((attempt) => attempt.start_seconds - attempt.wait_seconds));
  const last = Math.max(call.elapsed_seconds, ...call.attempts.map((attempt) => attempt.start_seconds + attempt.latency_seconds), 1e-6);
  // A deadline that is far off would leave no room for what happened.
  const deadline = call.deadline_seconds != null && call.deadline_seconds <= last * 1.3 ? call.deadline_seconds : null;
  const end = Math.max(last, deadline ?? 0);
  const scale = { first, end, deadline, at: (offset) => (offset - first) / (end - first) };
  const tone = verdictTone(call.verdict);
  const rows = [
    line(scale, [h("b", {}, "call")], [rect("own", scale.at(0), scale.at(call.elapsed_seconds), 8, 6)],
      [h("span", { class: `mark ${tone}` }, `${sign(tone)} ${call.verdict}`), ` in ${duration(call.elapsed_seconds)}`]),
    ...call.attempts.map((attempt) => attemptLine(scale, attempt)),
  ];
  if (call.withheld) {
    rows.push(line(scale, ["no further retry"], [], [h("span", { class: "mark warn" }, `! withheld: ${call.withheld}`)], WITHHELD[call.withheld]));
  }
  if (call.repair_withheld) {
    rows.push(line(scale, ["no repair"], [], [h("span", { class: "mark warn" }, `! withheld: ${call.repair_withheld}`)], UNREPAIRED[call.repair_withheld] ?? WITHHELD[call.repair_withheld]));
  }
  return h("div", { class: "waterfall" }, h("div", { role: "list", "aria-label": "Timeline" }, rows), axis(scale), ...notes(call, deadline));
}

function attemptLine(scale, attempt) {
  const { number: n, kind, upstream, start_seconds: start, latency_seconds: took, wait_seconds: wait } = attempt;
  const bars = [rect(outcome(attempt), scale.at(start), scale.at(start + took), 4, 14)];
  if (wait > 0) bars.unshift(rect("wait", scale.at(start - wait), scale.at(start), 7, 8));
  const tone = { success: "ok", failure: "bad" }[attempt.outcome] ?? "calm";
  const waited = wait > 0 ? h("small", {}, `after a wait of ${duration(wait)} (${attempt.wait_source ?? "unknown"})`) : null;
  return line(scale, [h("b", {}, `#${n} ${kind}`), ` ${upstream}`], bars,
    [h("span", { class: `mark ${tone}` }, `${sign(tone)} ${ending(attempt)}`), ` in ${duration(took)}`, waited]);
}

function line({ at, deadline }, name, bars, result, meaning) {
  const mark = deadline == null ? null : svg("line", { class: "deadline", x1: `${at(deadline) * 100}%`, x2: `${at(deadline) * 100}%`, y1: 0, y2: "100%" });
  return h("div", { class: "line", role: "listitem" },
    h("span", { class: "name" }, ...name),
    h("span", { class: "track", "aria-hidden": "true" }, svg("svg", {}, ...bars, mark)),
    h("span", { class: "result", title: meaning }, ...result, meaning ? h("small", {}, meaning) : null));
}

function axis({ first, end }) {
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const offset = first + share * (end - first);
    return h("span", {}, offset < 0 ? `−${duration(-offset)}` : duration(offset));
  });
  return h("div", { class: "line ruler", "aria-hidden": "true" }, h("span", { class: "name" }), h("span", { class: "ticks" }, ticks), h("span", { class: "result" }));
}

/** What the picture can't say. */
function notes(call, deadline) {
  const said = [];
  if (call.joined) said.push("This call joined a flight that another call had started; the attempts are that flight's. Zero is when this call came.");
  if (call.cache === "hit") said.push(`Answered from the cache${call.cache_age_seconds == null ? "" : `, with an answer ${duration(call.cache_age_seconds)} old`}. Nothing was sent.`);
  if (call.cache === "stale") said.push(`Answered with an expired answer${call.cache_age_seconds == null ? "" : `, ${duration(call.cache_age_seconds)} old`}, because the upstream failed.`);
  if (call.attempts.length === 0 && call.cache !== "hit" && call.cache !== "stale") said.push("Nothing was sent for this call.");
  if (call.attempts.some((attempt) => attempt.outcome == null)) said.push("An attempt was not over when the call ended. How it ends is told here as soon as it is known.");
  if (deadline != null) said.push(`The dashed line is the deadline, ${duration(deadline)} after receipt.`);
  return said.map((text) => h("p", { class: "remark" }, text));
}

const flow = (tokens) => `${tokens.map((count) => (count == null ? "?" : number(count))).join(" in, ")} out`;

function facts(call) {
  const tokens = [call.input_tokens, call.output_tokens];
  const saved = [call.saved_input_tokens, call.saved_output_tokens];
  const known = [
    ["trace", traced(call)],
    ["received", new Date(call.received_unix_seconds * 1000).toISOString()],
    ["entry", call.entry],
    ["profile", call.profile],
    ["error type", call.error_type],
    ["phase at the deadline", call.phase],
    ["cache", call.cache],
    ["deadline", call.deadline_seconds == null ? null : `${duration(call.deadline_seconds)} after receipt`],
    ["the gateway's own share", call.overhead_seconds == null ? null : `${duration(call.overhead_seconds)} (${percent(call.overhead_seconds / call.elapsed_seconds)})`],
    ["answer", brought(call.brought)],
    ["parts left empty", call.brought && `${number(call.brought.empty_parts)} of ${number(call.brought.parts)}`],
    ["tokens", tokens.every((count) => count == null) ? null : flow(tokens)],
    ["tokens saved", saved.every((count) => count == null) ? null : flow(saved)],
    ...call.attempts.map((attempt) => [`attempt ${attempt.number}`, h("code", {}, attempt.id)]),
    ...call.attempts.map((attempt) => [`why ${attempt.number} failed`, reason(attempt)]),
  ].filter(([, value]) => value != null);
  return h("dl", { class: "facts wide" }, known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** What the error type leaves open, if anything is known. */
function reason(attempt) {
  const { error_detail: detail, upstream_code: code, upstream_type: type, upstream_param: param } = attempt;
  const said = [["code", code], ["type", type], ["param", param]].filter(([, word]) => word != null);
  const { schema_pointer: pointer, schema_keyword: keyword } = attempt;
  const parts = [detail, ...said.map(([name, word]) => `${name} ${word}`), keyword && `${keyword} at ${pointer}`];
  return parts.filter((part) => part).join(", ") || null;
}

/** What the answer brought, if there was one. */
function brought(answer) {
  if (!answer) return null;
  if (answer.empty) return h("span", { class: "mark warn" }, "! nothing was found");
  const { exact, normalised, not_found: ungrounded } = answer;
  const stand = [[exact, "exact"], [normalised, "normalised"], [ungrounded, "not found in the text"]].filter(([n]) => n > 0);
  const entities = stand.length === 0 ? "" : `: ${plural(answer.entities, "entity", "entities")} (${stand.map(([n, word]) => `${number(n)} ${word}`).join(", ")})`;
  const left = answer.left_out > 0 ? `, ${number(answer.left_out)} more not looked for` : "";
  return `${plural(answer.items, "item")}${entities}${left}`;
}

function traced({ trace_id: id, trace_sampled: sampled }) {
  if (!id) return null;
  const button = h("button", { type: "button", class: "copy", "aria-label": "Copy the trace id" }, "copy");
  button.addEventListener("click", async () => {
    say(button, (await copy(id)) ? "copied" : "select it by hand");
    setTimeout(() => say(button, "copy"), 2000);
  });
  return h("span", { class: "traced" }, h("code", { class: "trace" }, id), button, sampled ? null : h("small", {}, "not sampled"));
}
