// What answers are worth: a tile for all, and a line for each profile.

import { meter, stack } from "./charts.js";
import { fillTable, h } from "./elements.js";
import { condition, faultTimes } from "./faults.js";
import { number, percent, plural, present, rate, sign, sum } from "./words.js";

const HEADS = ["profile", "answers", "valid but empty", "not usable", "not in the text", "what came of them"];

/** What came of holding an answer against its schema, the best first, and its colour. */
const RESULTS = [
  ["valid", "success"], ["repaired", "cache-joined"], ["valid_empty", "warned"], ["truncated", "failure"],
  ["not_json", "failure"], ["schema_invalid", "failure"], ["refused", "failure"], ["empty", "failure"],
];

/** The profile whose answers are most often empty, if any is. */
export function emptiest(profiles) {
  return profiles.reduce((most, profile) => ((profile.window.empty_share ?? 0) > (most?.window.empty_share ?? 0) ? profile : most), null);
}

/** One bar of all results. */
export function results({ by_result: by, count }) {
  const label = present(by).map(([word, n]) => `${word} ${percent(n / count)}`).join(", ") || "no answers";
  return stack(label, RESULTS.map(([word, kind]) => [kind, count === 0 ? 0 : by[word] / count]));
}

export function showAnswers(table, overview) {
  fillTable(table, "Answers by profile", HEADS, overview.profiles.map((profile) => line(profile, overview)), "No answers yet.");
}

function line(profile, overview) {
  const { name, suspicions, window } = profile;
  const judged = (word, share, what) => {
    const bad = suspicions.includes(word);
    const text = h("span", { class: bad ? "mark warn" : "strong" }, `${bad ? `${sign("warn")} ` : ""}${percent(share)}`);
    return [text, meter(`${percent(share)} ${what}`, bad ? "warned" : "tone-calm", share)];
  };
  return h("div", { role: "row", class: "profile-line" },
    cell(HEADS[0], h("b", {}, name), ...condition(profile)),
    cell(HEADS[1], h("span", { class: "strong" }, `${rate(window.per_second)} /s`), h("small", {}, plural(window.entities, "entity", "entities"))),
    cell(HEADS[2], ...judged("empty", window.empty_share, "found nothing")),
    cell(HEADS[3], ...judged("unusable", window.unusable_share, "can't be used")),
    cell(HEADS[4], ...judged("ungrounded", window.ungrounded_share, "of entities do not stand in the text")),
    cell(HEADS[5], results(window), h("small", {}, sum(window.by_result) === 0 ? "no answers in this time" : present(window.by_result).map(([word, n]) => `${word} ${number(n)}`).join(" · ")),
      faultTimes(profile, overview)));
}

const cell = (head, ...children) => h("span", { role: "cell", class: "cell", "data-head": head }, h("span", { class: "within" }, children));
