// The sentence on top: is it us, the upstreams or the answers, and are callers hurt? Figures in, words out.

import { duration, number, percent, plural, sum } from "./words.js";

const TONES = { idle: "calm", fine: "ok", some_hurt: "warn", hurt: "bad" };

/** Why answers are suspected, with its share. */
const SUSPICIONS = {
  empty: (window) => `${percent(window.empty_share)} found nothing`,
  unusable: (window) => `${percent(window.unusable_share)} can't be used`,
  ungrounded: (window) => `${percent(window.ungrounded_share)} of entities do not stand in the text`,
};

/** What to say of an overview, and in which tone. */
export function headline({ calls: { window: calls }, upstreams, profiles, ready, window_seconds: seconds }) {
  const ill = upstreams.filter(({ state }) => state === "degraded" || state === "failing");
  const suspect = profiles.filter(({ state }) => state === "suspect");
  const said = [callers(calls, seconds)];
  if (ill.length > 0) said.push(`${ill.map(illness).join(", ")}${calls.state === "fine" ? "; retries and the cache make up for it" : ""}.`);
  if (suspect.length > 0) said.push(`Look at the answers: ${suspect.map(suspicion).join("; ")}.`);
  if (!ready) said.push("The gateway is not ready: it takes no new calls.");
  return { tone: tone(calls.state, ill, suspect, ready), text: said.join(" ") };
}

function tone(state, ill, suspect, ready) {
  if (!ready) return "bad";
  const callers = TONES[state];
  const worrying = suspect.length > 0 || (state === "idle" && ill.length > 0);
  return worrying && callers !== "bad" ? "warn" : callers;
}

/** Calls that failed by their caller's own doing are nobody's to serve: they are told, and judged by nobody. */
function callers({ count, rated, failed, state }, seconds) {
  const own = count - rated;
  const but = own === 0 ? "" : `; ${plural(own, "call")} failed by ${own === 1 ? "its" : "their"} caller's own doing`;
  if (count === 0) return `No calls in the last ${duration(seconds)}.`;
  if (rated === 0) return `No call could be served: ${count === 1 ? "the only one" : `all ${number(count)}`} failed by ${count === 1 ? "its" : "their"} caller's own doing.`;
  if (failed === 0) return `Callers are fine: every call ${own === 0 ? "" : "that could be "}was served${but}.`;
  // A share of a few says little.
  const lost = rated < 100 ? `${number(failed)} of ${plural(rated, "call")}` : `${percent(failed / rated)} of calls`;
  const were = failed === 1 && rated < 100 ? "was" : "were";
  if (state === "fine") return `Callers are fine: ${percent(1 - failed / rated)} of calls were served${but}.`;
  return `${state === "hurt" ? "Callers" : "Some callers"} are hurt: ${lost} ${were} not served${but}.`;
}

/** The state is of the last minute, the figures are of the window. */
function illness({ name, state, window: { by_outcome: by, success_share: share } }) {
  const ended = sum(by) - by.cancelled;
  if (ended === 0) return `${name} is ${state}`;
  return `${name} is ${state} (${ended < 100 ? `${number(by.success)} of ${plural(ended, "attempt")} succeeded` : `${percent(share)} of attempts succeed`})`;
}

const suspicion = ({ name, suspicions, window }) => `for ${name} ${suspicions.map((word) => SUSPICIONS[word](window)).join(" and ")}`;
