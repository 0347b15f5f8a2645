// How numbers are written (a unit never parts from its number: \u00a0), and what tone each word has. A tone is a colour and a sign, never a colour alone.

const SIGNS = { ok: "✓", warn: "!", bad: "✕", calm: "·" };

const VERDICTS = {
  ok: "ok",
  invalid: "calm",
  unauthenticated: "calm",
  not_cached: "calm",
  cancelled: "calm",
  unimplemented: "calm",
  refused: "calm",
  saturated: "warn",
  draining: "warn",
  rate_limited: "warn",
  deadline_exceeded: "warn",
};

/** Of callers, upstreams and answers alike. */
const STATES = {
  healthy: "ok", slow: "warn", degraded: "warn", failing: "bad", waiting: "calm", idle: "calm",
  fine: "ok", some_hurt: "warn", hurt: "bad", suspect: "warn",
};

/** Why a retry was withheld, in a sentence. */
export const WITHHELD = {
  max_attempts: "all attempts were used",
  budget: "the purse for extra attempts is empty",
  deadline: "the wait and a useful attempt do not fit the deadline",
  breaker: "the breaker is not closed",
  limiter: "no place at the upstream in time",
  pushback_too_long: "the upstream asked for a longer wait than is allowed",
  orphaned: "nobody waited for the answer any more",
  ambiguous: "the upstream may have done the work, and must not do it twice",
  slow_failure: "the attempt failed too slowly for another to make sense",
};

/** The same of a repair, where it means something else. */
export const UNREPAIRED = { budget: "the tenant's purse for repairs is empty" };

export const verdictTone = (verdict) => VERDICTS[verdict] ?? "bad";
export const stateTone = (state) => STATES[state] ?? "calm";
export const sign = (tone) => SIGNS[tone];

const grouped = new Intl.NumberFormat("en-GB");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const number = (value) => grouped.format(value);
export const time = (unixSeconds) => clock.format(new Date(unixSeconds * 1000));

/** Three figures that mean something. */
function figures(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(2).replace(/\.?0+$/, "");
}

/** Seconds with the unit that suits them. */
export function duration(seconds) {
  if (seconds == null) return "–";
  if (seconds === 0) return "0\u00a0ms";
  if (seconds < 0.001) return `${Math.max(1, Math.round(seconds * 1e6))}\u00a0µs`;
  if (seconds < 0.9995) return `${figures(seconds * 1e3)}\u00a0ms`;
  if (seconds < 120) return `${figures(seconds)}\u00a0s`;
  return span(seconds);
}

/** A long time, in its two largest units. */
export function span(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, length]) => seconds >= length);
  if (first < 0) return "0\u00a0s";
  const [[unit, length], next] = [units[first], units[first + 1]];
  const more = next ? Math.floor((seconds % length) / next[1]) : 0;
  return `${Math.floor(seconds / length)}\u00a0${unit}${more ? ` ${more}\u00a0${next[0]}` : ""}`;
}

/** How long ago, in whole seconds. */
export const ago = (seconds) => span(Math.max(1, Math.round(seconds)));

/** How long answers take, beside what they normally do. */
export const slowness = ({ typical_seconds: typical, norm_seconds: norm }) => `${duration(typical)}, normally ${duration(norm)}`;

/** A share from 0 to 1 as a percentage, never rounded up to 100 or down to 0. */
export function percent(share) {
  if (share == null) return "–";
  const value = share * 100;
  if (value > 0 && value < 0.1) return "<\u00a00.1\u00a0%";
  if (value > 99.9 && value < 100) return ">\u00a099.9\u00a0%";
  return `${value >= 10 && value < 99 ? value.toFixed(1).replace(/\.0$/, "") : figures(Math.round(value * 10) / 10)}\u00a0%`;
}

export function rate(perSecond) {
  return perSecond >= 100 ? number(Math.round(perSecond)) : figures(perSecond);
}

export function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = count < 1 ? 0 : Math.min(3, Math.floor(Math.log2(count) / 10));
  return `${figures(count / 1024 ** power)} ${units[power]}`;
}

/** The counts of a `by_…` object that are not zero, the greatest first. */
export const present = (counts) => Object.entries(counts).filter(([, n]) => n > 0).sort(([, a], [, b]) => b - a);

/** All counts of a `by_…` object together. */
export const sum = (counts) => Object.values(counts).reduce((all, n) => all + n, 0);

/** One thing, or several. */
export const plural = (n, word, words = `${word}s`) => `${number(n)} ${n === 1 ? word : words}`;
