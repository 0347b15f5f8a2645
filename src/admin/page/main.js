// Ties the parts of the page together.

import { h, say } from "./elements.js";
import { headline } from "./headline.js";
import { showOverview } from "./overview.js";
import { showUpstreams } from "./upstreams.js";
import { showAnswers } from "./answers.js";
import { CallList } from "./calls.js";
import { Source } from "./source.js";
import { span } from "./words.js";

const at = (id) => document.getElementById(id);
const filters = { verdict: at("verdict"), upstream: at("upstream"), retried: at("retried") };
const list = new CallList({ list: at("calls"), count: at("count"), none: at("none"), scale: at("scale") });
let verdicts = [];

function paths() {
  const window = document.querySelector("input[name=window]:checked").value;
  const query = new URLSearchParams({ limit: "200" });
  const { verdict, upstream, retried } = filters;
  if (verdict.value === "not ok") query.set("verdict", verdicts.filter((word) => word !== "ok").join(","));
  else if (verdict.value) query.set("verdict", verdict.value);
  if (upstream.value) query.set("upstream", upstream.value);
  if (retried.checked) query.set("retried", "true");
  return { overview: `/api/overview?window=${window}`, calls: `/api/calls?${query}` };
}

/** Options that change only when there are others. */
function offer(select, any, words) {
  if (select.options.length === words.length + any.length) return;
  const chosen = select.value;
  const options = [...any, ...words.map((word) => [word, word])];
  select.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
  select.value = chosen;
}

function showIdentity({ ready, version, uptime_seconds: uptime }) {
  const pill = h("span", { class: `pill ${ready ? "ok" : "bad"}` }, ready ? "✓ ready" : "✕ not ready");
  at("identity").replaceChildren(pill, ` v${version} · up ${span(uptime)}`);
}

function told(overview, calls) {
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
  if (calls) list.show(calls);
}

/** Seen in a tab of its own. */
function title(overview) {
  const { tone } = headline(overview);
  return `${tone === "warn" || tone === "bad" ? "● " : ""}Tidegate`;
}

function contact(state, heard) {
  const since = heard ? span(Math.max(1, Math.round((Date.now() - heard) / 1000))) : null;
  at("contact").className = `contact ${state}`;
  say(at("contact"), { live: "live", paused: "paused", lost: "no contact" }[state]);
  document.body.classList.toggle("stale", state === "lost");
  at("banner").hidden = state !== "lost";
  if (state === "lost") {
    say(at("banner"), since ? `No contact for ${since}: what stands below is from before. Trying again.` : "The gateway does not answer. Trying again.");
  }
}

const source = new Source({ paths, told, contact });

at("pause").addEventListener("click", () => {
  source.pause(!source.paused);
  at("pause").setAttribute("aria-pressed", String(source.paused));
  say(at("pause"), source.paused ? "Resume" : "Pause");
});
for (const control of [at("window"), ...Object.values(filters)]) control.addEventListener("change", () => source.now());
source.now();
