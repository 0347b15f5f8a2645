// The flight recorder's list: a line for each call.

import { h, say } from "./elements.js";
import { Line } from "./line.js";
import { duration, number, plural } from "./words.js";

/** The calls that are shown. Tab leads to one line of the list, arrows lead from line to line. */
export class CallList {
  #list;
  #count;
  #none;
  #scale;
  #more;
  #elsewhere;
  #lines = new Map();
  #process = null;
  #filter = null;
  #seconds = 0;

  constructor({ list, count, none, scale, more, elsewhere }) {
    [this.#list, this.#count, this.#none, this.#scale, this.#more, this.#elsewhere] = [list, count, none, scale, more, elsewhere];
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("focusin", ({ target }) => this.#enter(target.closest("li")?.querySelector("button.call")));
    list.addEventListener("focusout", ({ relatedTarget }) => list.contains(relatedTarget) || this.#enter(this.#buttons()[0]));
  }

  /** `filter` tells whose answer `facts` are; of its calls, `most` can be listed. */
  show(facts, filter, most) {
    const { calls } = facts;
    say(this.#count, calls.length < facts.matching
      ? `the latest ${number(calls.length)} of ${number(facts.matching)} that match, of ${plural(facts.kept, "call")} kept`
      : `${number(facts.matching)} of ${plural(facts.kept, "call")} kept`);
    this.#none.hidden = calls.length > 0;
    say(this.#none, none(facts));
    this.#more.hidden = calls.length >= Math.min(facts.matching, most);
    this.#rescale(calls);
    const before = this.#buttons();
    const here = before.findIndex((button) => button.parentElement.contains(document.activeElement));
    this.#drop(facts, filter);
    this.#place(calls);
    if (here >= 0 && !before[here].isConnected) this.#refocus(before, here);
    if (!this.#list.contains(document.activeElement)) this.#enter(this.#buttons()[0]);
  }

  /**
   * Removes what is not told of any more, but for lines that somebody reads: those stay until they are closed and left.
   * With another filter or another process, which numbers its calls anew, none may stay.
   */
  #drop({ calls, process, seen, kept }, filter) {
    const same = process === this.#process && filter === this.#filter;
    const anew = process !== this.#process;
    [this.#process, this.#filter] = [process, filter];
    const told = new Set(calls.map((call) => call.number));
    for (const [number, line] of this.#lines) {
      if (!anew && told.has(number)) continue;
      if (same && line.held) {
        line.past(number <= seen - kept ? "No longer kept: it stays here while it is open or has the focus." : "Older than the calls that are listed: it stays here while it is open or has the focus.");
      } else {
        line.item.remove();
        this.#lines.delete(number);
      }
    }
  }

  /** Puts every line where it belongs, the latest call first, and moves none that stands there already. */
  #place(calls) {
    for (const call of calls) {
      const line = this.#lines.get(call.number);
      if (!line) this.#lines.set(call.number, new Line(call, this.#seconds));
      else {
        line.learn(call);
        line.past(null);
      }
    }
    let before = this.#list.firstElementChild;
    for (const { item } of [...this.#lines.values()].sort((a, b) => b.call.number - a.call.number)) {
      if (item === before) before = before.nextElementSibling;
      else this.#list.insertBefore(item, before);
    }
  }

  /** Focus goes to the nearest line that is left, or else to the whole recorder; never to nowhere. */
  #refocus(before, here) {
    const near = [...before.slice(here), ...before.slice(0, here).reverse()].find((button) => button.isConnected);
    (near ?? this.#buttons()[0] ?? this.#elsewhere).focus();
  }

  /** One scale for all lines, so that they can be compared: that of calls that asked somebody. It moves in round steps. */
  #rescale(calls) {
    const asked = calls.filter((call) => call.attempts.length > 0);
    const lengths = (asked.length ? asked : calls).map((call) => call.elapsed_seconds).sort((a, b) => a - b);
    const most = lengths[Math.floor(lengths.length * 0.9)] ?? 1;
    const seconds = round(Math.min(lengths.at(-1) ?? 1, most * 2));
    if (seconds === this.#seconds) return;
    this.#seconds = seconds;
    this.#scale.replaceChildren(h("span", {}, "0"), h("span", {}, duration(seconds)));
    for (const line of this.#lines.values()) line.scale(seconds);
  }

  #buttons() {
    return [...this.#list.querySelectorAll("button.call")];
  }

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
