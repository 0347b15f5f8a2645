// The flight recorder's list: a line for each call, which opens to its waterfall.

import { h, say } from "./elements.js";
import { details, strip } from "./waterfall.js";
import { duration, number, plural, sign, time, verdictTone } from "./words.js";

/** The calls that are shown. Lines stay what they are while others come, so that focus and openness last. */
export class CallList {
  #list;
  #count;
  #none;
  #scale;
  #lines = new Map();
  #process = null;
  #seconds = 0;

  constructor({ list, count, none, scale }) {
    [this.#list, this.#count, this.#none, this.#scale] = [list, count, none, scale];
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  show(facts) {
    const { calls } = facts;
    this.#belong(facts.process);
    say(this.#count, calls.length < facts.matching
      ? `the latest ${number(calls.length)} of ${number(facts.matching)} that match, of ${plural(facts.kept, "call")} kept`
      : `${number(facts.matching)} of ${plural(facts.kept, "call")} kept`);
    this.#none.hidden = calls.length > 0;
    say(this.#none, none(facts));
    this.#rescale(calls);
    this.#settle(calls);
  }

  /** Another process numbers its calls anew: no line may stay for the number's sake. */
  #belong(process) {
    if (process === this.#process) return;
    this.#process = process;
    this.#lines.clear();
    this.#list.replaceChildren();
  }

  #settle(calls) {
    const wanted = new Set(calls.map((call) => call.number));
    for (const [number, line] of this.#lines) {
      if (!wanted.has(number)) {
        line.item.remove();
        this.#lines.delete(number);
      }
    }
    let before = this.#list.firstElementChild;
    for (const call of calls) {
      const line = this.#lines.get(call.number) ?? this.#make(call);
      if (line.item === before) before = before.nextElementSibling;
      else this.#list.insertBefore(line.item, before);
    }
    const buttons = this.#buttons();
    if (!buttons.some((button) => button.tabIndex === 0) && buttons.length) buttons[0].tabIndex = 0;
  }

  #make(call) {
    const strips = h("span", { class: "strip" }, strip(call, this.#seconds));
    const id = `call-${call.number}`;
    const button = h("button", { type: "button", class: "call", "aria-expanded": "false", "aria-controls": id, tabindex: "-1" }, ...cells(call), strips);
    const body = h("div", { id, class: "details", hidden: true });
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!open));
      body.hidden = open;
      if (!open && !body.firstChild) body.append(...details(call));
      this.#enter(button);
    });
    button.addEventListener("focus", () => this.#enter(button));
    const line = { call, strips, item: h("li", { "data-verdict": call.verdict }, button, body) };
    this.#lines.set(call.number, line);
    return line;
  }

  /** One scale for all lines, so that they can be compared. It moves in round steps, and seldom. */
  #rescale(calls) {
    const lengths = calls.map((call) => call.elapsed_seconds).sort((a, b) => a - b);
    const most = lengths[Math.floor(lengths.length * 0.9)] ?? 1;
    const seconds = round(Math.min(lengths.at(-1) ?? 1, most * 2));
    if (seconds === this.#seconds) return;
    this.#seconds = seconds;
    this.#scale.replaceChildren(h("span", {}, "0"), h("span", {}, duration(seconds)));
    for (const { call, strips } of this.#lines.values()) strips.replaceChildren(strip(call, seconds));
  }

  #buttons() {
    return [...this.#list.querySelectorAll("button.call")];
  }

  /** Tab leads to one line of the list; arrows lead from line to line. */
  #enter(button) {
    for (const other of this.#buttons()) other.tabIndex = other === button ? 0 : -1;
  }

  #key(event) {
    const buttons = this.#buttons();
    const here = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (here < 0 || to == null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    buttons[Math.min(buttons.length - 1, Math.max(0, to))].focus();
  }
}

function cells(call) {
  const tone = verdictTone(call.verdict);
  const cached = call.joined ? "joined" : call.cache;
  return [
    h("span", { class: "when" }, time(call.received_unix_seconds + call.elapsed_seconds)),
    h("span", { class: `mark verdict ${tone}` }, `${sign(tone)} ${call.verdict}`),
    h("span", { class: "profile" }, call.profile ?? "–"),
    h("span", { class: "cache" }, cached ?? "–"),
    h("span", { class: "asked" }, call.upstream ?? "–"),
    h("span", { class: "right tries" }, call.attempts.length === 0 ? "–" : number(call.attempts.length)),
    h("span", { class: "right took" }, duration(call.elapsed_seconds)),
  ];
}

function none({ capacity, kept, seen }) {
  if (capacity === 0) return "No calls are kept: admin.recorder_calls is 0.";
  if (kept > 0) return "No call matches.";
  return seen === 0 ? "No calls yet. They appear here as they end." : "No calls are kept.";
}

/** The next of 1, 1.5, 2, 3, 5, 7.5, 10, … */
function round(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-4)));
  return [1, 1.5, 2, 3, 5, 7.5, 10].find((step) => step * power >= value * 0.999) * power;
}
