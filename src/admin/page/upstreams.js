// One line for each upstream.

import { columns, meter } from "./charts.js";
import { fillTable, h } from "./elements.js";
import { condition, faultTimes, marks } from "./faults.js";
import { budgetTone } from "./overview.js";
import { duration, number, percent, present, rate } from "./words.js";

const HEADS = ["upstream", "attempts succeed", "attempts", "retry ratio", "p50", "p95", "p99", "in flight", "budget left", "errors and withheld retries"];

export function showUpstreams(table, overview) {
  fillTable(table, "Upstreams", HEADS, overview.upstreams.map((upstream) => line(upstream, overview)), "No upstream is configured.");
}

function line(upstream, overview) {
  const { name, window, in_flight: running, budget_ratio: budget, latency_seconds: latency, series } = upstream;
  const { success_share: share, retry_ratio: ratio, amplification } = window;
  return h("div", { role: "row", class: "upstream" },
    cell("upstream", h("b", {}, name), ...condition(upstream)),
    cell("attempts succeed", h("span", { class: "strong" }, percent(share)), meter(`${percent(share)} succeed`, "success", share)),
    cell("attempts", h("span", { class: "strong" }, `${rate(window.per_second)} /s`),
      columns("attempts over time, successes below, failures on top", [["success", series.success], ["failure", series.failure]], 22, marks(upstream, overview)),
      faultTimes(upstream, overview)),
    cell("retry ratio", h("span", { class: "strong" }, percent(ratio)), amplification == null ? null : h("small", {}, `${amplification.toFixed(2)} per first attempt`)),
    cell("p50", duration(latency.p50)), cell("p95", duration(latency.p95)), cell("p99", duration(latency.p99)),
    cell("in flight", number(running)),
    cell("budget left", h("span", { class: "strong" }, percent(budget)), meter(`${percent(budget)} left`, budgetTone(budget), budget)),
    cell("errors and withheld retries", chips(window)));
}

const cell = (head, ...children) => h("span", { role: "cell", class: "cell", "data-head": head }, h("span", { class: "within" }, children));

function chips({ by_error_type: errors, withheld_by_reason: withheld }) {
  const failed = present(errors).map(([word, n]) => h("span", { class: "chip bad" }, `${word} ${number(n)}`));
  const kept = present(withheld).map(([word, n]) => h("span", { class: "chip warn" }, `withheld: ${word} ${number(n)}`));
  const all = [...failed, ...kept];
  return h("span", { class: "chips" }, all.length ? all : h("span", { class: "muted" }, "none"));
}
