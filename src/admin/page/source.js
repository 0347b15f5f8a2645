// Asks the API again and again, and says when it gets no answer.

const EVERY_MS = 1000;
const AGAIN_MS = 2000;
const ANSWER_WITHIN_MS = 5000;

/** Asks, and tells what came of it: facts, none that are new, a refusal, or silence. Never throws. */
async function ask(path, edition) {
  try {
    const headers = edition ? { "If-None-Match": edition } : {};
    const response = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (response.status === 304) return { path, edition };
    if (!response.ok) return { path, refusal: { status: response.status, problem: await problem(response) } };
    return { path, edition: response.headers.get("etag"), facts: await response.json() };
  } catch {
    return { path, silent: true };
  }
}

async function problem(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error;
  } catch {
    return `it answers ${response.status}`;
  }
}

/** One kind of facts, which are asked for only if they have changed. */
class Resource {
  #path = null;
  #edition = null;
  #misses = 0;
  heard = null;
  refusal = null;

  ask(path) {
    return ask(path, path === this.#path ? this.#edition : null);
  }

  /** Takes note of an answer, and gives its facts. */
  take({ path, edition, facts = null, refusal = null, silent = false }) {
    this.#misses = silent ? this.#misses + 1 : 0;
    this.refusal = refusal;
    if (!silent && !refusal) [this.#path, this.#edition, this.heard] = [path, edition, Date.now()];
    return facts;
  }

  /** Whether what is shown is the answer to another question. */
  owes(path) {
    return path !== this.#path;
  }

  /** A single miss may be a connection that had come of age; who waits for this very answer is told at once. */
  silent(path) {
    return this.#misses > (this.owes(path) && this.heard ? 0 : 1);
  }
}

/**
 * Follows the gateway. `paths` tells what to ask; `told` takes the answers; `refused` a question that the gateway does
 * not understand, to change it; `contact` how it goes.
 */
export class Source {
  #overview = new Resource();
  #calls = new Resource();
  #paths;
  #told;
  #refused;
  #contact;
  #timer = null;
  #turn = 0;
  #paused = false;

  constructor({ paths, told, refused, contact }) {
    [this.#paths, this.#told, this.#refused, this.#contact] = [paths, told, refused, contact];
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.#resume()));
  }

  get paused() {
    return this.#paused;
  }

  pause(paused) {
    this.#paused = paused;
    if (!paused) return this.now();
    // An answer that is owed still comes.
    if (!this.#owes()) this.#rest();
    this.#report();
  }

  /** Asks now, whatever was planned. While paused, until it is answered. */
  async now() {
    this.#rest();
    const turn = this.#turn;
    const paths = this.#paths();
    const [overview, calls] = await Promise.all([this.#overview.ask(paths.overview), this.#calls.ask(paths.calls)]);
    // A question that came later has its own answer.
    if (turn !== this.#turn) return;
    try {
      this.#told(this.#overview.take(overview), this.#calls.take(calls), paths.calls);
      if (calls.refusal?.status === 400) this.#refused(calls.refusal.problem);
    } finally {
      this.#report();
      if (calls.refusal && this.#paths().calls !== paths.calls) this.now();
      else this.#plan();
    }
  }

  #plan() {
    if (document.hidden || (this.#paused && !this.#owes())) return;
    const silent = this.#trouble().overview === "silent";
    this.#timer = setTimeout(() => this.now(), silent || this.#paused ? AGAIN_MS : EVERY_MS);
  }

  #resume() {
    if (!this.#paused || this.#owes()) this.now();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  /** Whether somebody has changed what to show, and does not see it yet. */
  #owes() {
    const paths = this.#paths();
    return this.#overview.owes(paths.overview) || this.#calls.owes(paths.calls);
  }

  /** What is the matter with each kind of facts: nothing, "silent", or a problem in words. */
  #trouble() {
    const paths = this.#paths();
    const of = (resource, path) => (resource.silent(path) ? "silent" : resource.refusal?.problem ?? null);
    return { overview: of(this.#overview, paths.overview), calls: of(this.#calls, paths.calls) };
  }

  #report() {
    const trouble = this.#trouble();
    const state = this.#paused ? "paused" : trouble.overview === "silent" ? "lost" : "live";
    this.#contact(state, { trouble, heard: this.#overview.heard });
  }
}
