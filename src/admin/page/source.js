// Asks the API again and again, and says when it gets no answer.

const EVERY_MS = 1000;
const AGAIN_MS = 2000;
const ANSWER_WITHIN_MS = 5000;

/** One address whose answer is asked for only if it has changed. */
class Resource {
  #path = null;
  #edition = null;

  /** The answer, or null if it is the one from before. */
  async ask(path) {
    const headers = this.#path === path && this.#edition ? { "If-None-Match": this.#edition } : {};
    const response = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (response.status === 304) return null;
    if (!response.ok) throw new Error(`${path} answers ${response.status}`);
    const facts = await response.json();
    [this.#path, this.#edition] = [path, response.headers.get("etag")];
    return facts;
  }
}

/** Follows the gateway. `paths` tells what to ask; `told` takes the answers; `contact` how it goes. */
export class Source {
  #overview = new Resource();
  #calls = new Resource();
  #paths;
  #told;
  #contact;
  #timer = null;
  #turn = 0;
  #misses = 0;
  #heard = null;
  #paused = false;

  constructor({ paths, told, contact }) {
    this.#paths = paths;
    this.#told = told;
    this.#contact = contact;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.now()));
  }

  get paused() {
    return this.#paused;
  }

  pause(paused) {
    this.#paused = paused;
    if (paused) {
      this.#rest();
      this.#contact("paused", this.#heard);
    } else {
      this.now();
    }
  }

  /** Asks now, whatever was planned. While paused, once. */
  async now() {
    this.#rest();
    const turn = this.#turn;
    try {
      const paths = this.#paths();
      const [overview, calls] = await Promise.all([this.#overview.ask(paths.overview), this.#calls.ask(paths.calls)]);
      // A question that came later has its own answer.
      if (turn !== this.#turn) return;
      [this.#misses, this.#heard] = [0, Date.now()];
      this.#told(overview, calls, paths.calls);
    } catch {
      if (turn !== this.#turn) return;
      this.#misses += 1;
    }
    // A single miss may be a connection that had come of age.
    const lost = this.#misses > 1;
    this.#contact(this.#paused ? "paused" : lost ? "lost" : "live", this.#heard);
    if (!this.#paused && !document.hidden) this.#timer = setTimeout(() => this.now(), lost ? AGAIN_MS : EVERY_MS);
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }
}
