// The figures of the whole: the sentence on top, the tiles, and the panels on calls.

import { columns, histogram, lines, meter, stack } from "./charts.js";
import { h, say } from "./elements.js";
import { WITHHELD, bytes, duration, hurts, number, percent, plural, present, rate, sign, verdictTone } from "./words.js";

const at = (id) => document.getElementById(id);

/** Above these shares of calls that were served, callers are fine, or most of them are. */
const FINE = 0.995;
const MOSTLY = 0.95;

export function showOverview(overview) {
  headline(overview);
  at("tiles").replaceChildren(...tiles(overview));
  const { calls, attempts } = overview;
  at("verdicts").replaceChildren(verdicts(calls.window));
  at("latency").replaceChildren(...latency(calls.window));
  const failures = present(attempts.window.by_error_type);
  at("failures").replaceChildren(ranking(failures, "failure", "No attempt failed."));
  const withheld = present(attempts.window.withheld_by_reason);
  at("withheld").replaceChildren(ranking(withheld, "warned", "None.", WITHHELD));
}

/** Is it us or the upstream, and are callers hurt? */
function headline({ calls, upstreams, ready, window_seconds: seconds }) {
  const { count, by_verdict: verdicts } = calls.window;
  const hurt = present(verdicts).filter(([verdict]) => hurts(verdict)).reduce((sum, [, n]) => sum + n, 0);
  const served = count === 0 ? null : 1 - hurt / count;
  const tone = served == null ? "calm" : served >= FINE ? "ok" : served >= MOSTLY ? "warn" : "bad";
  const callers = {
    calm: `No calls in the last ${duration(seconds)}.`,
    ok: hurt === 0 ? "Callers are fine: every call was served." : `Callers are fine: ${percent(served)} of calls were served.`,
    warn: `Some callers are hurt: ${percent(1 - served)} of calls were not served.`,
    bad: `Callers are hurt: ${percent(1 - served)} of calls were not served.`,
  }[tone];
  const ill = upstreams.filter(({ state }) => state === "degraded" || state === "failing");
  const words = ill.map(({ name, state, window }) => `${name} is ${state} (${percent(window.success_share)} of attempts succeed)`);
  const relief = ill.length > 0 && tone === "ok" ? "; retries make up for it" : "";
  const others = words.length > 0 ? ` ${words.join(", ")}${relief}.` : "";
  const us = ready ? "" : " The gateway is not ready: it takes no new calls.";
  at("headline").className = `headline ${ready ? tone : "bad"}`;
  say(at("headline"), callers + others + us);
}

function tile(name, value, note, picture) {
  return h("div", { class: "tile" },
    h("h3", {}, name),
    h("p", { class: "value" }, ...value),
    picture,
    h("p", { class: "note" }, note));
}

const big = (text, unit) => [h("b", {}, text), unit ? ` ${unit}` : ""];

function tiles({ calls, attempts, upstreams, cache, flights_running: flights, series }) {
  const { window, since_start: ever } = calls;
  const { p50, p95, p99 } = window.latency_seconds;
  const worst = upstreams.reduce((least, upstream) => (upstream.budget_ratio < (least?.budget_ratio ?? 2) ? upstream : least), null);
  const refused = present(attempts.window.withheld_by_reason).reduce((sum, [, n]) => sum + n, 0);
  const failed = present(window.by_verdict).filter(([verdict]) => verdict !== "ok");
  const retries = upstreams.map((upstream) => upstream.series.retries);
  const sums = series.ok.map((_, step) => retries.reduce((sum, values) => sum + values[step], 0));
  return [
    tile("Calls", big(rate(window.per_second), "/s"),
      `${number(calls.running)} running, ${number(ever.count)} since the start`,
      columns("calls over time, ok below, others on top", [["success", series.ok], ["failure", series.failed]])),
    tile("Answered ok", big(percent(window.ok_share)),
      failed.length === 0 ? (window.count === 0 ? "no calls" : "and nothing else") : failed.map(([verdict, n]) => `${verdict} ${number(n)}`).join(", "),
      meter(`${percent(window.ok_share)} of calls are ok`, "success", window.ok_share)),
    tile("Latency", [h("b", {}, duration(p50)), " p50"],
      `p95 ${duration(p95)} · p99 ${duration(p99)}`,
      lines("call latency over time: p95 and p50", [["line-far", series.p95_seconds], ["line-near", series.p50_seconds]])),
    tile("Retry ratio", big(percent(attempts.window.retry_ratio)),
      `${attempts.window.amplification?.toFixed(2) ?? "–"} attempts per flight · ${recovery(window)}`,
      columns("retries over time", [["wait", sums]])),
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
  series.ok.map((_, step) => upstreams.reduce((sum, upstream) => sum + upstream.series[name][step], 0));

export const budgetTone = (ratio) => (ratio >= 0.5 ? "success" : ratio >= 0.2 ? "warned" : "failure");

function recovery({ retried, recovered }) {
  return retried === 0 ? "no call retried" : `${number(recovered)} of ${number(retried)} retried calls recovered`;
}

/** The share of calls that needed no flight of their own. */
function saved({ by_cache: by }) {
  const asked = Object.values(by).reduce((sum, n) => sum + n, 0);
  return asked === 0 ? null : (by.hit + by.joined + by.stale) / asked;
}

function sources({ by_cache: by }) {
  const all = Math.max(1, Object.values(by).reduce((sum, n) => sum + n, 0));
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
  const all = counts.reduce((sum, [, n]) => sum + n, 0);
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
