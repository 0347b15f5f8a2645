// One call of the list: a button that opens to its waterfall.

import { h, say } from "./elements.js";
import { details, strip, tried } from "./waterfall.js";
import { duration, number, plural, sign, time, verdictTone } from "./words.js";

/** A line stays what it is while others come and go, so that focus and openness last. */
export class Line {
  #strip = h("span", { class: "strip" });
  #body;
  #past = h("p", { class: "past", hidden: true });
  #seconds;

  constructor(call, seconds) {
    const id = `call-${call.number}`;
    this.call = call;
    this.button = h("button", { type: "button", class: "call", "aria-expanded": "false", "aria-controls": id, tabindex: "-1" }, ...cells(call), this.#strip);
    this.#body = h("div", { id, class: "details", hidden: true });
    this.item = h("li", { "data-verdict": call.verdict }, this.button, this.#past, this.#body);
    this.button.addEventListener("click", () => this.#turn());
    this.#draw(seconds);
  }

  /** Whether somebody reads it: it must not vanish. */
  get held() {
    return this.open || this.item.contains(document.activeElement);
  }

  get open() {
    return this.button.getAttribute("aria-expanded") === "true";
  }

  /** Takes what is known now: an attempt may end after its call did. */
  learn(call) {
    if (unended(call) === unended(this.call)) return;
    this.call = call;
    this.#draw(this.#seconds);
    if (this.#body.firstChild) this.#body.replaceChildren(...details(call));
  }

  scale(seconds) {
    if (seconds !== this.#seconds) this.#draw(seconds);
  }

  /** Says why it is not in the list any more and is shown all the same; nothing, if it is in the list. */
  past(why) {
    say(this.#past, why ?? "");
    this.#past.hidden = why == null;
    this.#name();
  }

  #turn() {
    const open = !this.open;
    this.button.setAttribute("aria-expanded", String(open));
    this.#body.hidden = !open;
    if (open && !this.#body.firstChild) this.#body.append(...details(this.call));
  }

  #draw(seconds) {
    this.#seconds = seconds;
    this.#strip.replaceChildren(strip(this.call, seconds));
    this.#name();
  }

  #name() {
    const name = [...inWords(this.call), this.#past.textContent].filter(Boolean).join(", ");
    if (this.button.getAttribute("aria-label") !== name) this.button.setAttribute("aria-label", name);
  }
}

const unended = (call) => call.attempts.filter((attempt) => attempt.outcome == null).length;

const ended = (call) => time(call.received_unix_seconds + call.elapsed_seconds);

function cells(call) {
  const tone = verdictTone(call.verdict);
  const cached = call.joined ? "joined" : call.cache;
  return [
    h("span", { class: "when" }, ended(call)),
    h("span", { class: `mark verdict ${tone}` }, `${sign(tone)} ${call.verdict}`, call.brought?.empty ? h("small", { class: "mark warn" }, " ! empty") : null),
    h("span", { class: "profile" }, call.profile ?? "–"),
    h("span", { class: "cache" }, cached ?? "–"),
    h("span", { class: "asked" }, call.upstream ?? "–"),
    h("span", { class: "right tries" }, call.attempts.length === 0 ? "–" : number(call.attempts.length)),
    h("span", { class: "right took" }, duration(call.elapsed_seconds)),
  ];
}

const CACHED = { hit: "answered from the cache", stale: "answered with an expired answer", miss: "not in the cache", bypass: "cache not read" };

/** The line for those who do not see its columns: what there is, each with its name. */
function inWords(call) {
  return [
    `ended ${ended(call)}`,
    `verdict ${call.verdict}`,
    call.brought?.empty && "the answer is empty",
    call.profile && `profile ${call.profile}`,
    call.joined ? "joined a flight" : CACHED[call.cache],
    call.upstream && `upstream ${call.upstream}`,
    `latency ${duration(call.elapsed_seconds)}`,
    call.attempts.length === 0 ? "no attempt" : `${plural(call.attempts.length, "attempt")}: ${tried(call)}`,
  ];
}
