// The sentence on top: is it us, the upstreams or the answers, and are callers hurt? Figures in, words out.

import { ago, duration, number, percent, plural, slowness, sum } from "./words.js";

/** From this share of the calls that could have been served on, callers that gave up waiting are a warning. */
const GAVE_UP_SHARE = 0.1;

/** So many callers must give up at least for that: one among a few leaves for reasons of its own. */
const GAVE_UP_MIN = 2;

const TONES = { idle: "calm", fine: "ok", some_hurt: "warn", hurt: "bad" };

/** Why answers are suspected, with its share. */
const SUSPICIONS = {
  empty: (window) => `${percent(window.empty_share)} found nothing`,
  unusable: (window) => `${percent(window.unusable_share)} can't be used`,
  ungrounded: (window) => `${percent(window.ungrounded_share)} of entities do not stand in the text`,
};

/** What to say of an overview, and in which tone. */
export function headline({ calls: { running, window }, upstreams, profiles, ready, window_seconds: seconds }) {
  const calls = judged(window);
  const ill = upstreams.filter(({ state }) => state === "degraded" || state === "failing");
  const slow = upstreams.filter(({ state }) => state === "slow");
  const late = profiles.filter(({ state }) => state === "slow");
  const suspect = profiles.filter(({ state }) => state === "suspect");
  const said = [callers(calls, running, seconds)];
  if (ill.length > 0) said.push(`${ill.map(illness).join(", ")}${calls.state === "fine" && !calls.left ? "; retries and the cache make up for it" : ""}.`);
  if (slow.length > 0) said.push(`${slow.map(slowUpstream).join(", ")}.`);
  if (late.length > 0) said.push(`Calls take long: ${late.map((profile) => `for ${profile.name} ${slowness(profile)}`).join("; ")}.`);
  if (suspect.length > 0) said.push(`Look at the answers: ${suspect.map(suspicion).join("; ")}.`);
  if (!ready) said.push("The gateway is not ready: it takes no new calls.");
  return { tone: tone(calls, ill, [...slow, ...late, ...suspect], ready), text: said.join(" ") };
}

/** Tells callers that gave up waiting from those whose calls failed by their own doing: neither are rated. */
function judged({ count, rated, failed, state, by_verdict: by, recovered_seconds_ago: recovered }) {
  const gone = by.cancelled;
  const left = gone >= GAVE_UP_MIN && gone >= GAVE_UP_SHARE * (rated + gone);
  return { count, rated, failed, state, gone, left, own: count - rated - gone, recovered };
}

function tone({ state, left }, ill, odd, ready) {
  if (!ready) return "bad";
  const callers = TONES[state];
  const worrying = left || odd.length > 0 || (state === "idle" && ill.length > 0);
  return worrying && callers !== "bad" ? "warn" : callers;
}

/** Calls that failed by their caller's own doing are nobody's to serve: they are told, and judged by nobody. */
function callers(calls, running, seconds) {
  const { count, rated, failed, state, gone, left, recovered } = calls;
  if (count === 0 && running === 0) return `No calls in the last ${duration(seconds)}.`;
  if (count === 0) return `${waiting(running)}, and none has ended in the last ${duration(seconds)}.`;
  if (rated === 0) return unserved(calls, running);
  const but = besides(calls).map((also) => `; ${also}`).join("");
  const fine = left ? "Callers give up" : "Callers are fine";
  if (failed === 0) return `${fine}: every call ${servable(calls)}was served${but}.`;
  if (state === "fine") return `${fine}: ${percent(1 - failed / rated)} of calls ${gone === 0 ? "" : "that were waited for "}were served${but}.`;
  // A share of a few says little.
  const lost = rated < 100 ? `${number(failed)} of ${plural(rated, "call")}` : `${percent(failed / rated)} of calls`;
  const were = failed === 1 && rated < 100 ? "was" : "were";
  return `${state === "hurt" ? "Callers" : "Some callers"} are hurt: ${lost} ${were} not served${but}${recovered == null ? "" : `; they recovered ${ago(recovered)} ago`}.`;
}

/** No call that ended could be judged; those that run may yet be served. */
function unserved({ count, gone, own }, running) {
  const more = running === 0 ? "" : `; ${waiting(running)}`;
  if (gone > 0) return `No call was served: ${besides({ gone, own }).join("; ")}${more}.`;
  return `No call could be served: ${count === 1 ? "the only one" : `all ${number(count)}`} failed by ${count === 1 ? "its" : "their"} caller's own doing${more}.`;
}

function besides({ gone, own }) {
  const said = [];
  if (gone > 0) said.push(`${plural(gone, "caller")} gave up waiting`);
  if (own > 0) said.push(`${plural(own, "call")} failed by ${own === 1 ? "its" : "their"} caller's own doing`);
  return said;
}

/** Which calls "every call" is, if not all. */
function servable({ gone, own }) {
  const which = [gone > 0 && "was waited for", own > 0 && "could be"].filter(Boolean);
  return which.length === 0 ? "" : `that ${which.join(" and ")} `;
}

const waiting = (running) => `${plural(running, "call")} ${running === 1 ? "is" : "are"} waiting`;

function illness({ name, state, window: { by_outcome: by, success_share: share }, recovered_seconds_ago: recovered }) {
  const ended = sum(by) - by.cancelled;
  const attempts = ended < 100 ? `${number(by.success)} of ${plural(ended, "attempt")} succeeded` : `${percent(share)} of attempts succeed`;
  return `${name} is ${state}${ended === 0 ? "" : ` (${attempts})`}${over(recovered)}`;
}

const suspicion = ({ name, suspicions, window, recovered_seconds_ago: recovered }) =>
  `for ${name} ${suspicions.map((word) => SUSPICIONS[word](window)).join(" and ")}${over(recovered)}`;

const slowUpstream = (upstream) => `${upstream.name} is slow (${slowness(upstream)})${over(upstream.recovered_seconds_ago)}`;

/** The state is of the window, in which the fault may be over. */
const over = (recovered) => (recovered == null ? "" : `, and recovered ${ago(recovered)} ago`);
