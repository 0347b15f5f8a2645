// Ties the parts of the page together.

import { h, say } from "./elements.js";
import { headline } from "./headline.js";
import { showOverview } from "./overview.js";
import { showUpstreams } from "./upstreams.js";
import { showAnswers } from "./answers.js";
import { CallList } from "./calls.js";
import { Source } from "./source.js";
import { span } from "./words.js";

/** The most calls that are listed. */
const LISTED_MAX = 200;
/** How many more are listed each time, where the list takes the whole height of a narrow page. */
const LISTED_MORE = 20;

const at = (id) => document.getElementById(id);
const filters = { verdict: at("verdict"), upstream: at("upstream"), retried: at("retried"), empty: at("empty") };
const narrow = matchMedia("(max-width: 640px)");
const list = new CallList({ list: at("calls"), count: at("count"), none: at("none"), scale: at("scale"), more: at("more"), elsewhere: at("recorder") });
let verdicts = [];
let listed = 0;

function listAnew() {
  listed = narrow.matches ? LISTED_MORE : LISTED_MAX;
}

/** What the filters say, as the API understands it. */
function filter() {
  const query = new URLSearchParams();
  const { verdict, upstream, retried, empty } = filters;
  if (verdict.value === "not ok") query.set("verdict", verdicts.filter((word) => word !== "ok").join(","));
  else if (verdict.value) query.set("verdict", verdict.value);
  if (upstream.value) query.set("upstream", upstream.value);
  if (retried.checked) query.set("retried", "true");
  if (empty.checked) query.set("empty", "true");
  return query;
}

function paths() {
  const window = document.querySelector("input[name=window]:checked").value;
  const query = filter();
  query.set("limit", listed);
  return { overview: `/api/overview?window=${window}`, calls: `/api/calls?${query}` };
}

/** Options that change only when there are others. */
function offer(select, any, words) {
  const offered = [...any, ...words.map((word) => [word, word])];
  const values = offered.map(([value]) => value);
  if (select.options.length === values.length && values.every((value, place) => select.options[place].value === value)) return;
  const chosen = select.value;
  select.replaceChildren(...offered.map(([value, text]) => h("option", { value }, text)));
  select.value = values.includes(chosen) ? chosen : "";
}

function showIdentity({ ready, version, uptime_seconds: uptime }) {
  const pill = h("span", { class: `pill ${ready ? "ok" : "bad"}` }, ready ? "✓ ready" : "✕ not ready");
  at("identity").replaceChildren(pill, ` v${version} · up ${span(uptime)}`);
}

function told(overview, calls, asked) {
  if (overview) {
    verdicts = Object.keys(overview.calls.since_start.by_verdict);
    offer(filters.verdict, [["", "any"], ["not ok", "not ok"]], verdicts);
    offer(filters.upstream, [["", "any"]], overview.upstreams.map((upstream) => upstream.name));
    showIdentity(overview);
    showOverview(overview);
    showUpstreams(at("upstreams"), overview);
    showAnswers(at("answers"), overview);
    document.title = title(overview);
  }
  if (calls) list.show(calls, asked.replace(/limit=\d+/, ""), LISTED_MAX);
}

/** Seen in a tab of its own. */
function title(overview) {
  const { tone } = headline(overview);
  return `${tone === "warn" || tone === "bad" ? "● " : ""}Tidegate`;
}

/** Another gateway may be there, which does not know what the filters name. */
function refused(problem) {
  [filters.verdict.value, filters.upstream.value, filters.retried.checked, filters.empty.checked] = ["", "", false, false];
  notice(`The filter was reset, because the gateway does not know it: ${problem}.`);
}

function notice(text) {
  say(at("notice"), text);
  at("notice").hidden = text === "";
}

function contact(state, { trouble, heard }) {
  at("contact").className = `contact ${state}`;
  say(at("contact"), { live: "live", paused: "paused", lost: "no contact" }[state]);
  document.body.classList.toggle("stale", trouble.overview === "silent");
  at("banner").hidden = trouble.overview == null;
  say(at("banner"), alarm(trouble.overview, heard));
  at("behind").hidden = trouble.calls == null;
  say(at("behind"), trouble.calls == null ? "" : behind(trouble.calls));
}

function alarm(trouble, heard) {
  if (trouble == null) return "";
  if (trouble !== "silent") return `The gateway does not tell its figures: ${trouble}. Trying again.`;
  if (!heard) return "The gateway does not answer. Trying again.";
  return `No contact for ${span(Math.max(1, Math.round((Date.now() - heard) / 1000)))}: what stands below is from before. Trying again.`;
}

const behind = (trouble) =>
  `These calls are from before, whatever the filter says: ${trouble === "silent" ? "the gateway does not answer" : trouble}.`;

const source = new Source({ paths, told, refused, contact });

function ask() {
  listAnew();
  notice("");
  source.now();
}

at("pause").addEventListener("click", () => {
  source.pause(!source.paused);
  at("pause").setAttribute("aria-pressed", String(source.paused));
  say(at("pause"), source.paused ? "Resume" : "Pause");
});
at("more").addEventListener("click", () => {
  listed = Math.min(LISTED_MAX, listed + LISTED_MORE);
  source.now();
});
at("window").addEventListener("change", () => source.now());
for (const control of Object.values(filters)) control.addEventListener("change", ask);
narrow.addEventListener("change", ask);
ask();
