// The figures of the whole: the sentence on top, the tiles, and the panels on calls.

import { emptiest, results } from "./answers.js";
import { columns, histogram, lines, meter, stack } from "./charts.js";
import { h, say } from "./elements.js";
import { faultTimes, marks } from "./faults.js";
import { headline } from "./headline.js";
import { WITHHELD, bytes, duration, number, percent, plural, present, rate, sign, sum, verdictTone } from "./words.js";

const at = (id) => document.getElementById(id);

export function showOverview(overview) {
  const { tone, text } = headline(overview);
  at("headline").className = `headline ${tone}`;
  say(at("headline"), text);
  at("tiles").replaceChildren(...tiles(overview));
  const { calls, attempts } = overview;
  at("verdicts").replaceChildren(verdicts(calls.window));
  at("latency").replaceChildren(...latency(calls.window));
  const failures = present(attempts.window.by_error_type);
  at("failures").replaceChildren(ranking(failures, "failure", "No attempt failed."));
  const withheld = present(attempts.window.withheld_by_reason);
  at("withheld").replaceChildren(ranking(withheld, "warned", "None.", WITHHELD));
}

function tile(name, value, note, picture) {
  return h("div", { class: "tile" },
    h("h3", {}, name),
    h("p", { class: "value" }, ...value),
    picture,
    h("p", { class: "note" }, ...[note].flat()));
}

const big = (text, unit) => [h("b", {}, text), unit ? ` ${unit}` : ""];

function tiles(overview) {
  const { calls, attempts, answers, profiles, upstreams, cache, flights_running: flights, series } = overview;
  const { window, since_start: ever } = calls;
  const { p50, p95, p99 } = window.latency_seconds;
  const worst = upstreams.reduce((least, upstream) => (upstream.budget_ratio < (least?.budget_ratio ?? 2) ? upstream : least), null);
  const refused = sum(attempts.window.withheld_by_reason);
  const failed = present(window.by_verdict).filter(([verdict]) => verdict !== "ok");
  const retries = upstreams.map((upstream) => upstream.series.retries);
  const retried = series.ok.map((_, step) => retries.reduce((all, values) => all + values[step], 0));
  return [
    tile("Calls", big(rate(window.per_second), "/s"),
      [`${number(calls.running)} running, ${number(ever.count)} since the start`, faultTimes(window, overview)],
      columns("calls over time, ok below, others on top", [["success", series.ok], ["failure", series.failed]], 34, marks(window, overview))),
    tile("Answered ok", big(percent(window.ok_share)),
      failed.length === 0 ? (window.count === 0 ? "no calls" : "and nothing else") : failed.map(([verdict, n]) => `${verdict} ${number(n)}`).join(", "),
      meter(`${percent(window.ok_share)} of calls are ok`, "success", window.ok_share)),
    tile("Valid but empty", big(percent(answers.window.empty_share)),
      emptiness(answers.window, emptiest(profiles)), results(answers.window)),
    tile("Latency", [h("b", {}, duration(p50)), " p50"],
      `p95 ${duration(p95)} · p99 ${duration(p99)}`,
      lines("call latency over time: p95 and p50", [["line-far", series.p95_seconds], ["line-near", series.p50_seconds]])),
    tile("Retry ratio", big(percent(attempts.window.retry_ratio)),
      `${attempts.window.amplification?.toFixed(2) ?? "–"} attempts per first attempt · ${recovery(window)}`,
      columns("retries over time", [["wait", retried]])),
    tile("Budget left", big(percent(worst?.budget_ratio)),
      `${worst?.budget_ratio < 1 ? `least at ${worst.name} · ` : ""}${refused === 0 ? "no retry withheld" : `${number(refused)} withheld ${refused === 1 ? "retry" : "retries"}`}`,
      meter(`${percent(worst?.budget_ratio)} of the budget is left`, budgetTone(worst?.budget_ratio), worst?.budget_ratio)),
    tile("Cache", big(percent(saved(window)), "saved"),
      present(window.by_cache).map(([word, n]) => `${word} ${number(n)}`).join(" · ") || "not asked",
      sources(window)),
    tile("In flight", big(number(flights), flights === 1 ? "flight" : "flights"),
      `${plural(cache.entries, "answer")} cached, ${bytes(cache.weight_bytes)}`,
      columns("attempts over time, successes below, failures on top", [
        ["success", added(upstreams, "success", series)], ["failure", added(upstreams, "failure", series)]])),
  ];
}

const added = (upstreams, name, series) =>
  series.ok.map((_, step) => upstreams.reduce((all, upstream) => all + upstream.series[name][step], 0));

export const budgetTone = (ratio) => (ratio >= 0.5 ? "success" : ratio >= 0.2 ? "warned" : "failure");

function recovery({ retried, recovered }) {
  return retried === 0 ? "no call retried" : `${number(recovered)} of ${number(retried)} retried calls recovered`;
}

function emptiness({ count, unusable_share: unusable }, worst) {
  if (count === 0) return "no answers";
  const most = worst ? `of ${plural(count, "answer")} · most for ${worst.name}, ${percent(worst.window.empty_share)}` : `none of ${plural(count, "answer")}`;
  return `${most} · ${unusable > 0 ? `${percent(unusable)} not usable` : "all usable"}`;
}

/** The share of calls that needed no flight of their own: an expired answer is given only after a flight has failed. */
function saved({ by_cache: by }) {
  const asked = sum(by);
  return asked === 0 ? null : (by.hit + by.joined) / asked;
}

function sources({ by_cache: by }) {
  const all = Math.max(1, sum(by));
  const label = present(by).map(([word, n]) => `${word} ${percent(n / all)}`).join(", ") || "the cache was not asked";
  return stack(label, ["hit", "joined", "stale", "miss", "bypass"].map((word) => [`cache-${word}`, by[word] / all]));
}

function verdicts({ by_verdict: by, count }) {
  const rows = present(by).map(([verdict, n]) => {
    const tone = verdictTone(verdict);
    const name = h("span", { class: `mark ${tone}` }, `${sign(tone)} ${verdict}`);
    return row(name, number(n), percent(n / count), meter(percent(n / count), `tone-${tone}`, n / count));
  });
  return rows.length ? h("ul", { class: "ranking" }, rows) : h("p", { class: "empty" }, "No calls in this time.");
}

function ranking(counts, kind, none, meanings = {}) {
  const all = sum(Object.fromEntries(counts));
  const rows = counts.map(([word, n]) =>
    row(h("span", { title: meanings[word] }, word), number(n), percent(n / all), meter(percent(n / all), kind, n / all)));
  return rows.length ? h("ul", { class: "ranking" }, rows) : h("p", { class: "empty" }, none);
}

const row = (name, count, share, picture) =>
  h("li", {}, name, picture, h("span", { class: "figure" }, count), h("span", { class: "share" }, share));

function latency({ histogram: buckets, latency_seconds: { p50, p95, p99, max }, count }) {
  if (count === 0) return [h("p", { class: "empty" }, "No calls in this time.")];
  const first = buckets[0];
  const label = `distribution of call latencies from ${duration(first.le_seconds)} to ${duration(max)}`;
  const facts = [["p50", p50], ["p95", p95], ["p99", p99], ["longest", max]];
  return [
    histogram(label, buckets.map((bucket) => bucket.count)),
    h("p", { class: "axis" }, h("span", {}, `≤ ${duration(first.le_seconds)}`), h("span", {}, duration(max))),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, duration(value))))),
  ];
}
